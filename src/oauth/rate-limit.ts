// Limits how often something of one name happens within a minute.
import type { Clock } from '../core/clock.js';

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
