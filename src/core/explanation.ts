// Decides the shape of what `explain` tells of a token: one step for each check that the corridor makes of it, in order.
import type { Failure } from './failure.js';

/** Values that a check reads, and those that the configuration wants. Never the token. */
export type Values = Readonly<Record<string, unknown>>;

export interface ExplanationStep {
  readonly name: string;
  readonly state: 'pass' | 'fail' | 'not reached';
  /** Of a step that failed, why. Of one that was not reached, what the claims that nobody verified would bring it. Else null. */
  readonly failure: Failure | null;
  /** True for a step that was not reached and that the unverified claims would pass. */
  readonly wouldPass: boolean;
  readonly observed: Values;
  readonly expected: Values;
}

export interface Explanation {
  readonly steps: readonly ExplanationStep[];
  /** Null where the token would pass. */
  readonly failure: Failure | null;
}

export interface ExplanationWithStatus extends Explanation {
  /** HTTP status of the refusal; null where the token would pass. */
  readonly status: number | null;
}
