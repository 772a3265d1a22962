// A circuit breaker for an introspection or a token endpoint. Five failures in a row open it for
// five seconds. After that it lets one request at a time through, until one succeeds.
import type { Clock } from '../core/clock.js';

export interface Breaker {
  /** Returns 0: send the request, then call `leave`. Else the milliseconds before a retry. */
  enter(): number;
  /** The milliseconds that `enter` would return now. It changes nothing. */
  waitMs(): number;
  /** Reports the outcome of a request. `retryAfterSeconds`: the endpoint's Retry-After. */
  leave(succeeded: boolean, retryAfterSeconds: number): void;
  /**
   * Another breaker of this endpoint had a success, so the outage may be over. `isProven`: the
   * endpoint accepted a token, so this breaker closes. Else its next request goes at once.
   */
  hearOfSuccess(isProven: boolean): void;
}

const FAILURES = 5;
const OPEN_MS = 5_000;
const LONGEST_MS = 30_000;
/** While the one request is in flight, the others come back after this time for its outcome. */
const PROBE_MS = 1_000;

/** Calls `onChange` when the breaker opens, not when it stays open, and when it closes. */
export function createBreaker(clock: Clock, onChange: (state: 'open' | 'closed') => void): Breaker {
  let failures = 0;
  let openUntil = 0;
  let isOpen = false;
  let isProbing = false;

  function close(): void {
    if (isOpen) onChange('closed');
    failures = 0;
    isOpen = false;
    isProbing = false;
  }

  function waitMs(): number {
    if (!isOpen) return 0;
    const remainingMs = openUntil - clock.monotonicMs();
    if (remainingMs > 0) return remainingMs;
    return isProbing ? PROBE_MS : 0;
  }

  return {
    enter() {
      const ms = waitMs();
      if (isOpen && ms === 0) isProbing = true;
      return ms;
    },
    waitMs,
    leave(succeeded, retryAfterSeconds) {
      if (succeeded) {
        // A late response counts too: it shows that the endpoint works.
        close();
        return;
      }
      failures += 1;
      if (failures < FAILURES) return;
      const now = clock.monotonicMs();
      // The request began before the breaker opened, so its failure adds no information.
      if (isOpen && now < openUntil) return;
      if (!isOpen) onChange('open');
      isOpen = true;
      isProbing = false;
      openUntil = now + Math.min(LONGEST_MS, Math.max(OPEN_MS, retryAfterSeconds * 1000));
    },
    hearOfSuccess(isProven) {
      if (!isOpen) return;
      if (isProven) close();
      // A success with an inactive token must not close it: any caller can provoke one.
      else openUntil = Math.min(openUntil, clock.monotonicMs());
    },
  };
}
