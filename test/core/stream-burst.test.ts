// The listener learns when a burst of held streams begins, and when it is over.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

beforeEach(() => {
  vi.useFakeTimers();
  vi.resetModules();
});
afterEach(() => void vi.useRealTimers());

async function scene() {
  const { heldStreamOpened, onStreamBurst } = await import('../../src/core/stream-burst.js');
  const told: boolean[] = [];
  const open = (count: number) => {
    for (let n = 0; n < count; n++) heldStreamOpened();
  };
  return { told, open, listen: () => onStreamBurst((inBurst) => void told.push(inBurst)) };
}

test('ten streams in half a second are a burst, until half a second has fewer', async () => {
  const { told, open, listen } = await scene();
  listen();
  open(9);
  expect(told).toEqual([]);
  open(500);
  expect(told).toEqual([true]);
  vi.advanceTimersByTime(500);
  expect(told).toEqual([true]);
  vi.advanceTimersByTime(500);
  expect([told, vi.getTimerCount()]).toEqual([[true, false], 0]);
});

test('nine in each half second make no burst', async () => {
  const { told, open, listen } = await scene();
  listen();
  for (let window = 0; window < 3; window++) {
    open(9);
    vi.advanceTimersByTime(500);
  }
  expect(told).not.toContain(true);
});

test('where streams open all the time, half of it is burst at most', async () => {
  const { told, open, listen } = await scene();
  listen();
  for (let window = 0; window < 40; window++) {
    open(20);
    vi.advanceTimersByTime(500);
  }
  expect(told).toEqual([true, false, true, false]);
});

test('without a listener nothing runs', async () => {
  const { open } = await scene();
  open(100);
  expect(vi.getTimerCount()).toBe(0);
});
