// Remembers the GET streams that the gateway ended a moment ago. Their clients came back sooner
// than usual, so the next stream restores their usual delay.
import type { Clock } from '../core/clock.js';

/** How long a client may take to come back, for example because it renews its token first. */
const REMEMBER_MS = 60_000;
/** A client that is forgotten keeps the short delay. */
const MAX_STREAMS = 10_000;

export interface EndedStreams {
  add(key: string): void;
  /** True once for each stream that ended within the last minute. */
  take(key: string): boolean;
}

export function createEndedStreams({ monotonicMs }: Pick<Clock, 'monotonicMs'>): EndedStreams {
  /** By key: the time of the end. The oldest comes first. */
  const ends = new Map<string, number>();
  return {
    add(key) {
      ends.delete(key);
      ends.set(key, monotonicMs());
      for (const [oldest, atMs] of ends) {
        if (ends.size <= MAX_STREAMS && monotonicMs() - atMs <= REMEMBER_MS) return;
        ends.delete(oldest);
      }
    },
    take(key) {
      const atMs = ends.get(key);
      return ends.delete(key) && monotonicMs() - (atMs as number) <= REMEMBER_MS;
    },
  };
}
