// A client that disconnects: the upstream sees it at once, the gateway sends nothing in its name,
// and its slot is free again.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { legacy, modern } from '../fixtures/messages.js';
import { openRaw, type RawConnection, type RawRequest, requestBytes } from '../fixtures/raw-client.js';
import { answers } from '../fixtures/raw-upstream.js';
import { type Scene, startScene } from '../fixtures/scene.js';
import { until } from '../fixtures/wait.js';

/** Fewer slots than the aborted calls below, so that a slot that is not released is noticed. */
const PLACES = 2;
/** The bound of this project. B-73 allows a whole second. */
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
  const connection = await openRaw(scene.gateway.port, { label: 'a call that the client aborts' });
  await connection.write(requestBytes(scene.gateway.port, request));
  return connection;
}

/** Aborts three calls in turn. Resolves to the milliseconds until the upstream saw each abort. */
async function leave(make: () => RawRequest, ready: (connection: RawConnection) => boolean): Promise<number[]> {
  const took: number[] = [];
  for (let i = 1; i <= 3; i += 1) {
    const connection = await open(make());
    const seen = await scene.upstream.waitFor(i, (request) => request.method === 'GET' || request.bodyComplete);
    await until('the upstream has the call', () => ready(connection));
    const left = performance.now();
    connection.destroy();
    await until('the upstream sees the disconnect', () => seen.closedAt !== undefined);
    expect(seen.closedEarly).toBe(true);
    took.push((seen.closedAt ?? Number.NaN) - left);
  }
  return took;
}

const waiting = (): boolean => true;
const began = (connection: RawConnection): boolean => connection.received().includes('"began"');
const slow = { name: 'slow', arguments: {} };

describe('B-73: the upstream sees the disconnect at once', () => {
  test.each<[string, () => RawRequest]>([
    ['a modern call', () => modern('tools/call', { params: slow, token: scene.token() })],
    ['a legacy call', () => legacy('tools/call', { params: slow, token: scene.token() })],
    ['a subscription', () => modern('subscriptions/listen', { token: scene.token() })],
    ['a GET stream', () => legacy('', { method: 'GET', token: scene.token() })],
  ])('%s, before and in the middle of the answer', async (_name, make) => {
    scene.upstream.answer(answers.stall());
    expect(Math.min(...(await leave(make, waiting)))).toBeLessThan(WITHIN_MS);
    scene.upstream.reset();
    scene.upstream.answer(answers.sse([{ data: 'began' }, { data: 'ended', afterMs: 60_000 }].map(quoted)));
    expect(Math.min(...(await leave(make, began)))).toBeLessThan(WITHIN_MS);
  });

  const quoted = ({ data, afterMs = 0 }: { data: string; afterMs?: number }) => ({ data: JSON.stringify(data), afterMs });

  test('a JSON answer that has begun', async () => {
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

test('B-74: the gateway sends nothing upstream in the name of a client that disconnected', async () => {
  scene.upstream.answer(answers.stall());
  await leave(() => legacy('tools/call', { params: slow, token: scene.token() }), waiting);
  scene.upstream.answer(answers.rpc());
  await scene.passes();
  const bodies = scene.upstream.requests.map(({ body }) => body.toString());
  expect([bodies.length, bodies.filter((body) => body.includes('cancelled'))]).toEqual([4, []]);
});

test('C-140: a client that disconnects while it sends its body does not reach the upstream', async () => {
  const request = modern('tools/list', { token: scene.token(), headers: [['Content-Length', '1000']], body: '{"jsonrpc":' });
  for (let i = 0; i < 3; i += 1) {
    const connection = await open(request);
    await until('the head is sent', () => connection.socket.writableLength === 0);
    connection.destroy();
  }
  await scene.passes();
  expect(scene.upstream.hits).toBe(1);
});

test('D-21: a disconnect is logged as client.disconnected, and never as an error', async () => {
  scene.upstream.answer(answers.stall());
  const before = scene.gateway.logs().filter(({ reason }) => reason === 'client.disconnected').length;
  await leave(() => modern('tools/call', { params: slow, token: scene.token() }), waiting);
  const lines = await until('three lines of clients that disconnected', () => {
    const found = scene.gateway.logs().filter(({ reason }) => reason === 'client.disconnected');
    return found.length >= before + 3 ? found : undefined;
  });
  expect(lines.at(-1)).toMatchObject({ 'http.response.status_code': 499, level: 'debug', endpoint: '/mcp' });
  expect(scene.gateway.logs().filter(({ level }) => level === 'error')).toEqual([]);
});

test('B-73, E-15: every slot is free afterwards, and the process works', async () => {
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
    'a slot is free again',
    async () => (await scene.send(modern('tools/list', { token: scene.token() }))).status === 200,
  );
});
