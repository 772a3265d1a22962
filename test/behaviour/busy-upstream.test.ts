// More requests than the upstream may have: they wait for a moment, and then get 503 (B-74).
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { legacy, modern } from '../fixtures/messages.js';
import { openRaw, type RawConnection, type RawRequest, requestBytes } from '../fixtures/raw-client.js';
import { answers } from '../fixtures/raw-upstream.js';
import { type Scene, startScene } from '../fixtures/scene.js';
import { until } from '../fixtures/wait.js';

const PLACES = 2;
/** Above the bound of a wait, which is 1 s. */
const LONG_MS = 1800;

let scene: Scene;
beforeAll(async () => {
  scene = await startScene({ upstream: { maxConcurrentRequests: PLACES, maxStreams: PLACES } });
});
afterAll(() => scene.stop());
beforeEach(async () => {
  scene.upstream.reset();
  await scene.passes();
  scene.upstream.reset();
});

const call = (): RawRequest => modern('tools/call', { params: { name: 'x' }, token: scene.token() });
const old = (): RawRequest => legacy('tools/call', { params: { name: 'x' }, token: scene.token() });
const stream = (): RawRequest => legacy('', { method: 'GET', token: scene.token() });
const subscription = (): RawRequest => modern('subscriptions/listen', { token: scene.token() });

async function open(request: RawRequest): Promise<RawConnection> {
  const connection = await openRaw(scene.gateway.port, { label: 'a request of many' });
  await connection.write(requestBytes(scene.gateway.port, request));
  return connection;
}

/** Sends the requests at once. Resolves to their outcomes, in the order sent. */
async function burst(requests: RawRequest[]): Promise<string[]> {
  const opened = await Promise.all(requests.map(open));
  const responses = await Promise.all(opened.map((one) => one.response({ label: 'an answer', ms: 5000 })));
  for (const one of opened) one.destroy();
  return Promise.all(responses.map(async (response) => `${response.status} ${(await scene.logOf(response)).reason}`));
}

const count = (outcomes: string[], outcome: string): number => outcomes.filter((one) => one === outcome).length;

describe.each<[string, () => RawRequest]>([
  ['modern calls', call],
  ['legacy calls', old],
  ['GET streams', stream],
  ['subscriptions', subscription],
])('a burst of %s', (_what, make) => {
  test('twice above the limit passes', async () => {
    scene.upstream.answer(answers.delayed(500, answers.sse([{ data: { jsonrpc: '2.0', id: 1, result: {} } }])));
    expect(count(await burst(Array.from({ length: 2 * PLACES }, make)), '200 ok')).toBe(2 * PLACES);
    expect(scene.upstream.hits).toBe(2 * PLACES);
  });

  test('gets 503 at once above the bound of the queue', async () => {
    scene.upstream.answer(answers.delayed(500, answers.sse([{ data: { jsonrpc: '2.0', id: 1, result: {} } }])));
    const outcomes = await burst(Array.from({ length: 2 * PLACES + 3 }, make));
    expect([count(outcomes, '200 ok'), count(outcomes, '503 upstream.busy')]).toEqual([2 * PLACES, 3]);
    expect(scene.upstream.hits).toBe(2 * PLACES);
  });
});

test('a request that waits for a second gets 503 with Retry-After, and the next one passes', async () => {
  scene.upstream.answer(answers.delayed(LONG_MS, answers.rpc()));
  const slow = await Promise.all([open(call()), open(call())]);
  await scene.upstream.waitFor(PLACES);
  const startedMs = performance.now();
  const busy = await scene.send(call(), { label: 'a request above the limit', ms: 5000 });
  const waitedMs = performance.now() - startedMs;
  expect([busy.status, busy.header('retry-after'), (await scene.logOf(busy)).reason]).toEqual([503, '1', 'upstream.busy']);
  expect(waitedMs).toBeGreaterThan(900);
  for (const one of slow) {
    expect((await one.response({ label: 'a slow answer', ms: 5000 })).status).toBe(200);
    one.destroy();
  }
  scene.upstream.answer(answers.rpc());
  expect((await scene.passes()).status).toBe(200);
});

test('a client that disconnects while it waits: its request never reaches the upstream (B-73)', async () => {
  scene.upstream.answer(answers.delayed(500, answers.rpc()));
  const slow = await Promise.all([open(call()), open(call())]);
  await scene.upstream.waitFor(PLACES);
  const gone = await open(modern('tools/call', { params: { name: 'gone' }, token: scene.token() }));
  const stays = await open(modern('tools/call', { params: { name: 'stays' }, token: scene.token() }));
  gone.destroy();
  expect((await stays.response({ label: 'the request behind it', ms: 5000 })).status).toBe(200);
  for (const one of [...slow, stays]) one.destroy();
  const names = scene.upstream.requests.map(({ body }) => JSON.parse(body.toString()).params.name);
  expect(names).toEqual(['x', 'x', 'stays']);
  await until(
    'all connections are free again',
    async () => (await burst([call(), call(), call()])).join() === '200 ok,200 ok,200 ok',
  );
});

test('a burst of 300 passes at the default limit of 256', async () => {
  const whole = await startScene({});
  try {
    whole.upstream.answer(answers.delayed(100, answers.rpc()));
    const request = () => modern('tools/call', { params: { name: 'x' }, token: whole.token() });
    const statuses = await Promise.all(
      Array.from({ length: 300 }, async () => (await whole.send(request(), { label: 'one of 300', ms: 8000 })).status),
    );
    expect(statuses.filter((status) => status !== 200)).toEqual([]);
  } finally {
    await whole.stop();
  }
});
