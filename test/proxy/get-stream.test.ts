// A GET stream whose upstream becomes unreachable: before the connection it waits, after it not.
import type { Dispatcher } from 'undici';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Exchange } from '../../src/core/exchange.js';
import { GetStream } from '../../src/proxy/get-stream.js';
import { createReconnects } from '../../src/proxy/reconnects.js';
import type { Relay } from '../../src/proxy/relay.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const unreachable = (): Error => Object.assign(new Error('connect'), { code: 'EHOSTUNREACH' });
const controller = {} as Dispatcher.DispatchController;
const HEAD = { 'content-type': 'text/event-stream' };

/** A stream, the calls of its relay, and the number of its requests. */
function open(): { stream: GetStream; calls: string[]; requests: () => number } {
  const calls: string[] = [];
  const relay = new Proxy({} as Relay, { get: (_target, name) => () => void calls.push(String(name)) });
  let requests = 0;
  const stream = new GetStream(
    relay,
    { disconnected: false } as Exchange,
    createReconnects({ monotonicMs: () => performance.now() }),
    () => void requests++,
  );
  stream.tryAgain();
  return { stream, calls, requests: () => requests };
}

test('B-76: before the connection: it tries again', () => {
  const { stream, calls, requests } = open();
  stream.onResponseError(controller, unreachable());
  vi.advanceTimersByTime(300);
  expect([calls, requests()]).toEqual([[], 2]);
});

// Linux reports EHOSTUNREACH for an open connection, too, once its host does not answer.
test.each<[string, (stream: GetStream) => void]>([
  ['after the head', (stream) => stream.onResponseStart(controller, 200, HEAD)],
  ['after the head of the gateway', () => vi.advanceTimersByTime(2_000)],
  ['before any head', () => {}],
])('B-77: on an open connection, %s: it never sends the request again', (_when, proceed) => {
  const { stream, calls, requests } = open();
  stream.onRequestStart(controller);
  proceed(stream);
  stream.onResponseError(controller, unreachable());
  expect(calls.at(-1)).toBe('onResponseError');
  vi.advanceTimersByTime(10_000);
  expect(requests()).toBe(1);
});
