// Limits how often something happens within a minute: grants of one key, failures of one client
// address, failures of all clients.
import type { ApiKey } from '../../core/api-key.js';
import { networkOf } from '../../core/client-network.js';
import type { Clock } from '../../core/clock.js';

export interface RateLimit {
  /**
   * Counts one event of this name; 0. Where the limit is reached: the milliseconds until the next
   * event may pass, and nothing is counted.
   */
  take(name: string): number;
}

const WINDOW_MS = 60_000;

/** `limit`: events of one name in any minute. `names`: it forgets the oldest of more names. */
export function createRateLimit(limit: number, names: number, clock: Clock): RateLimit {
  /** Times of the counted events by name. The name with the oldest last event is the first. */
  const events = new Map<string, number[]>();

  /** Each call removes what the calls before it have added, so this is cheap on average. */
  function forget(before: number): void {
    for (const [name, times] of events) {
      if (events.size <= names && (times.at(-1) as number) > before) return;
      events.delete(name);
    }
  }

  return {
    take(name) {
      const now = clock.monotonicMs();
      const before = now - WINDOW_MS;
      forget(before);
      const times = events.get(name) ?? [];
      while (times.length > 0 && (times[0] as number) <= before) times.shift();
      if (times.length >= limit) return (times[0] as number) - before;
      times.push(now);
      events.delete(name);
      events.set(name, times);
      return 0;
    },
  };
}

export interface GrantLimits {
  /** Counts a grant of this key. 0, or the milliseconds until its next one. */
  grant(key: ApiKey): number;
  /** Counts a failed authentication. 0, or the milliseconds until the next one may get a 401. */
  failure(clientAddress: string): number;
}

const GRANTS_PER_KEY = 10;
const FAILURES_PER_ADDRESS = 10;
const FAILURES_OF_ALL = 100;
const ADDRESSES = 10_000;
/** Only keys of the registry have grants, so their number is a second bound. */
const KEYS = 1_000_000;

export function createGrantLimits(clock: Clock): GrantLimits {
  const grants = createRateLimit(GRANTS_PER_KEY, KEYS, clock);
  const ofAddress = createRateLimit(FAILURES_PER_ADDRESS, ADDRESSES, clock);
  const ofAll = createRateLimit(FAILURES_OF_ALL, 1, clock);
  return {
    grant: ({ sha256 }) => grants.take(sha256),
    // An address over its own limit takes nothing from the others.
    failure: (clientAddress) => ofAddress.take(networkOf(clientAddress)) || ofAll.take(''),
  };
}
