// How the gateway ends an open event stream, look by look, with a clock that the test moves.
import { describe, expect, test, vi } from 'vitest';
import type { StreamLimits } from '../../src/core/endpoint.js';
import { streamBroken } from '../../src/core/failures.js';
import type { Caller } from '../../src/core/principal.js';
import type { StreamAsk } from '../../src/proxy/event-stream.js';
import { TICK_MS } from '../../src/proxy/stream-ticker.js';
import { passThroughCaller, principal } from '../support/endpoint.js';
import { type Closed, COMMENT, clock, inSeconds, type Opened, open, pass, watch } from '../support/watched-stream.js';

const errorOf = (closed: Closed[]): unknown => JSON.parse(/^data: (.*)\n\n$/.exec(closed[0]?.last ?? '')?.[1] ?? 'null');

const COMPLETE =
  'data: {"jsonrpc":"2.0","id":"7","result":{"resultType":"complete","_meta":{"io.modelcontextprotocol/subscriptionId":"7"}}}\n\n';
const outlived = 'stream.max_duration';

describe('B-78: a listening stream ends', () => {
  test.each<[string, Partial<StreamLimits>, () => Caller, number]>([
    ['with its token', {}, () => inSeconds(60), 60],
    ['after the longest time, though its token is good for weeks', {}, () => inSeconds(5_000_000), 3600],
    ['after the longest time: a token without an end', { maxSeconds: 90 }, () => principal({ expiresAt: null }), 90],
    ['after the longest time: a caller whom the upstream verifies', { maxSeconds: 90 }, () => passThroughCaller(), 90],
    ['within the tolerance, where its token ended before it began', {}, () => inSeconds(-10), 20],
    ['in no time, where even that is over', {}, () => inSeconds(-31), 1],
  ])('%s: no later, and at most a look before', (_what, terms, caller, seconds) => {
    const { closed } = open({}, { keepAliveSeconds: 0, ...terms }, caller());
    pass(seconds * 1000 - TICK_MS - 100);
    const early = closed.length;
    pass(TICK_MS + 100);
    expect([early, closed]).toEqual([0, [{ last: COMPLETE, reason: outlived }]]);
  });

  test('not with a clock that is set back, and at once with one that is set past the end', () => {
    const { closed } = open({}, { keepAliveSeconds: 0 }, inSeconds(60));
    clock.setWall(clock.wallMs() - 3_000_000);
    pass(120_000);
    expect(closed).toEqual([]);
    clock.setWall(clock.wallMs() + 4_000_000);
    pass(TICK_MS);
    expect(closed).toHaveLength(1);
  });

  test.each<[string, Partial<StreamAsk>, string, string | null]>([
    ['a subscription with a number', { idText: '12' }, 'data: 1\n\n', COMPLETE.replaceAll('"7"', '12')],
    ['a subscription whose events have ids', {}, 'id: 1\ndata: 1\n\n', COMPLETE],
    ['a subscription that was answered', {}, 'data: {"id":"7","result":{}}\n\n', ''],
    ['a subscription within an event', {}, 'data: 1\n\ndata: 2', null],
    ['a subscription with bytes that are counted', { takesMore: false }, '', null],
    ['a GET stream', { idText: undefined }, 'id: 1\ndata: 1\n\n', ''],
    ['a GET stream within an event', { idText: undefined }, 'data: 1\n', null],
  ])('%s: %#', (_what, ask, text, last) => {
    const opened = open(ask, { maxSeconds: 10 });
    opened.sends(text);
    pass(10_000);
    expect(opened.closed).toEqual([{ last, reason: outlived }]);
  });

  test('what came and was not sent yet goes out first', () => {
    const opened = open({}, { maxSeconds: 10 });
    opened.sends('data: 1\n');
    opened.flushes.push('data: 2\n\n');
    pass(10_000);
    expect([opened.flushes, opened.closed]).toEqual([[], [{ last: COMPLETE, reason: outlived }]]);
  });
});

describe('B-78: the answer of a call', () => {
  test('outlives its token, and ends after the longest time with an error', () => {
    const { closed } = open({ isListening: false }, { maxSeconds: 90 }, inSeconds(10));
    pass(80_000);
    expect(closed).toEqual([]);
    pass(10_000);
    expect([closed[0]?.reason, errorOf(closed)]).toEqual([
      outlived,
      {
        jsonrpc: '2.0',
        id: '7',
        error: { code: -31504, message: 'The stream reached its time limit', data: { requestId: 'x-1' } },
      },
    ]);
  });

  test('or, where that cannot be said, by a cut', () => {
    const { closed, sends } = open({ isListening: false }, { maxSeconds: 90 });
    sends('id: 1\ndata: 1\n\n');
    pass(90_000);
    expect(closed).toEqual([{ last: null, reason: outlived }]);
  });
});

describe('B-77: last words of an answer that was broken off', () => {
  const said = {
    jsonrpc: '2.0',
    id: '7',
    error: { code: -31502, message: 'The response of the MCP server is incomplete', data: { requestId: 'x-1' } },
  };
  const saidBy = ({ stream }: Opened): unknown => {
    const last = stream.lastError(streamBroken());
    return last === null ? null : errorOf([{ last: String(last), reason: null }]);
  };

  test.each<[string, Partial<StreamAsk>, string, unknown]>([
    ['before any event', {}, '', said],
    ['between events', {}, 'data: 1\n\n', said],
    ['a call', { isListening: false }, 'data: 1\r\n\r\n', said],
    ['a number as id', { idText: '-1.50' }, '', { ...said, id: -1.5 }],
    ['within an event', {}, 'data: 1\n', null],
    ['an id was seen', {}, 'id: 1\ndata: 1\n\n', null],
    ['an answer was seen', {}, 'data: {"id":"7","result":{}}\n\n', null],
    ['no request', { idText: undefined }, 'data: 1\n\n', null],
    ['counted or encoded bytes', { takesMore: false }, '', null],
  ])('%s: %#', (_what, ask, text, expected) => {
    const opened = open(ask);
    opened.sends(text);
    expect(saidBy(opened)).toEqual(expected);
  });
});

describe('E-11: the process goes', () => {
  test('listening streams end at once and nothing is wrong, answers go on', () => {
    const [subscription, stream, answer] = [open(), open({ idText: undefined }), open({ isListening: false })];
    watch.retire();
    expect([subscription.closed, stream.closed]).toEqual([[{ last: COMPLETE, reason: null }], [{ last: '', reason: null }]]);
    expect(answer.closed).toEqual([]);
    pass(15_000);
    expect(answer.comments).toEqual([COMMENT]);
  });

  test('a listening stream that begins later ends at the next look', () => {
    watch.retire();
    const { closed } = open();
    pass(TICK_MS);
    expect(closed).toEqual([{ last: COMPLETE, reason: null }]);
  });
});

describe('E-15: one timer', () => {
  test('none before the first stream, one for a thousand, none after the last', () => {
    expect(vi.getTimerCount()).toBe(0);
    const opened = Array.from({ length: 1000 }, () => open());
    expect(vi.getTimerCount()).toBe(1);
    pass(15_000);
    expect(opened.filter(({ comments }) => comments.length !== 1)).toEqual([]);
    for (const { stream } of opened) stream.over();
    pass(TICK_MS);
    expect(vi.getTimerCount()).toBe(0);
    const again = open();
    pass(15_000);
    expect([again.comments, vi.getTimerCount()]).toEqual([[COMMENT], 1]);
  });

  test('streams that leave during a look make nobody else be left out', () => {
    const opened = Array.from({ length: 9 }, (_value, n) => open({}, { maxSeconds: n % 2 === 0 ? 30 : 3600 }));
    pass(30_000);
    expect(opened.map(({ closed }) => closed.length)).toEqual([1, 0, 1, 0, 1, 0, 1, 0, 1]);
    expect(opened.filter((_one, n) => n % 2 === 1).map(({ comments }) => comments.length)).toEqual([2, 2, 2, 2]);
  });
});
