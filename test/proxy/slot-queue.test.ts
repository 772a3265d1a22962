// The queue of the requests that wait for a connection: its order, its two bounds, and its end.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Slot } from '../../src/proxy/pool.js';
import { createSlotQueue, MAX_WAIT_MS, type SlotWaiter } from '../../src/proxy/slot-queue.js';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const slot = {} as Slot;
/** A waiter that notes its name and what it got. */
const waits = (name: string, got: string[]): SlotWaiter<Slot> => ({
  onSlot: (given) => void got.push(`${name}: ${given === null ? 'none' : 'a connection'}`),
});

test('the first to wait is the first to get a connection, after the request that had it', () => {
  const got: string[] = [];
  const queue = createSlotQueue<Slot>(2);
  expect(queue.give(slot)).toBe(false);
  expect([queue.wait(waits('a', got)), queue.wait(waits('b', got)), queue.wait(waits('c', got))]).toEqual([true, true, false]);
  expect(queue.give(slot)).toBe(true);
  expect(got).toEqual([]);
  vi.advanceTimersByTime(0);
  expect(got).toEqual(['a: a connection']);
  expect(queue.wait(waits('d', got))).toBe(true);
  for (const _ of [1, 2]) expect(queue.give(slot)).toBe(true);
  expect(queue.give(slot)).toBe(false);
  vi.advanceTimersByTime(MAX_WAIT_MS);
  expect(got).toEqual(['a: a connection', 'b: a connection', 'd: a connection']);
});

test('each wait has its own end, and its place is free then', () => {
  const got: string[] = [];
  const queue = createSlotQueue<Slot>(2);
  queue.wait(waits('a', got));
  vi.advanceTimersByTime(MAX_WAIT_MS - 1);
  queue.wait(waits('b', got));
  expect([queue.wait(waits('c', got)), got]).toEqual([false, []]);
  vi.advanceTimersByTime(1);
  expect(got).toEqual(['a: none']);
  expect(queue.wait(waits('c', got))).toBe(true);
  vi.advanceTimersByTime(MAX_WAIT_MS);
  expect(got).toEqual(['a: none', 'b: none', 'c: none']);
});

test('a waiter that left gets nothing, and leaves its place to another', () => {
  const got: string[] = [];
  const queue = createSlotQueue<Slot>(1);
  const gone = waits('gone', got);
  queue.wait(gone);
  queue.leave(gone);
  expect(queue.wait(waits('stays', got))).toBe(true);
  expect(queue.give(slot)).toBe(true);
  vi.advanceTimersByTime(MAX_WAIT_MS);
  expect(got).toEqual(['stays: a connection']);
});

test('a closed queue ends all waits', () => {
  const got: string[] = [];
  const queue = createSlotQueue<Slot>(2);
  for (const name of ['a', 'b']) queue.wait(waits(name, got));
  queue.close();
  expect(got).toEqual(['a: none', 'b: none']);
  vi.advanceTimersByTime(MAX_WAIT_MS);
  expect(got).toHaveLength(2);
});
