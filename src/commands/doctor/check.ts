// Decides the shape of one check of the doctor and of what it found. A check is an entry in a table; examine.ts runs the tables.
import type { Look } from './look.js';

/** `fail`: a known client cannot work. `warn`: a recommendation is not kept. `skipped`: there was nothing to judge. */
export type Verdict = 'ok' | 'warn' | 'fail' | 'skipped';

export interface Seen {
  readonly verdict: Verdict;
  /** What was seen, in a few words; may quote the server. */
  readonly saw: string;
  /** Where the mend of the table does not fit. */
  readonly mend?: string;
}

export interface Check {
  readonly name: string;
  readonly wants: string;
  readonly mend: string;
  /** Ids of the requirements behind it. */
  readonly requirement: string;
  readonly look: (look: Look) => Promise<Seen> | Seen;
}

export interface Found extends Seen {
  readonly check: Check;
}

export const ok = (saw: string): Seen => ({ verdict: 'ok', saw });
export const warn = (saw: string, mend?: string): Seen => ({ verdict: 'warn', saw, ...(mend === undefined ? {} : { mend }) });
export const fail = (saw: string, mend?: string): Seen => ({ verdict: 'fail', saw, ...(mend === undefined ? {} : { mend }) });
export const skipped = (saw: string): Seen => ({ verdict: 'skipped', saw });
