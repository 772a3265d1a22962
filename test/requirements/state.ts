// What a requirement can be: proven by tests that name it in their titles, not applicable for a reason, or a gap that a named piece of work closes.

export interface State {
  /** What it asks, in a few words. */
  readonly what: string;
  readonly state: 'proven' | 'not applicable' | 'gap';
  /** Why it does not apply, or which work will close the gap. */
  readonly why: string;
}

export type States = Readonly<Record<string, State>>;

/** Which tests prove it is found in their titles. */
export const proven = (what: string): State => ({ what, state: 'proven', why: '' });
export const notApplicable = (why: string): State => ({ what: '', state: 'not applicable', why });
export const gap = (why: string): State => ({ what: '', state: 'gap', why });
