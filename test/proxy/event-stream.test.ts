// How the gateway ends open event streams, tick by tick. The test moves the clock.
import { describe, expect, test, vi } from 'vitest';
import type { StreamLimits } from '../../src/core/endpoint.js';
import { streamBroken } from '../../src/core/failures.js';
import type { Caller } from '../../src/core/principal.js';
import type { StreamContext } from '../../src/proxy/event-stream.js';
import { TICK_MS } from '../../src/proxy/stream-ticker.js';
import { passThroughCaller, principal } from '../support/endpoint.js';
import {
  type Closed,
  COMMENT,
  clock,
  inSeconds,
  type Opened,
  open,
  pass,
  ticker,
  watchStreams,
} from '../support/watched-stream.js';

watchStreams();

const errorOf = (closed: Closed[]): unknown => JSON.parse(/^data: (.*)\n\n$/.exec(closed[0]?.last ?? '')?.[1] ?? 'null');

const COMPLETE =
  'data: {"jsonrpc":"2.0","id":"7","result":{"resultType":"complete","_meta":{"io.modelcontextprotocol/subscriptionId":"7"}}}\n\n';
const maxDuration = 'stream.max_duration';

describe('B-78: a listening stream ends', () => {
  test.each<[string, Partial<StreamLimits>, () => Caller, number]>([
    ['with its token', {}, () => inSeconds(60), 60],
    ['at its time limit, though its token is valid for weeks', {}, () => inSeconds(5_000_000), 3600],
    ['at its time limit: a token without an expiry', { maxSeconds: 90 }, () => principal({ expiresAt: null }), 90],
    ['at its time limit: a caller that the upstream verifies', { maxSeconds: 90 }, () => passThroughCaller(), 90],
    ['with the clock tolerance, where its token expired before the start', {}, () => inSeconds(-10), 20],
    ['as long after its token as the operator allows', { outliveTokenSeconds: 40 }, () => inSeconds(60), 100],
    ['also where its token expired before the start', { outliveTokenSeconds: 40 }, () => inSeconds(-10), 60],
    ['at its time limit first', { outliveTokenSeconds: 4000, maxSeconds: 90 }, () => inSeconds(60), 90],
    ['at once, where the tolerance is over too', {}, () => inSeconds(-31), 1],
  ])('%s: no later, and at most one tick before', (_what, limits, caller, seconds) => {
    const { closed } = open({}, { keepAliveSeconds: 0, ...limits }, caller());
    pass(seconds * 1000 - TICK_MS - 100);
    const early = closed.length;
    pass(TICK_MS + 100);
    expect([early, closed]).toEqual([0, [{ last: COMPLETE, reason: maxDuration }]]);
  });

  test('not after the clock is set back, and at once after it is set past the expiry', () => {
    const { closed } = open({}, { keepAliveSeconds: 0 }, inSeconds(60));
    clock.setWall(clock.wallMs() - 3_000_000);
    pass(120_000);
    expect(closed).toEqual([]);
    clock.setWall(clock.wallMs() + 4_000_000);
    pass(TICK_MS);
    expect(closed).toHaveLength(1);
  });

  test.each<[string, Partial<StreamContext>, string, string | null]>([
    ['a subscription with a number', { idText: '12' }, 'data: 1\n\n', COMPLETE.replaceAll('"7"', '12')],
    ['a subscription whose events have ids', {}, 'id: 1\ndata: 1\n\n', COMPLETE],
    ['a subscription with its response sent', {}, 'data: {"id":"7","result":{}}\n\n', ''],
    ['a subscription within an event', {}, 'data: 1\n\ndata: 2', null],
    ['a subscription with a Content-Length', { canAppend: false }, '', null],
    ['a GET stream', { idText: undefined }, 'id: 1\ndata: 1\n\n', 'retry: 50\n\n'],
    ['a GET stream without an event', { idText: undefined }, '', 'retry: 50\n\n'],
    ['a GET stream with a Content-Length', { idText: undefined, canAppend: false }, '', null],
    ['a GET stream within an event', { idText: undefined }, 'data: 1\n', null],
  ])('%s: %#', (_what, context, text, last) => {
    const opened = open(context, { maxSeconds: 10 });
    opened.sends(text);
    pass(10_000);
    expect(opened.closed).toEqual([{ last, reason: maxDuration }]);
  });

  test('and sends the queued bytes of the upstream first', () => {
    const opened = open({}, { maxSeconds: 10 });
    opened.sends('data: 1\n');
    opened.flushes.push('data: 2\n\n');
    pass(10_000);
    expect([opened.flushes, opened.closed]).toEqual([[], [{ last: COMPLETE, reason: maxDuration }]]);
  });
});

describe('B-78: the response of a call', () => {
  test('outlives its token, and ends at its time limit with an error', () => {
    const { closed } = open({ isListening: false }, { maxSeconds: 90 }, inSeconds(10));
    pass(80_000);
    expect(closed).toEqual([]);
    pass(10_000);
    expect([closed[0]?.reason, errorOf(closed)]).toEqual([
      maxDuration,
      {
        jsonrpc: '2.0',
        id: '7',
        error: { code: -31504, message: 'The stream reached its time limit', data: { requestId: 'x-1' } },
      },
    ]);
  });

  test('or, where an error event is not possible, with a cut', () => {
    const { closed, sends } = open({ isListening: false }, { maxSeconds: 90 });
    sends('id: 1\ndata: 1\n\n');
    pass(90_000);
    expect(closed).toEqual([{ last: null, reason: maxDuration }]);
  });
});

describe('B-77: the last event of a broken response', () => {
  const error = {
    jsonrpc: '2.0',
    id: '7',
    error: { code: -31502, message: 'The response of the MCP server is incomplete', data: { requestId: 'x-1' } },
  };
  const sentBy = ({ stream }: Opened): unknown => {
    const last = stream.errorEvent(streamBroken());
    return last === null ? null : errorOf([{ last: String(last), reason: null }]);
  };

  test.each<[string, Partial<StreamContext>, string, unknown]>([
    ['before any event', {}, '', error],
    ['between events', {}, 'data: 1\n\n', error],
    ['a call', { isListening: false }, 'data: 1\r\n\r\n', error],
    ['a number as id', { idText: '-1.50' }, '', { ...error, id: -1.5 }],
    ['within an event', {}, 'data: 1\n', null],
    ['after an event id', {}, 'id: 1\ndata: 1\n\n', null],
    ['after the response', {}, 'data: {"id":"7","result":{}}\n\n', null],
    ['no request', { idText: undefined }, 'data: 1\n\n', null],
    ['a response with a length or an encoding', { canAppend: false }, '', null],
  ])('%s: %#', (_what, context, text, expected) => {
    const opened = open(context);
    opened.sends(text);
    expect(sentBy(opened)).toEqual(expected);
  });
});

/** The gateway stops reading events once they no longer matter. The end stays the same. */
describe('B-77, B-78: events that come after the last one that matters', () => {
  test.each<[string, Partial<StreamContext>, readonly string[], string | null]>([
    ['a call: a response after an id', { isListening: false }, ['id: 1\n\n', 'data: {"result":{}}\n\n'], null],
    ['a call: both in one chunk', { isListening: false }, ['id: 1\n\ndata: {"result":{}}\n\n'], null],
    ['a call: an id after a response', { isListening: false }, ['data: {"result":{}}\n\n', 'id: 1\n\n'], null],
    ['a subscription: a response after an id', {}, ['id: 1\n\n', 'data: {"result":{}}\n\n'], ''],
    ['a subscription: a name split after an id', {}, ['id: 1\n\n', 'data: {"res', 'ult":{}}\n\n'], ''],
    ['a GET stream', { idText: undefined }, ['id: 1\n\n', 'data: {"result":{}}\n\n'], 'retry: 50\n\n'],
  ])('%s: %#', (_what, context, texts, last) => {
    const opened = open(context, { maxSeconds: 10 });
    for (const text of texts) opened.sends(text);
    expect(opened.stream.errorEvent(streamBroken())).toBeNull();
    pass(10_000);
    expect(opened.closed).toEqual([{ last, reason: maxDuration }]);
  });
});

describe('E-11: at a shutdown', () => {
  test('listening streams end at once without an error, responses of calls continue', () => {
    const [subscription, stream, answer] = [open(), open({ idText: undefined }), open({ isListening: false })];
    ticker.shutDown();
    expect([subscription.closed, stream.closed]).toEqual([[{ last: COMPLETE, reason: null }], [{ last: '', reason: null }]]);
    expect(answer.closed).toEqual([]);
    pass(15_000);
    expect(answer.comments).toEqual([COMMENT]);
  });

  test('a listening stream that begins later ends at the next tick', () => {
    ticker.shutDown();
    const { closed } = open();
    pass(TICK_MS);
    expect(closed).toEqual([{ last: COMPLETE, reason: null }]);
  });
});

describe('E-15: the timer of all streams', () => {
  test('does not exist before the first stream or after the last; a thousand streams share it', () => {
    expect(vi.getTimerCount()).toBe(0);
    const opened = Array.from({ length: 1000 }, () => open());
    expect(vi.getTimerCount()).toBe(1);
    pass(15_000);
    expect(opened.filter(({ comments }) => comments.length !== 1)).toEqual([]);
    for (const { stream } of opened) stream.stop();
    pass(TICK_MS);
    expect(vi.getTimerCount()).toBe(0);
    const again = open();
    pass(15_000);
    expect([again.comments, vi.getTimerCount()]).toEqual([[COMMENT], 1]);
  });

  test('ticks every stream, though others end during the tick', () => {
    const opened = Array.from({ length: 9 }, (_value, n) => open({}, { maxSeconds: n % 2 === 0 ? 30 : 3600 }));
    pass(30_000);
    expect(opened.map(({ closed }) => closed.length)).toEqual([1, 0, 1, 0, 1, 0, 1, 0, 1]);
    expect(opened.filter((_stream, n) => n % 2 === 1).map(({ comments }) => comments.length)).toEqual([2, 2, 2, 2]);
  });
});
