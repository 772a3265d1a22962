// Event streams that the gateway ends: with their token, after the longest time, or above the limit
// of streams.
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ToolListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { modern } from '../fixtures/messages.js';
import type { RawConnection, RawRequest, RawResponse } from '../fixtures/raw-client.js';
import { answers } from '../fixtures/raw-upstream.js';
import { type Scene, startScene } from '../fixtures/scene.js';
import { startV1Upstream, type V1Upstream } from '../fixtures/upstream-v1.js';
import { startV2Upstream, type V2Upstream } from '../fixtures/upstream-v2.js';
import { until, withDeadline } from '../fixtures/wait.js';
import {
  AT_ONCE,
  call,
  ends,
  FIRST,
  KINDS,
  LAST,
  type Make,
  messages,
  openStream,
  stream,
  subscription,
  USUALLY,
  wholeStream,
  withoutComments,
  writes,
} from '../support/stream-calls.js';

const MAX_STREAMS = 4;
/** The longest time of a stream at the bounded endpoints. */
const LONGEST_MS = 3000;
const TOLERANCE_SECONDS = 4;

let scene: Scene;
let v1: V1Upstream;
let v2: V2Upstream;
beforeAll(async () => {
  [v1, v2] = await Promise.all([startV1Upstream(), startV2Upstream()]);
  const bounded = { keepAliveSeconds: 1, maxSeconds: LONGEST_MS / 1000 };
  scene = await startScene({
    issuer: { clockToleranceSeconds: TOLERANCE_SECONDS },
    upstream: { maxStreams: MAX_STREAMS },
    endpoint: { streams: { keepAliveSeconds: 1 } },
    more: [
      { path: '/quiet', streams: { keepAliveSeconds: 0, maxSeconds: LONGEST_MS / 1000 } },
      { path: '/outlive', streams: { keepAliveSeconds: 0, outliveTokenSeconds: 2 } },
      { path: '/v1', streams: bounded, upstream: v1.url },
      { path: '/v2', streams: bounded, upstream: v2.url },
    ],
  });
});
afterAll(async () => {
  await scene.gateway.stop('SIGKILL');
  await Promise.all([scene.stop(), v1.stop(), v2.stop()]);
});
beforeEach(async () => {
  scene.upstream.reset();
  await scene.passes();
  scene.upstream.reset();
});

/** A token for an endpoint, valid for `ttl` seconds. */
const token = (path: string, ttl = 300, sub = 'alice'): string =>
  scene.token({ audience: scene.gateway.url + path, ttl, claims: { sub } });

const open = (request: RawRequest): Promise<RawConnection> => openStream(scene.gateway.port, request);
const whole = (request: RawRequest): Promise<RawResponse> => wholeStream(scene.gateway.port, request);
const completed = (id: string) => ({
  jsonrpc: '2.0',
  id,
  result: { resultType: 'complete', _meta: { 'io.modelcontextprotocol/subscriptionId': id } },
});

describe('B-78: the token', () => {
  test('ends a subscription with its result, and a GET stream, but not a running call', async () => {
    scene.upstream.answer(ends(FIRST, 4500, LAST));
    const started = performance.now();
    // Valid for at least two seconds, and at most three.
    const asked = [subscription, stream, call].map((make) => whole(make({ token: token('/mcp', 3) })));
    const [listened, streamed] = (await Promise.all(asked.slice(0, 2))) as [RawResponse, RawResponse];
    expect(performance.now() - started).toBeGreaterThan(1000);
    expect(messages(listened).slice(1)).toEqual([completed('sub-1')]);
    expect(withoutComments(streamed)).toBe(FIRST + AT_ONCE);
    for (const response of [listened, streamed]) {
      expect([response.status, response.complete]).toEqual([200, true]);
      expect(await scene.logOf(response)).toMatchObject({
        reason: 'stream.max_duration',
        'http.response.status_code': 200,
        level: 'info',
      });
    }
    const left = (): number => scene.upstream.requests.filter(({ closedEarly }) => closedEarly).length;
    await until('the upstream sees two disconnects', () => left() === 2, 500);

    const answered = (await asked[2]) as RawResponse;
    expect([answered.complete, withoutComments(answered)]).toEqual([true, FIRST + LAST]);
    expect([(await scene.logOf(answered)).reason, left()]).toEqual(['ok', 2]);
  });

  test('may be outlived as long as the operator allows', async () => {
    scene.upstream.answer(writes([FIRST]));
    const ended = token('/outlive', 2);
    const started = performance.now();
    const [listened, streamed] = await Promise.all(
      [subscription, stream].map((make) => whole(make({ path: '/outlive', token: ended }))),
    );
    expect(performance.now() - started).toBeGreaterThan(2500);
    expect([messages(listened as RawResponse).slice(1), withoutComments(streamed as RawResponse)]).toEqual([
      [completed('sub-1')],
      FIRST + AT_ONCE,
    ]);
    expect((await scene.logOf(streamed as RawResponse)).reason).toBe('stream.max_duration');
  });

  test('that has expired allows a stream within the tolerance, and to its end', async () => {
    scene.upstream.answer(writes([FIRST]));
    const late = token('/mcp', -1);
    const started = performance.now();
    const response = await whole(subscription({ token: late }));
    expect(messages(response).slice(1)).toEqual([completed('sub-1')]);
    expect(performance.now() - started).toBeGreaterThan(1000);
    scene.upstream.answer(answers.rpc());
    const again = async (): Promise<number> => (await scene.send(modern('tools/list', { token: late }))).status;
    await until('the token is rejected', async () => (await again()) === 401, 1500);
  });
});

test('B-78: after a GET stream that ended with its token, the next one restores the delay of the client', async () => {
  scene.upstream.answer(writes([FIRST]));
  const ask = (ttl: number): RawRequest => stream({ token: token('/mcp', ttl, 'bob') });
  const [ended, next] = [await whole(ask(2)), await open(ask(300))];
  expect(withoutComments(ended)).toBe(FIRST + AT_ONCE);
  await until('the next stream began', () => next.received().includes(FIRST));
  const text = next.received();
  expect(text.indexOf(USUALLY)).toBeGreaterThan(0);
  expect(text.indexOf(FIRST)).toBeGreaterThan(text.indexOf(USUALLY));
  next.destroy();
});

describe('B-78: the longest time', () => {
  const timedOut = (id: string | number) => ({
    jsonrpc: '2.0',
    id,
    error: { code: -31504, message: 'The stream reached its time limit' },
  });

  /** Opens these streams one after the other. Resolves to their ends. */
  async function outlived(asked: [text: string, make: Make][], sub: string): Promise<RawResponse[]> {
    const opened: RawConnection[] = [];
    for (const [text, make] of asked) {
      scene.upstream.answer(writes([text]));
      const connection = await open(make({ path: '/quiet', token: token('/quiet', 300, sub) }));
      await until('the stream began', () => connection.received().includes(text));
      opened.push(connection);
    }
    const label = 'the end of a stream';
    const responses = opened.map((connection) => connection.response({ label, ms: LONGEST_MS + 1000, closeMs: 100 }));
    for (const response of await Promise.all(responses)) {
      expect([response.status, (await scene.logOf(response)).reason]).toEqual([200, 'stream.max_duration']);
    }
    for (const connection of opened) connection.destroy();
    return Promise.all(responses);
  }

  test('ends every kind of stream: a subscription with its result, a call with an error', async () => {
    const responses = await outlived(
      KINDS.map(([, make]) => [FIRST, make]),
      'alice',
    );
    expect(responses.map((response) => messages(response).slice(1))).toMatchObject([
      [timedOut('call-7')],
      [timedOut(7)],
      [completed('sub-1')],
      [],
    ]);
    // Their connections can be used again.
    expect(responses.map(({ complete, closed }) => [complete, closed])).toEqual(KINDS.map(() => [true, false]));
  });

  test('cuts a stream within an event, and a call whose events have ids', async () => {
    const half = 'data: {"a"';
    const withId = 'id: 1\ndata: 1\n\n';
    const responses = await outlived(
      [
        [half, subscription],
        [half, stream],
        [half, call],
        [withId, call],
      ],
      'bob',
    );
    expect(responses.map(({ body, complete, closed }) => [body, complete, closed])).toEqual(
      [half, half, half, withId].map((text) => [text, false, true]),
    );
  });
});

test('B-78: above maxStreams a new stream is rejected, calls pass, and an ended stream frees its slot', async () => {
  scene.upstream.answer(writes([FIRST]));
  const held: RawConnection[] = [];
  for (let n = 0; n < MAX_STREAMS; n++) {
    const connection = await open((n % 2 === 0 ? subscription : stream)({ token: token('/mcp', n === 0 ? 3 : 300) }));
    await until(`stream ${n}`, () => connection.received().includes(FIRST));
    held.push(connection);
  }
  const busy = await scene.send(stream({ token: token('/mcp') }));
  expect([busy.status, busy.header('retry-after'), (await scene.logOf(busy)).reason]).toEqual([503, '1', 'upstream.busy']);
  scene.upstream.next(answers.rpc());
  await scene.passes();
  await held[0]?.response({ label: 'the stream whose token ends' });
  const connection = await open(stream({ token: token('/mcp') }));
  await until('a slot is free', () => connection.received().includes(FIRST));
  for (const one of [...held, connection]) one.destroy();
});

const info = { name: 'test', version: '0.0.0' };
const bearer = (path: string) => ({ requestInit: { headers: { authorization: `Bearer ${token(path)}` } } });

test('B-78, B-102: for SDK 2.x the end of a subscription is graceful, and it can subscribe again', async () => {
  const client = new Client(info, { versionNegotiation: { mode: { pin: '2026-07-28' } } });
  const failed: unknown[] = [];
  client.onerror = (error) => failed.push(error);
  await client.connect(new StreamableHTTPClientTransport(new URL(`${scene.gateway.url}/v2`), bearer('/v2')));
  for (const time of ['first', 'second']) {
    const { closed, honoredFilter } = await client.listen({ toolsListChanged: true });
    expect(honoredFilter).toEqual({ toolsListChanged: true });
    expect(await withDeadline(`the ${time} subscription ends`, closed, LONGEST_MS + 1000)).toBe('graceful');
  }
  expect(failed).toEqual([]);
  await client.close();
});

test('B-78: SDK 1.x opens its GET stream again, and gets the next notification', async () => {
  const client = new ClientV1(info);
  await client.connect(new TransportV1(new URL(`${scene.gateway.url}/v1`), bearer('/v1')) as never);
  let announced = 0;
  client.setNotificationHandler(ToolListChangedNotificationSchema, () => void announced++);
  const opened = (): number => v1.seen.filter(({ method }) => method === 'GET').length;
  await until('the GET stream is open', () => opened() === 1);
  await until('the client opens it again', () => opened() === 2, LONGEST_MS + 4000);
  await until('a notification arrives on the second', () => {
    if (announced === 0) v1.announce();
    return announced > 0;
  });
  await client.close();
});
