// The states of a requirement: proven by tests that name it in their titles, not applicable for a
// reason, or a gap that a named piece of work closes.

export interface State {
  /** The requirement in a few words. */
  readonly what: string;
  readonly state: 'proven' | 'not applicable' | 'gap';
  /** The reason that it does not apply, or the work that will close the gap. */
  readonly why: string;
}

export type States = Readonly<Record<string, State>>;

/** The tests that prove it are found by their titles. */
export const proven = (what: string): State => ({ what, state: 'proven', why: '' });
export const notApplicable = (why: string): State => ({ what: '', state: 'not applicable', why });
export const gap = (why: string): State => ({ what: '', state: 'gap', why });
