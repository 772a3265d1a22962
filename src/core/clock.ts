// The time and the timers that a step gets as parameters, so that a test can set them.

export interface Clock {
  /** Milliseconds since the epoch; for `exp`, `nbf` and `iat`. */
  wallMs(): number;
  /** Milliseconds that never go back; for cache lifetimes and back-off (E-13, clock as input). */
  monotonicMs(): number;
}

/**
 * Runs a function once, after `ms` milliseconds. The returned function cancels it. A pending timer
 * does not keep the process alive.
 */
export type Scheduler = (ms: number, run: () => void) => () => void;
