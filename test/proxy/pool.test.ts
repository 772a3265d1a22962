// Who gets a place at an upstream, and who waited too long for the head of an answer.
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
const takes = (held: boolean): Slot => pool.take(held) as Slot;

test.each([
  ['short', false],
  ['held', true],
])('%s requests: as many as there are places, and one more when one is given back (B-74)', (_what, held) => {
  pool = createPool(upstream({ maxConcurrentRequests: 2, maxStreams: 2 }));
  const first = takes(held);
  expect(pool.take(held)).not.toBeNull();
  expect(pool.take(held)).toBeNull();
  expect(pool.take(!held)).not.toBeNull();
  first.release();
  expect(pool.take(held)).not.toBeNull();
  expect(pool.take(held)).toBeNull();
});

test.each([
  [100, 25],
  [800, 100],
  [60_000, 1_000],
])('a head that does not come within %d ms is late, found within %d ms more (D-23)', (headersTimeoutMs, look) => {
  pool = createPool(upstream({ headersTimeoutMs }));
  const told: string[] = [];
  const waits = (name: string) => ({ index: -1, since: 0, late: () => void told.push(name) });
  const slot = takes(false);
  slot.awaitHead(waits('first'));
  vi.advanceTimersByTime(headersTimeoutMs / 2);
  const quick = waits('quick');
  slot.awaitHead(quick);
  slot.awaitHead(waits('second'));
  slot.headCame(quick);
  vi.advanceTimersByTime(headersTimeoutMs / 2 - 1);
  expect(told).toEqual([]);
  vi.advanceTimersByTime(look + 1);
  expect(told).toEqual(['first']);
  vi.advanceTimersByTime(headersTimeoutMs);
  expect(told).toEqual(['first', 'second']);
});

test('a closed pool looks for nobody', async () => {
  pool = createPool(upstream({ headersTimeoutMs: 100 }));
  const late = vi.fn();
  takes(false).awaitHead({ index: -1, since: 0, late });
  await pool.close();
  vi.advanceTimersByTime(10_000);
  expect(late).not.toHaveBeenCalled();
});
