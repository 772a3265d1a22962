// The time and the timers that stages are given, so that a test can set them.

export interface Clock {
  /** Milliseconds since the epoch; for `exp`, `nbf` and `iat`. */
  wallMs(): number;
  /** Milliseconds that never go back; for cache lives and back-off (E-13, clock changes). */
  monotonicMs(): number;
}

/**
 * Runs a function once after so many milliseconds. The function that comes back cancels it. A
 * pending timer does not keep the process alive.
 */
export type Scheduler = (ms: number, run: () => void) => () => void;
