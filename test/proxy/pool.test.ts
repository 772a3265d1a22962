// The pool: its limits, and the timeout for the head of a response.
import type { Client } from 'undici';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createPool, type Slot, type UpstreamPool } from '../../src/proxy/pool.js';
import { endpoint } from '../support/endpoint.js';

let pool: UpstreamPool;
beforeEach(() => vi.useFakeTimers());
afterEach(async () => {
  await pool.close();
  vi.useRealTimers();
});

const upstream = (changes: Partial<ReturnType<typeof endpoint>['upstream']>) => ({ ...endpoint().upstream, ...changes });
const take = (held: boolean): Slot => pool.take(held) as Slot;

test.each([
  ['short', false],
  ['held', true],
])('%s requests: the limit of connections holds, and a released one is free again (B-74)', (_what, held) => {
  pool = createPool(upstream({ maxConcurrentRequests: 2, maxStreams: 2 }));
  const first = take(held);
  expect(pool.take(held)).not.toBeNull();
  expect(pool.take(held)).toBeNull();
  expect(pool.take(!held)).not.toBeNull();
  expect([pool.usage(held), pool.usage(!held)]).toEqual([
    { inUse: 2, limit: 2 },
    { inUse: 1, limit: 2 },
  ]);
  first.release();
  expect(pool.usage(held)).toEqual({ inUse: 1, limit: 2 });
  expect(pool.take(held)).not.toBeNull();
  expect(pool.take(held)).toBeNull();
});

test.each([
  [100, 25],
  [800, 100],
  [60_000, 1_000],
])('a head that does not arrive within %d ms times out, at most %d ms later (D-23)', (headersTimeoutMs, tickMs) => {
  pool = createPool(upstream({ headersTimeoutMs }));
  const late: string[] = [];
  const waits = (name: string) => ({ index: -1, sinceTick: 0, headTimedOut: () => void late.push(name) });
  const slot = take(false);
  slot.awaitHead(waits('first'));
  vi.advanceTimersByTime(headersTimeoutMs / 2);
  const quick = waits('quick');
  slot.awaitHead(quick);
  slot.awaitHead(waits('second'));
  slot.headReceived(quick);
  vi.advanceTimersByTime(headersTimeoutMs / 2 - 1);
  expect(late).toEqual([]);
  vi.advanceTimersByTime(tickMs + 1);
  expect(late).toEqual(['first']);
  vi.advanceTimersByTime(headersTimeoutMs);
  expect(late).toEqual(['first', 'second']);
});

test('a closed pool reports no timeouts', async () => {
  pool = createPool(upstream({ headersTimeoutMs: 100 }));
  const headTimedOut = vi.fn();
  take(false).awaitHead({ index: -1, sinceTick: 0, headTimedOut });
  await pool.close();
  vi.advanceTimersByTime(10_000);
  expect(headTimedOut).not.toHaveBeenCalled();
});

test('a retired pool closes free connections at once and busy ones when they are free, and still times out', () => {
  pool = createPool(upstream({ headersTimeoutMs: 100 }));
  const [free, busy] = [take(false), take(false)];
  free.release();
  pool.retire();
  vi.advanceTimersByTime(1);
  expect((free.dispatcher as Client).destroyed).toBe(true);
  expect((busy.dispatcher as Client).destroyed).toBe(false);
  // A call that was accepted before the reload, and arrives after it.
  const late = take(false);
  const timedOut: string[] = [];
  vi.advanceTimersByTime(1_000);
  late.awaitHead({ index: -1, sinceTick: 0, headTimedOut: () => void timedOut.push('late') });
  vi.advanceTimersByTime(1_000);
  expect(timedOut).toEqual(['late']);
  for (const slot of [busy, late]) slot.release();
  vi.advanceTimersByTime(1);
  expect([busy, late].map(({ dispatcher }) => (dispatcher as Client).destroyed)).toEqual([true, true]);
  vi.advanceTimersByTime(200);
  expect(vi.getTimerCount()).toBe(0);
});
