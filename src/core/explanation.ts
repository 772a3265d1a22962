// The result of `explain` for a token: one step for each check of the corridor, in its order.
import type { Failure } from './failure.js';

/** Values that a check reads, or that the configuration requires. Never the token. */
export type Values = Readonly<Record<string, unknown>>;

export interface ExplanationStep {
  readonly name: string;
  readonly state: 'pass' | 'fail' | 'not reached';
  /**
   * Why the step failed. For a step that was not reached: the failure that the unverified claims
   * would cause. Otherwise null.
   */
  readonly failure: Failure | null;
  /** True if the step was not reached, and the unverified claims would pass it. */
  readonly wouldPass: boolean;
  readonly observed: Values;
  readonly expected: Values;
}

export interface Explanation {
  readonly steps: readonly ExplanationStep[];
  /** Null if the token would pass. */
  readonly failure: Failure | null;
}

/** A fix for a rejected token: words for the operator, and a change of the configuration. */
export interface ExplanationFix {
  readonly words: string;
  /** The trust that the change adds. */
  readonly warning: string | null;
  /** A part of the configuration with the names of the file. Null: no change can fix it. */
  readonly change: Readonly<Record<string, unknown>> | null;
}

export interface ExplanationWithStatus extends Explanation {
  /** True: the credential is an API key. False: it is a token, or the gateway cannot read it. */
  readonly isKey: boolean;
  /** HTTP status of the rejection. Null if the token would pass. */
  readonly status: number | null;
  readonly fix: ExplanationFix | null;
}
