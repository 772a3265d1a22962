// A client that does not read its answer: the gateway closes its connection and the upstream
// request, and the slot is free again. Slow clients and quiet streams are not closed.
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { legacy, modern } from '../fixtures/messages.js';
import { openRaw, type RawRequest, requestBytes } from '../fixtures/raw-client.js';
import { type Answer, answers } from '../fixtures/raw-upstream.js';
import { type Scene, startScene } from '../fixtures/scene.js';
import { until, withDeadline } from '../fixtures/wait.js';

const LIMIT_MS = 1000;
/** More than all socket buffers on the way can hold. */
const TOTAL = 48 << 20;

let scene: Scene;
beforeAll(async () => {
  scene = await startScene({
    root: { limits: { clientStallTimeoutSeconds: LIMIT_MS / 1000 } },
    upstream: { maxConcurrentRequests: 1, maxStreams: 1 },
  });
});
afterAll(() => scene.stop());

const sockets: Socket[] = [];
beforeEach(async () => {
  scene.upstream.reset();
  await scene.passes();
  scene.upstream.reset();
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

/** Sends a request and reads nothing until `resume`. */
function unread(request: RawRequest): Socket {
  const socket = connect(scene.gateway.port, '127.0.0.1');
  socket.on('error', () => {});
  sockets.push(socket.pause());
  socket.write(requestBytes(scene.gateway.port, request));
  return socket;
}

/** An answer of `TOTAL` bytes, as fast as the connection takes them. */
const large =
  (headers: Record<string, string | number>): Answer =>
  async ({ req, res }) => {
    req.resume();
    res.writeHead(200, headers);
    const piece = Buffer.alloc(1 << 20, ' ');
    for (let sent = 0; sent < TOTAL && !res.destroyed; sent += piece.length) {
      if (!res.write(piece)) await until('room for more', () => res.destroyed || !res.writableNeedDrain, 20 * LIMIT_MS);
    }
    res.end();
  };
const whole = large({ 'content-type': 'application/json', 'content-length': TOTAL });
const events = large({ 'content-type': 'text/event-stream' });
const call = (): RawRequest => modern('tools/call', { params: { name: 'large' }, token: scene.token() });
const stream = (): RawRequest => legacy('', { method: 'GET', token: scene.token() });

test.each<[string, () => RawRequest, Answer]>([
  ['a JSON answer', call, whole],
  ['an answer in events', call, events],
  ['a held stream', stream, events],
])('T21: a client that reads nothing of %s is disconnected, and its slot is free again', async (name, make, answer) => {
  scene.upstream.next(answer);
  const before = scene.gateway.logs().length;
  const socket = unread(make());
  const seen = await scene.upstream.waitFor(1);
  const busy = await scene.send(make());
  expect([busy.status, (await scene.logOf(busy)).reason]).toEqual([503, 'upstream.busy']);
  await until('the upstream sees the disconnect', () => seen.closedEarly, 5 * LIMIT_MS);
  const line = await until('the log has it', () => {
    const lines = scene.gateway.logs().slice(before);
    return lines.find(({ reason }) => reason === 'client.stalled');
  });
  expect(line).toMatchObject({ level: 'info', 'http.response.status_code': 200, endpoint: '/mcp', event: 'http.client_stalled' });
  expect((await scene.send(make(), { label: `${name}: the slot` })).status).toBe(200);
  let received = 0;
  socket.on('data', (chunk) => {
    received += chunk.length;
  });
  // Not events.once: it rejects at a reset, which Node 24 reports and Node 20 does not.
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.resume();
  await withDeadline('the connection is closed', closed, 3000);
  expect(received).toBeLessThan(TOTAL);
});

test('a client that reads slowly gets the whole answer, however long that takes', async () => {
  scene.upstream.next(whole);
  const socket = unread(call());
  let received = 0;
  let due = 0;
  socket.on('data', (chunk) => {
    received += chunk.length;
    if (received >= due) socket.pause();
  });
  const started = performance.now();
  while (received < TOTAL && !socket.destroyed && performance.now() - started < 10 * LIMIT_MS) {
    due = received + (TOTAL >> 3);
    socket.resume();
    await sleep(LIMIT_MS / 3);
  }
  expect(received).toBeGreaterThanOrEqual(TOTAL);
  expect(performance.now() - started).toBeGreaterThan(2 * LIMIT_MS);
});

test('B-72: a stream without waiting bytes is not stalled', async () => {
  scene.upstream.next(answers.sse([{ data: 'first' }, { data: 'second', afterMs: 3 * LIMIT_MS }]));
  const connection = await openRaw(scene.gateway.port, { label: 'a quiet stream' });
  await connection.write(requestBytes(scene.gateway.port, stream()));
  const response = await connection.response({ label: 'the event after the pause', ms: 5 * LIMIT_MS });
  expect([response.body, response.complete]).toEqual([':\ndata: first\n\ndata: second\n\n', true]);
  connection.destroy();
});
