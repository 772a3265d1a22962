// Counts in a store that all replicas share. While the store is away, each process counts on its
// own, or calls may not pass: as configured. The log has one line when the store goes away, and one
// when it is back.
import type { Clock, Scheduler } from '../../core/clock.js';
import type { Rate } from '../../core/limits.js';
import type { Notify } from '../../core/notice.js';
import { type Count, type Counter, libraryCount } from './counter.js';
import type { RedisLimiter } from './redis-limiter.js';

export interface SharedCounter extends Counter {
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

const MEANWHILE = {
  local: 'Until it is back, each process counts on its own',
  refuse: 'Until it is back, calls with a limit get 503',
};

/** `local`: counts while the store is away; null: then calls may not pass. */
export function createSharedCounter(
  redis: RedisLimiter,
  local: Counter | null,
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

  const count = (key: string, calls: number, rate: Rate): Promise<Count> =>
    inTime(libraryCount(redis.limiter, key, calls, rate, clock));

  function lost(reason: string): void {
    isUp = false;
    if (isAnnounced || isClosed) return;
    isAnnounced = true;
    const detail = `${reason.slice(0, DETAIL_CHARACTERS)}. ${MEANWHILE[local === null ? 'refuse' : 'local']}`;
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

  redis.onConnected(() => void probe());
  redis.onClosed(() => lost(redis.lastError()));

  return {
    async add(key, calls, rate) {
      if (isUp) {
        try {
          return await count(key, calls, rate);
        } catch (error) {
          failed(error);
        }
      }
      return local === null ? null : local.add(key, calls, rate);
    },
    isUp: () => isUp,
    close() {
      isClosed = true;
      cancelProbe?.();
      redis.close();
    },
  };
}
