// A caller that goes away: the upstream sees it at once, nothing is invented in its name, and its place is free again.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { legacy, modern } from '../fixtures/messages.js';
import { openRaw, type RawConnection, type RawRequest, requestBytes } from '../fixtures/raw-client.js';
import { answers } from '../fixtures/raw-upstream.js';
import { type Scene, startScene } from '../fixtures/scene.js';
import { until } from '../fixtures/wait.js';

/** Fewer places than there are aborted calls below: a place that is not given back is missed. */
const PLACES = 2;
/** The bound of the project, which is tighter than the second of B-73. */
const WITHIN_MS = 100;

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

async function open(request: RawRequest): Promise<RawConnection> {
  const connection = await openRaw(scene.gateway.port, { label: 'a call that will be left' });
  await connection.write(requestBytes(scene.gateway.port, request));
  return connection;
}

/** Leaves three calls, one after the other; the milliseconds until the upstream saw each caller go. */
async function leave(make: () => RawRequest, ready: (connection: RawConnection) => boolean): Promise<number[]> {
  const took: number[] = [];
  for (let i = 1; i <= 3; i += 1) {
    const connection = await open(make());
    const seen = await scene.upstream.waitFor(i, (request) => request.method === 'GET' || request.bodyComplete);
    await until('the call is under way', () => ready(connection));
    const left = performance.now();
    connection.destroy();
    await until('the upstream sees the caller go', () => seen.closedAt !== undefined);
    expect(seen.closedEarly).toBe(true);
    took.push((seen.closedAt ?? Number.NaN) - left);
  }
  return took;
}

const waiting = (): boolean => true;
const began = (connection: RawConnection): boolean => connection.received().includes('"began"');
const slow = { name: 'slow', arguments: {} };

describe('B-73: the upstream sees the caller go at once', () => {
  test.each<[string, () => RawRequest]>([
    ['a modern call', () => modern('tools/call', { params: slow, token: scene.token() })],
    ['a legacy call', () => legacy('tools/call', { params: slow, token: scene.token() })],
    ['a subscription', () => modern('subscriptions/listen', { token: scene.token() })],
    ['a GET stream', () => legacy('', { method: 'GET', token: scene.token() })],
  ])('%s, before the answer and in the middle of it', async (_name, make) => {
    scene.upstream.answer(answers.stall());
    expect(Math.min(...(await leave(make, waiting)))).toBeLessThan(WITHIN_MS);
    scene.upstream.reset();
    scene.upstream.answer(answers.sse([{ data: 'began' }, { data: 'ended', afterMs: 60_000 }].map(quoted)));
    expect(Math.min(...(await leave(make, began)))).toBeLessThan(WITHIN_MS);
  });

  const quoted = ({ data, afterMs = 0 }: { data: string; afterMs?: number }) => ({ data: JSON.stringify(data), afterMs });

  test('a JSON answer that is under way', async () => {
    scene.upstream.answer(async ({ res, req }) => {
      req.resume();
      res.writeHead(200, { 'content-type': 'application/json', 'content-length': 1000 });
      res.write('{"began":');
    });
    const make = (): RawRequest => modern('tools/call', { params: slow, token: scene.token() });
    const took = await leave(make, (connection) => connection.received().includes('{"began":'));
    expect(Math.min(...took)).toBeLessThan(WITHIN_MS);
  });
});

test('B-74: nothing is sent upstream in the name of a caller that left', async () => {
  scene.upstream.answer(answers.stall());
  await leave(() => legacy('tools/call', { params: slow, token: scene.token() }), waiting);
  scene.upstream.answer(answers.rpc());
  await scene.passes();
  const bodies = scene.upstream.requests.map(({ body }) => body.toString());
  expect([bodies.length, bodies.filter((body) => body.includes('cancelled'))]).toEqual([4, []]);
});

test('C-140: a caller that leaves while it sends its body reaches nobody', async () => {
  const request = modern('tools/list', { token: scene.token(), headers: [['Content-Length', '1000']], body: '{"jsonrpc":' });
  for (let i = 0; i < 3; i += 1) {
    const connection = await open(request);
    await until('the head is taken', () => connection.socket.writableLength === 0);
    connection.destroy();
  }
  await scene.passes();
  expect(scene.upstream.hits).toBe(1);
});

test('D-21: it is told as client.disconnected, and nothing of it is an error', async () => {
  scene.upstream.answer(answers.stall());
  const before = scene.gateway.logs().filter(({ reason }) => reason === 'client.disconnected').length;
  await leave(() => modern('tools/call', { params: slow, token: scene.token() }), waiting);
  const lines = await until('three lines of callers that left', () => {
    const found = scene.gateway.logs().filter(({ reason }) => reason === 'client.disconnected');
    return found.length >= before + 3 ? found : undefined;
  });
  expect(lines.at(-1)).toMatchObject({ 'http.response.status_code': 499, level: 'debug', endpoint: '/mcp' });
  expect(scene.gateway.logs().filter(({ level }) => level === 'error')).toEqual([]);
});

test('B-73, E-15: afterwards every place is free and the process is well', async () => {
  await scene.passes();
  scene.upstream.reset();
  scene.upstream.answer(answers.stall());
  const held = [];
  for (let i = 1; i <= PLACES; i += 1) {
    held.push(await open(modern('tools/list', { token: scene.token() })));
    await scene.upstream.waitFor(i);
  }
  const busy = await scene.send(modern('tools/list', { token: scene.token() }));
  expect([busy.status, busy.header('retry-after'), (await scene.logOf(busy)).reason]).toEqual([503, '1', 'upstream.busy']);
  for (const connection of held) connection.destroy();
  scene.upstream.answer(answers.rpc());
  await until(
    'a place is free again',
    async () => (await scene.send(modern('tools/list', { token: scene.token() }))).status === 200,
  );
});
