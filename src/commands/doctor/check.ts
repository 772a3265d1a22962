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
export const warn = (saw: string, mend?: string): Seen => ({
  verdict: 'warn',
  saw,
  ...(mend === undefined ? {} : { mend }),
});
export const fail = (saw: string, mend?: string): Seen => ({
  verdict: 'fail',
  saw,
  ...(mend === undefined ? {} : { mend }),
});
/** Where the server names another origin than that of the URL, most often the URL is not the one that clients are given. */
export const elsewhere = (mend: string): string =>
  `examine the public URL, the one that clients are given: the address of a replica, or of what stands behind the proxy, has another origin; if this is the public URL, ${mend}`;
export const skipped = (saw: string): Seen => ({ verdict: 'skipped', saw });
