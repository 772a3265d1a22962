// Counts in memory: windows that end, calls that are taken back, and the bound on keys.
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { type Counter, createMemoryCounter } from '../../../src/authorize/limits/counter.js';
import { memoryLimiter } from '../../../src/authorize/limits/process-limiters.js';
import type { Rate } from '../../../src/core/limits.js';
import { systemClock } from '../../../src/launch/clock.js';
import { type TestClock, testClock } from '../../support/clock.js';

const RATE: Rate = { ratePerMinute: 10, burst: 10, windowSeconds: 60 };
const SECOND: Rate = { ratePerMinute: 60, burst: 1, windowSeconds: 1 };
const MINUTE_MS = 60_000;

const GROUP = '/mcp principal';
const countOf = async (counter: Counter, key: string, rate = RATE, group = GROUP): Promise<number | undefined> =>
  (await counter.add(key, 1, rate, group))?.calls;

function counterAt(most?: number): { counter: Counter; clock: TestClock } {
  const clock = testClock();
  return { counter: createMemoryCounter(memoryLimiter(), clock, most), clock };
}

test('counts each key on its own, and several calls at once', async () => {
  const { counter } = counterAt();
  expect(await countOf(counter, 'a')).toBe(1);
  expect(await countOf(counter, 'b')).toBe(1);
  expect(await counter.add('a', 5, RATE, GROUP)).toMatchObject({ calls: 6, resetMs: expect.any(Number) });
});

test('calls that are taken back leave the window', async () => {
  const { counter } = counterAt();
  const count = await counter.add('a', 4, RATE, GROUP);
  count?.undo();
  expect(await countOf(counter, 'a')).toBe(1);
});

test('a window ends, and calls of an old window change no new one', async () => {
  const counter = createMemoryCounter(memoryLimiter(), systemClock);
  const old = await counter.add('a', 3, SECOND, GROUP);
  expect(old?.resetMs).toBe(1000);
  await sleep(1010);
  old?.undo();
  expect(await countOf(counter, 'a', SECOND)).toBe(1);
});

test('E-02: above the bound, keys that are new share one count, and known keys keep theirs', async () => {
  const { counter, clock } = counterAt(3);
  for (const key of ['a', 'b', 'c']) expect(await countOf(counter, key)).toBe(1);
  expect(await countOf(counter, 'd')).toBe(1);
  expect(await countOf(counter, 'e')).toBe(2);
  expect(await countOf(counter, 'a')).toBe(2);
  // Another rate has another count.
  expect(await countOf(counter, 'f', { ...RATE, burst: 5, windowSeconds: 30 })).toBe(1);
  clock.advance(MINUTE_MS);
  expect(await countOf(counter, 'g')).toBe(3);
  clock.advance(2 * MINUTE_MS);
  expect(await countOf(counter, 'h')).toBe(1);
});

test('E-02: above the bound, a group below its share gets keys, and no count of another group', async () => {
  const { counter } = counterAt(4);
  for (const key of ['a', 'b', 'c', 'd', 'e']) expect(await countOf(counter, key)).toBe(1);
  expect(await countOf(counter, 'f')).toBe(2);
  const other = (key: string) => countOf(counter, key, RATE, '/other principal');
  for (const key of ['v', 'w', 'x']) expect(await other(key)).toBe(1);
  expect(await other('y')).toBe(2);
  expect(await countOf(counter, 'g')).toBe(3);
  expect(await other('v')).toBe(2);
});
