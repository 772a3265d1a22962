// GET streams that wait for an upstream that refuses connections, tick by tick.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createReconnects, MAX_WAITING, type Reconnects, type Waiter } from '../../src/proxy/reconnects.js';

let reconnects: Reconnects;
beforeEach(() => {
  vi.useFakeTimers();
  reconnects = createReconnects({ monotonicMs: () => performance.now() });
});
afterEach(() => void vi.useRealTimers());

interface Stream extends Waiter {
  isAbandoned: boolean;
  tries: number;
  gaveUp: number;
}

/** A stream whose attempts are refused until `upstream.isUp`. */
const upstream = { isUp: false };
function stream(): Stream {
  const one: Stream = {
    isAbandoned: false,
    endMs: null,
    tries: 0,
    gaveUp: 0,
    tryAgain() {
      one.tries++;
      if (upstream.isUp) reconnects.connected();
      else if (!reconnects.wait(one)) one.giveUp();
    },
    giveUp: () => void one.gaveUp++,
  };
  return one;
}
const waiting = (): Stream => {
  const one = stream();
  expect(reconnects.wait(one)).toBe(true);
  return one;
};
beforeEach(() => {
  upstream.isUp = false;
});

test('B-76: a stream tries four times a second, and gives up after five seconds', () => {
  const one = waiting();
  vi.advanceTimersByTime(4_900);
  expect([one.tries, one.gaveUp]).toEqual([19, 0]);
  vi.advanceTimersByTime(200);
  expect([one.tries, one.gaveUp]).toEqual([19, 1]);
  vi.advanceTimersByTime(10_000);
  expect([one.tries, one.gaveUp, vi.getTimerCount()]).toEqual([19, 1, 0]);
});

test('B-76: of many streams, one at a time tries, and all follow once the upstream is up', () => {
  const all = Array.from({ length: 100 }, waiting);
  vi.advanceTimersByTime(2_000);
  expect(all.reduce((sum, { tries }) => sum + tries, 0)).toBe(8);
  upstream.isUp = true;
  vi.advanceTimersByTime(250);
  expect(all.filter(({ tries, gaveUp }) => tries === 0 || gaveUp > 0)).toEqual([]);
  vi.advanceTimersByTime(1_000);
  expect(vi.getTimerCount()).toBe(0);
});

test('B-76: an attempt that is refused late uses up the five seconds, too', () => {
  const slow: Stream = Object.assign(stream(), {
    tryAgain() {
      slow.tries++;
      setTimeout(() => reconnects.wait(slow) || slow.giveUp(), 2_000);
    },
  });
  expect(reconnects.wait(slow)).toBe(true);
  vi.advanceTimersByTime(7_500);
  expect([slow.tries, slow.gaveUp]).toEqual([3, 1]);
  vi.advanceTimersByTime(10_000);
  expect([slow.tries, slow.gaveUp, vi.getTimerCount()]).toEqual([3, 1, 0]);
});

test('B-76: each stream has its own five seconds', () => {
  const first = waiting();
  vi.advanceTimersByTime(3_000);
  const second = waiting();
  vi.advanceTimersByTime(2_500);
  expect([first.gaveUp, second.gaveUp]).toEqual([1, 0]);
  vi.advanceTimersByTime(3_000);
  expect([first.gaveUp, second.gaveUp]).toEqual([1, 1]);
});

test('B-76, B-73: a stream whose caller disconnects ends at the next try', () => {
  const [one, other] = [waiting(), waiting()];
  other.isAbandoned = true;
  vi.advanceTimersByTime(250);
  expect([one.gaveUp, other.gaveUp, other.tries]).toEqual([0, 1, 0]);
  expect(reconnects.wait({ ...stream(), isAbandoned: true })).toBe(false);
});

test('B-76: more streams than the limit give up at once', () => {
  for (let n = 0; n < MAX_WAITING; n++) waiting();
  expect(reconnects.wait(stream())).toBe(false);
});
