// Counts in a store that all replicas share. While the store is away, each process counts on its
// own, or calls may not pass: as configured. The log has one line when the store goes away, and one
// when it is back.
import type { Clock, Scheduler } from '../../core/clock.js';
import { type Rate, WHILE_STORE_IS_AWAY } from '../../core/limits.js';
import type { Notify } from '../../core/notice.js';
import { type Count, type Counter, libraryCount, type SureCounter } from './counter.js';
import type { RedisLimiter } from './redis-limiter.js';

export interface SharedCounter extends Counter {
  /** Counts in this process while the store is away, whatever is configured for calls. */
  readonly sure: SureCounter;
  /** True while it counts in the store. */
  isUp(): boolean;
  close(): void;
}

export interface SharedCounterDependencies {
  readonly clock: Clock;
  readonly schedule: Scheduler;
  readonly notify: Notify;
}

const ANSWER_MS = 100;
/** The last part of that time. */
const LAST_MS = 5;
const PROBE_EVERY_MS = 1_000;
const PROBE = 'probe';
const PROBE_RATE = { ratePerMinute: 60, burst: 1, windowSeconds: 1 };
const DETAIL_CHARACTERS = 200;

/** `local`: counts while the store is away. `onDown` `reject`: calls may not pass then. */
export function createSharedCounter(
  redis: RedisLimiter,
  local: SureCounter,
  onDown: 'local' | 'reject',
  { clock, schedule, notify }: SharedCounterDependencies,
): SharedCounter {
  let isUp = false;
  let isAnnounced = false;
  let isClosed = false;
  let cancelProbe: (() => void) | null = null;

  /**
   * Fails where the store does not answer in time. A busy process reads no answers meanwhile. So
   * the last timer begins when the first one ends, and answers that wait are read between them.
   */
  function inTime<T>(answer: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const late = (): void => reject(new Error(`no answer within ${ANSWER_MS} ms`));
      let cancel = schedule(ANSWER_MS - LAST_MS, () => {
        cancel = schedule(LAST_MS, late);
      });
      answer.then(resolve, reject).finally(() => cancel());
    });
  }

  async function count(key: string, calls: number, rate: Rate): Promise<Count> {
    const found = await inTime(libraryCount(redis.limiter, key, calls, rate, clock));
    const { calls: counted, resetMs } = found;
    const isInWindow = resetMs >= 0 && resetMs <= 1_000 * rate.windowSeconds;
    if (Number.isSafeInteger(counted) && isInWindow) return found;
    throw new Error('the answer is not a count');
  }

  function lost(reason: string): void {
    isUp = false;
    if (isAnnounced || isClosed) return;
    isAnnounced = true;
    const detail = `${reason.slice(0, DETAIL_CHARACTERS)}. ${WHILE_STORE_IS_AWAY[onDown]}`;
    notify({ event: 'limits.store_down', level: 'error', detail });
  }

  /** Counts as a call does: a store that answers can still reject writes. */
  async function probe(): Promise<void> {
    cancelProbe?.();
    cancelProbe = null;
    try {
      await count(PROBE, 1, PROBE_RATE);
      if (isClosed) return;
      isUp = true;
      if (isAnnounced) notify({ event: 'limits.store_up', level: 'info' });
      isAnnounced = false;
    } catch (error) {
      failed(error);
    }
  }

  function failed(error: unknown): void {
    lost(redis.isConnected() ? String((error as Error).message) : redis.lastError());
    // A new connection begins with a probe of its own.
    if (isClosed || cancelProbe !== null || !redis.isConnected()) return;
    cancelProbe = schedule(PROBE_EVERY_MS, () => void probe());
  }

  /** Null: the store is away. */
  async function inStore(key: string, calls: number, rate: Rate): Promise<Count | null> {
    if (!isUp) return null;
    try {
      return await count(key, calls, rate);
    } catch (error) {
      failed(error);
      return null;
    }
  }

  const sure: SureCounter = {
    add: async (key, calls, rate, group) =>
      (await inStore(key, calls, rate)) ?? local.add(key, calls, rate, group),
  };

  redis.onConnected(() => void probe());
  redis.onClosed(() => lost(redis.lastError()));

  return {
    add: onDown === 'reject' ? inStore : sure.add,
    sure,
    isUp: () => isUp,
    close() {
      isClosed = true;
      cancelProbe?.();
      redis.close();
    },
  };
}
