// Answers of a store without a count: from a server of another kind, or from a proxy before it.
import { afterEach, describe, expect, test } from 'vitest';
import { systemScheduler } from '../../../src/app/system-scheduler.js';
import { createMemoryCounter } from '../../../src/authorize/limits/counter.js';
import { memoryLimiter } from '../../../src/authorize/limits/process-limiters.js';
import type { RedisLimiter } from '../../../src/authorize/limits/redis-limiter.js';
import { createSharedCounter, type SharedCounter } from '../../../src/authorize/limits/shared-counter.js';
import type { Notice } from '../../../src/core/notice.js';
import { systemClock } from '../../../src/launch/clock.js';

const RATE = { ratePerMinute: 3, burst: 3, windowSeconds: 60 };

let counter: SharedCounter;
afterEach(() => counter.close());

/** A counter whose store answers `first` to its probe, and then `later`. */
async function counterOf(later: readonly [unknown, unknown]) {
  const notices: Notice[] = [];
  let isProbed = false;
  let connected = (): void => {};
  const penalty = (_key: string, calls: number) => {
    const [consumedPoints, msBeforeNext] = isProbed ? later : [calls, 1_000];
    isProbed = true;
    return Promise.resolve({ consumedPoints, msBeforeNext, isFirstInDuration: true });
  };
  const redis = {
    limiter: { penalty, reward: () => Promise.resolve(null), get: () => Promise.resolve(null) },
    isConnected: () => true,
    lastError: () => '',
    onConnected: (listener: () => void) => {
      connected = listener;
    },
    onClosed: () => {},
    close: () => {},
  } as unknown as RedisLimiter;
  counter = createSharedCounter(redis, createMemoryCounter(memoryLimiter(), systemClock), 'local', {
    clock: systemClock,
    schedule: systemScheduler,
    notify: (notice) => void notices.push(notice),
  });
  connected();
  await new Promise((resolve) => setImmediate(resolve));
  return notices;
}

test('a count of the store counts', async () => {
  const notices = await counterOf([7, 60_000]);
  expect(counter.isUp()).toBe(true);
  expect(await counter.add('a', 1, RATE, '/mcp principal')).toMatchObject({ calls: 7, resetMs: 60_000 });
  expect(notices).toEqual([]);
});

describe('counts on its own after', () => {
  test.each([
    ['no number', [Number.NaN, 60_000]],
    ['no window', [1, undefined]],
    ['a window in words', [1, 'PONG']],
    ['a key without an end', [1, -1]],
    ['a window of years', [1, 99_999_999_999]],
  ] as const)('%s', async (_name, answer) => {
    const notices = await counterOf(answer);
    expect(await counter.add('a', 1, RATE, '/mcp principal')).toMatchObject({ calls: 1 });
    expect(counter.isUp()).toBe(false);
    expect(notices).toMatchObject([
      { event: 'limits.store_down', detail: expect.stringMatching(/^the answer is not a count\./) },
    ]);
  });
});
