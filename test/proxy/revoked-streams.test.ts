// How a reload and a sunset end open event streams. The test moves the clock.
import { describe, expect, test, vi } from 'vitest';
import { keyUnknown, tokenIssuer } from '../../src/core/failures.js';
import { createStreamTicker, TICK_MS, type TickListener } from '../../src/proxy/stream-ticker.js';
import { type TestClock, testClock } from '../support/clock.js';
import { apiKey, keyCaller, passThroughCaller, tokenRule } from '../support/endpoint.js';
import { clock, inSeconds, open, pass, ticker, watchStreams } from '../support/watched-stream.js';

watchStreams();

const GONE = keyUnknown({ detail: 'the key is gone' });
const COMPLETE =
  'data: {"jsonrpc":"2.0","id":"7","result":{"resultType":"complete","_meta":{"io.modelcontextprotocol/subscriptionId":"7"}}}\n\n';
const ERROR = {
  code: -31401,
  message: 'The access of this stream has ended',
};

describe('a recheck', () => {
  test('ends the streams of removed callers at once, and no others', () => {
    const [gone, kept] = [open(), open()];
    gone.revoke(GONE);
    ticker.recheck();
    expect(gone.closed).toEqual([{ last: COMPLETE, reason: 'stream.revoked' }]);
    pass(10 * TICK_MS);
    expect(kept.closed).toEqual([]);
    kept.revoke(tokenIssuer());
    ticker.recheck();
    expect([gone.closed.length, kept.closed.length]).toEqual([1, 1]);
  });

  test('ends the answer to a call with an error for its id, and cuts it in the middle of an event', () => {
    const whole = open({ isListening: false });
    const broken = open({ isListening: false });
    broken.sends('data: {"half');
    for (const one of [whole, broken]) one.revoke(GONE);
    ticker.recheck();
    const last = /^data: (.*)\n\n$/.exec(whole.closed[0]?.last ?? '')?.[1] ?? 'null';
    expect(JSON.parse(last)).toMatchObject({ id: '7', error: ERROR });
    expect(broken.closed).toEqual([{ last: null, reason: 'stream.revoked' }]);
  });

  test('ends a GET stream without an error, and its client comes back at once', () => {
    const listening = open({ idText: undefined, sessionId: 's' });
    listening.revoke(GONE);
    ticker.recheck();
    expect(listening.closed).toEqual([{ last: 'retry: 50\n\n', reason: 'stream.revoked' }]);
  });
});

describe('C-107: a stream ends at the sunset of its credential', () => {
  const day = (): number => Math.ceil(clock.wallMs() / 1000 + 60) * 1000;
  const ofKey = () => keyCaller(apiKey(undefined, { sunsetMs: day() }));
  const old = () => passThroughCaller(undefined, { ...tokenRule, sunsetMs: day() });
  test.each<[string, boolean, () => Parameters<typeof open>[2]]>([
    ['a listening stream of a key', true, () => ofKey()],
    ['the answer to a call of a key', false, () => ofKey()],
    ['a stream of a pass-through caller', true, () => old()],
    ['the answer to a call of a pass-through caller', false, () => old()],
  ])('%s', (_what, isListening, caller) => {
    const { closed } = open({ isListening }, { keepAliveSeconds: 0, outliveTokenSeconds: 300 }, caller());
    pass(60_000 - TICK_MS - 100);
    const early = closed.length;
    pass(TICK_MS + 1_100);
    expect([early, closed.map(({ reason }) => reason)]).toEqual([0, ['stream.revoked']]);
  });
});

describe('a recheck of many streams', () => {
  /** Listeners whose recheck takes this time, and some of which end. */
  function many(count: number, eachMs: number, ends: (i: number) => boolean) {
    const time: TestClock = testClock();
    const streams = createStreamTicker(time);
    const checked = new Map<number, number>();
    const listeners = Array.from({ length: count }, (_, i): TickListener => {
      const listener: TickListener = {
        index: -1,
        tick: () => {},
        recheck() {
          time.advance(eachMs);
          checked.set(i, (checked.get(i) ?? 0) + 1);
          if (ends(i)) streams.remove(listener);
        },
      };
      return listener;
    });
    for (const one of listeners) streams.add(one);
    return { streams, listeners, checked };
  }

  test('runs in slices of 5 ms, and sees each stream, also where others end between them', async () => {
    vi.useRealTimers();
    const { streams, listeners, checked } = many(40, 1, (i) => i % 3 === 0);
    streams.recheck();
    expect(checked.size).toBe(5);
    for (const i of [0, 1, 2, 20]) streams.remove(listeners[i] as TickListener);
    for (let slices = 0; slices < 10; slices++) await new Promise(setImmediate);
    const expected = listeners.map((_, i) => i).filter((i) => ![0, 1, 2, 20].includes(i));
    expect([...checked.keys()].sort((a, b) => a - b)).toEqual(expected);
  });

  test('a second reload during it begins again', async () => {
    vi.useRealTimers();
    const { streams, checked } = many(20, 1, () => false);
    streams.recheck();
    streams.recheck();
    for (let slices = 0; slices < 20; slices++) await new Promise(setImmediate);
    expect([checked.size, Math.min(...checked.values())]).toEqual([20, 1]);
    expect(checked.get(19)).toBe(2);
  });
});

test('a token that ends is not a revocation', () => {
  const { closed } = open({}, { keepAliveSeconds: 0 }, inSeconds(5));
  pass(6_000);
  expect(closed.map(({ reason }) => reason)).toEqual(['stream.max_duration']);
});
