// A clock that only a test moves.
import type { Clock } from '../../src/core/clock.js';

export interface TestClock extends Clock {
  /** Moves both clocks forward. */
  advance(ms: number): void;
  /** Sets the wall clock alone, as a time server does. The monotonic clock does not change. */
  setWall(ms: number): void;
}

/** Starts at the real time, so that tokens minted now are valid now. */
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
