// A circuit breaker for an introspection or a token endpoint. Five failures in a row open it for
// five seconds. After that it lets one request at a time through, until one succeeds. Failures of
// one caller count once: else its token alone could stop all others.
import type { Clock } from '../core/clock.js';

export interface Breaker {
  /**
   * Returns 0: send the request, then call `leave`. Else the milliseconds before a retry.
   * `caller`: a key of the caller; null: the request is for no caller, and each failure counts.
   */
  enter(caller?: string | null): number;
  /** The milliseconds that `enter` would return now. It changes nothing. */
  waitMs(caller?: string | null): number;
  /** Reports the outcome of a request. `retryAfterSeconds`: the endpoint's Retry-After. */
  leave(succeeded: boolean, retryAfterSeconds: number, caller?: string | null): void;
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

/** Callers of one row of failures. The oldest is forgotten. */
const MOST_CALLERS = 1_000;

/** A caller with failures since the last success of any caller. */
interface Failing {
  failures: number;
  /** Monotonic clock. */
  untilMs: number;
}

/** Calls `onChange` when the breaker opens, not when it stays open, and when it closes. */
export function createBreaker(clock: Clock, onChange: (state: 'open' | 'closed') => void): Breaker {
  const callers = new Map<string, Failing>();
  let failures = 0;
  let openUntil = 0;
  let isOpen = false;
  let isProbing = false;

  function close(): void {
    if (isOpen) onChange('closed');
    callers.clear();
    failures = 0;
    isOpen = false;
    isProbing = false;
  }

  /** A caller that fails again and again waits alone, also while the breaker is closed. */
  function ownWaitMs(caller: string | null): number {
    const own = caller === null ? undefined : callers.get(caller);
    if (own === undefined || (!isOpen && own.failures < FAILURES)) return 0;
    return Math.max(0, own.untilMs - clock.monotonicMs());
  }

  function waitMs(caller: string | null = null): number {
    const ownMs = ownWaitMs(caller);
    if (!isOpen) return ownMs;
    const remainingMs = Math.max(ownMs, openUntil - clock.monotonicMs());
    if (remainingMs > 0) return remainingMs;
    return isProbing ? PROBE_MS : 0;
  }

  /** True: the row has a failure of this caller already. */
  function note(caller: string | null, untilMs: number): boolean {
    if (caller === null) return false;
    const own = callers.get(caller);
    callers.delete(caller);
    callers.set(caller, { failures: (own?.failures ?? 0) + 1, untilMs });
    const [oldest] = callers.keys();
    if (callers.size > MOST_CALLERS && oldest !== undefined) callers.delete(oldest);
    return own !== undefined;
  }

  return {
    enter(caller = null) {
      const ms = waitMs(caller);
      if (isOpen && ms === 0) isProbing = true;
      return ms;
    },
    waitMs,
    leave(succeeded, retryAfterSeconds, caller = null) {
      if (succeeded) {
        // A late response counts too: it shows that the endpoint works.
        close();
        return;
      }
      const now = clock.monotonicMs();
      const untilMs = now + Math.min(LONGEST_MS, Math.max(OPEN_MS, retryAfterSeconds * 1000));
      const isRepeated = note(caller, untilMs);
      if (!isRepeated) failures += 1;
      if (failures < FAILURES) return;
      // The request began before the breaker opened, so its failure adds no information.
      if (isOpen && now < openUntil) return;
      isProbing = false;
      // The failure of such a probe may be about its caller alone. Another caller may try at once.
      if (isOpen && isRepeated) return;
      if (!isOpen) onChange('open');
      isOpen = true;
      openUntil = untilMs;
    },
    hearOfSuccess(isProven) {
      if (!isOpen) return;
      if (isProven) return close();
      // A success with an inactive token must not close it: any caller can provoke one.
      const now = clock.monotonicMs();
      openUntil = Math.min(openUntil, now);
      for (const own of callers.values()) own.untilMs = Math.min(own.untilMs, now);
    },
  };
}
