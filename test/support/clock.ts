// A clock that stands still until a test moves it.
import type { Clock } from '../../src/core/clock.js';

export interface TestClock extends Clock {
  /** Moves both readings on. */
  advance(ms: number): void;
  /** Sets the wall alone, as an administrator or a time server does; the monotonic reading stays. */
  setWall(ms: number): void;
}

/** Starts at the real time, so that tokens minted now are good now. */
export function testClock(wallMs: number = Date.now()): TestClock {
  let wall = wallMs;
  let monotonic = 1_000_000;
  return {
    wallMs: () => wall,
    monotonicMs: () => monotonic,
    advance(ms) {
      wall += ms;
      monotonic += ms;
    },
    setWall(ms) {
      wall = ms;
    },
  };
}
