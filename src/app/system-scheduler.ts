// Runs functions later, on the timers of the process.
import type { Scheduler } from '../core/clock.js';

export const systemScheduler: Scheduler = (ms, run) => {
  const timer = setTimeout(run, ms).unref();
  return () => clearTimeout(timer);
};
