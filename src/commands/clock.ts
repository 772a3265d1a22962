// The clock of a real process.
import type { Clock } from '../core/clock.js';

export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};
