// Decides when a dependency in trouble is left alone: after five failures in a row for five seconds, then one question at a time until one
// works. Never decides what a failure is.
import type { Clock } from '../../core/clock.js';

export interface Breaker {
  /** 0: ask now, and report to `leave`. Else the milliseconds until asking is worth trying. */
  enter(): number;
  /** What came of it; `retryAfterSeconds` is what the dependency asked for. */
  leave(worked: boolean, retryAfterSeconds: number): void;
}

const FAILURES = 5;
const OPEN_MS = 5_000;
const LONGEST_MS = 30_000;
/** While the one question is under way, the others come back for its outcome. */
const PROBE_MS = 1_000;

/** `told` hears when it opens for the first time and when it closes. */
export function createBreaker(clock: Clock, told: (state: 'open' | 'closed') => void): Breaker {
  let failures = 0;
  let openUntil = 0;
  let open = false;
  let probing = false;
  return {
    enter() {
      if (!open) return 0;
      const left = openUntil - clock.monotonicMs();
      if (left > 0) return left;
      if (probing) return PROBE_MS;
      probing = true;
      return 0;
    },
    leave(worked, retryAfterSeconds) {
      if (worked) {
        // Also an answer to a question from before it opened: it shows the dependency to be there.
        if (open) told('closed');
        failures = 0;
        open = false;
        probing = false;
        return;
      }
      failures += 1;
      if (failures < FAILURES) return;
      const now = clock.monotonicMs();
      // A question from before it opened, late: it says nothing new.
      if (open && now < openUntil) return;
      if (!open) told('open');
      open = true;
      probing = false;
      openUntil = now + Math.min(LONGEST_MS, Math.max(OPEN_MS, retryAfterSeconds * 1000));
    },
  };
}
