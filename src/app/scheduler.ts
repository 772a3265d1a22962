// The timers of the process. They do not keep it running.
import type { Scheduler } from '../core/clock.js';

export const systemScheduler: Scheduler = (ms, run) => {
  const timer = setTimeout(run, ms).unref();
  return () => clearTimeout(timer);
};
