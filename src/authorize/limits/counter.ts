// Counts calls by key in windows of whole seconds, with a limiter of rate-limiter-flexible. The
// library knows where the counts are; the rule that a limit is exhausted is in limiter.ts.
import type { RateLimiterAbstract } from 'rate-limiter-flexible';
import type { Clock } from '../../core/clock.js';
import type { Rate } from '../../core/limits.js';

export interface Count {
  /** Calls in this window, these included. */
  readonly calls: number;
  /** Milliseconds until the window ends. */
  readonly resetMs: number;
  /** Takes these calls out of the count again. */
  undo(): void;
}

export interface Counter {
  /** Null: calls cannot be counted now, and may not pass uncounted. */
  add(key: string, calls: number, rate: Rate): Promise<Count | null>;
}

type Limiter = Pick<RateLimiterAbstract, 'penalty' | 'reward' | 'get'>;

/** Never below 0: a reward after the end of its window would be one for the next window. */
export function libraryCount(
  limiter: Limiter,
  key: string,
  calls: number,
  { windowSeconds }: Rate,
  clock: Clock,
): Promise<Count & { readonly isFirst: boolean }> {
  const options = { customDuration: windowSeconds };
  return limiter.penalty(key, calls, options).then((found) => {
    const { consumedPoints, msBeforeNext: resetMs, isFirstInDuration: isFirst } = found;
    const endsMs = clock.monotonicMs() + resetMs;
    return {
      calls: consumedPoints,
      resetMs,
      isFirst,
      undo() {
        if (clock.monotonicMs() < endsMs) limiter.reward(key, calls, options).catch(() => {});
      },
    };
  });
}

/** Callers with a pass-through credential can invent keys. Each takes 650 bytes (measured). */
const MOST_KEYS = 50_000;
/** No window is longer. */
const GENERATION_MS = 60_000;

/**
 * Counts in the memory of a process. Above 50,000 keys in a minute, all further keys with the same
 * rate share one count.
 */
export function createMemoryCounter(limiter: Limiter, clock: Clock, most = MOST_KEYS): Counter {
  // Windows that began. The memory has at most this number of keys.
  let [current, previous] = [0, 0];
  let endsMs = clock.monotonicMs() + GENERATION_MS;

  function begun(): number {
    const late = clock.monotonicMs() - endsMs;
    if (late >= 0) {
      previous = late < GENERATION_MS ? current : 0;
      current = 0;
      endsMs += late < GENERATION_MS ? GENERATION_MS : late + GENERATION_MS;
    }
    return current + previous;
  }

  return {
    async add(key, calls, rate) {
      const isFull = begun() >= most;
      const isStranger = isFull && (await limiter.get(key)) === null;
      const used = isStranger ? `others ${rate.burst} ${rate.windowSeconds}` : key;
      const count = await libraryCount(limiter, used, calls, rate, clock);
      if (count.isFirst) current++;
      return count;
    },
  };
}
