// Decides what stages may ask of the outside: the time, and somebody to tell. Never holds an implementation of a stage.

export interface Clock {
  /** Milliseconds since the epoch; for `exp`, `nbf`, `iat`. */
  wallMs(): number;
  /** Milliseconds that never go back; for cache lives and back-off (E-13). */
  monotonicMs(): number;
}

export interface Notice {
  readonly event: string;
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly [field: string]: unknown;
}

/** Tells the operator of something that belongs to no single request (keys refreshed, issuer down). Never given a token or key. */
export type Notify = (notice: Notice) => void;

/** Runs once after so many milliseconds, unless the function that comes back is called before. Keeps no process alive. */
export type Scheduler = (ms: number, run: () => void) => () => void;
