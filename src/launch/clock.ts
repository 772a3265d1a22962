// The clock of the running process.
import type { Clock } from '../core/clock.js';

export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
};
