// The types of a check and of its result. A check is one entry in a table; run-checks.ts runs the
// tables.
import type { ProxyFix } from './fronts.js';
import type { Inspection } from './inspection.js';

/**
 * `fail`: a known client cannot work. `warn`: the server does not follow a recommendation.
 * `skipped`: there was nothing to test.
 */
export type CheckResult = 'ok' | 'warn' | 'fail' | 'skipped';

export interface Observation {
  readonly result: CheckResult;
  /** A statement in a few words; it may quote the server. */
  readonly observed: string;
  /** Replaces the fix of the table. */
  readonly fix?: string;
  /** The setting of each proxy that the fix speaks of, one line each. */
  readonly settings?: readonly string[];
}

export interface Check {
  readonly name: string;
  readonly expected: string;
  readonly fix: string;
  /** The ids of the requirements, or the section of a standard. */
  readonly requirement: string;
  readonly probe: (inspection: Inspection) => Promise<Observation> | Observation;
}

/** A check with its result. */
export interface Finding extends Observation {
  readonly check: Check;
}

type Fix = string | ProxyFix | undefined;

const withFix = (fix: Fix): Partial<ProxyFix> => (typeof fix === 'string' ? { fix } : { ...fix });

export const ok = (observed: string): Observation => ({ result: 'ok', observed });
export const skipped = (observed: string): Observation => ({ result: 'skipped', observed });
export const warn = (observed: string, fix?: Fix): Observation => ({
  result: 'warn',
  observed,
  ...withFix(fix),
});
export const fail = (observed: string, fix?: Fix): Observation => ({
  result: 'fail',
  observed,
  ...withFix(fix),
});

/**
 * The fix if the server names another origin than the URL. The most likely cause is a URL that is
 * not the public one.
 */
export const otherOrigin = (fix: string): string =>
  'run the doctor on the public URL, the one that clients use: a replica, or a server behind a ' +
  `proxy, has another origin. If this is the public URL, ${fix}`;
