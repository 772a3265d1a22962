// A GET stream that ends with its token brings its client back at once. The next stream restores
// the usual delay.
import { expect, test } from 'vitest';
import type { StreamLimits } from '../../src/core/endpoint.js';
import type { Caller } from '../../src/core/principal.js';
import { createEndedStreams } from '../../src/proxy/ended-streams.js';
import type { StreamContext } from '../../src/proxy/event-stream.js';
import { testClock } from '../support/clock.js';
import { passThroughCaller, principal } from '../support/endpoint.js';
import { clock, inSeconds, open, openStreamOf, pass, ticker, watchStreams } from '../support/watched-stream.js';

watchStreams();

const AT_ONCE = 'retry: 50\n\n';
const USUALLY = 'retry: 1000\n\n';
const GET: Partial<StreamContext> = { idText: undefined, sessionId: 's-1' };

test.each<[string, Partial<StreamLimits>, () => Caller, Partial<StreamContext>]>([
  ['with its token', {}, () => inSeconds(60), GET],
  ['with its token, without a session', {}, () => inSeconds(60), { idText: undefined }],
  ['at its time limit', { maxSeconds: 60 }, () => inSeconds(5000), GET],
  ['at its time limit, for a caller that the upstream verifies', { maxSeconds: 60 }, () => passThroughCaller(), GET],
])(
  'B-78: a GET stream ends %s: the client returns in 50 ms, then its delay is the usual one',
  (_how, limits, caller, context) => {
    const openStream = openStreamOf({ keepAliveSeconds: 0, ...limits });
    const first = open(context, {}, caller(), openStream);
    pass(60_000);
    expect([first.comments, first.closed]).toEqual([[], [{ last: AT_ONCE, reason: 'stream.max_duration' }]]);
    const [second, third] = [1, 2].map(() => open(context, {}, caller(), openStream));
    expect([second?.comments, third?.comments]).toEqual([[USUALLY], []]);
  },
);

test.each<[string, Partial<StreamContext>, () => Caller, number]>([
  ['another session', { ...GET, sessionId: 's-2' }, () => inSeconds(60), 0],
  ['another caller', GET, () => principal({ subject: 'bob' }), 0],
  ['a subscription', { sessionId: 's-1' }, () => inSeconds(60), 0],
  ['a stream that takes no bytes of the gateway', { ...GET, canAppend: false }, () => inSeconds(60), 0],
  ['the same client after a minute', GET, () => inSeconds(60), 61_000],
])('B-78: %s gets no delay', (_what, context, caller, laterMs) => {
  const openStream = openStreamOf({ keepAliveSeconds: 0 });
  open(GET, {}, inSeconds(60), openStream);
  pass(60_000 + laterMs);
  expect(open(context, {}, caller(), openStream).comments).toEqual([]);
});

test('B-78: a pass-through caller without a session cannot be found again, so its delay stays the usual one', () => {
  const { closed } = open({ idText: undefined }, { maxSeconds: 60 }, passThroughCaller());
  pass(60_000);
  expect(closed).toEqual([{ last: '', reason: 'stream.max_duration' }]);
});

test('B-78, E-11: no quick return to a gateway that shuts down', () => {
  const { closed } = open(GET);
  ticker.shutDown();
  expect(closed).toEqual([{ last: '', reason: null }]);
});

test('B-72: a byte order mark after the delay hides no event', () => {
  const openStream = openStreamOf({ maxSeconds: 60 });
  open(GET, {}, inSeconds(5000), openStream);
  pass(60_000);
  expect(open(GET, {}, inSeconds(5000), openStream).sends('\u{feff}data: 1\n\n')).toBe('data: 1\n\n');
});

test('B-78: ten thousand ended streams are remembered, the oldest is forgotten first', () => {
  const ended = createEndedStreams(testClock(clock.wallMs()));
  for (let n = 0; n <= 10_000; n++) ended.add(`s-${n}`);
  expect([ended.take('s-0'), ended.take('s-1'), ended.take('s-1'), ended.take('s-10000')]).toEqual([false, true, false, true]);
});
