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
  /**
   * `group`: keys that may share the memory of a process with one another. Null: calls cannot be
   * counted now, and may not pass uncounted.
   */
  add(key: string, calls: number, rate: Rate, group: string): Promise<Count | null>;
}

/** Counts always. */
export interface SureCounter extends Counter {
  add(key: string, calls: number, rate: Rate, group: string): Promise<Count>;
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

/** Windows that began, by group. */
class Begun {
  readonly groups = new Map<string, number>();
  total = 0;

  add(group: string): void {
    this.total++;
    this.groups.set(group, this.of(group) + 1);
  }

  of(group: string): number {
    return this.groups.get(group) ?? 0;
  }
}

/**
 * Counts in the memory of a process. Above 50,000 keys in a minute, a group keeps to its
 * share of them. Its further keys with the same rate share one count. So a flood of invented
 * callers at one endpoint changes no count of another endpoint.
 */
export function createMemoryCounter(limiter: Limiter, clock: Clock, most = MOST_KEYS): SureCounter {
  let [current, previous] = [new Begun(), new Begun()];
  let endsMs = clock.monotonicMs() + GENERATION_MS;

  function turn(): void {
    const late = clock.monotonicMs() - endsMs;
    if (late < 0) return;
    previous = late < GENERATION_MS ? current : new Begun();
    current = new Begun();
    endsMs += late < GENERATION_MS ? GENERATION_MS : late + GENERATION_MS;
  }

  function isFull(group: string): boolean {
    turn();
    if (current.total + previous.total < most) return false;
    const groups = Math.max(1, current.groups.size, previous.groups.size);
    return current.of(group) + previous.of(group) >= most / groups;
  }

  return {
    async add(key, calls, rate, group) {
      const isStranger = isFull(group) && (await limiter.get(key)) === null;
      const used = isStranger ? `others ${group} ${rate.burst} ${rate.windowSeconds}` : key;
      const count = await libraryCount(limiter, used, calls, rate, clock);
      if (count.isFirst) current.add(group);
      return count;
    },
  };
}
