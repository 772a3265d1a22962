// The timer that undici shares between all that it waits for.
import { createRequire } from 'node:module';

const timers = createRequire(import.meta.url)('undici/lib/util/timers.js') as { reset(): void };

/** The next one is made by the clock of then: a test may have moved its own. */
export const resetUndiciTimers = (): void => timers.reset();
