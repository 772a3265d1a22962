// Event streams: events pass at once, quiet streams stay open, bursts are complete, and cuts are
// visible.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Ask, legacy, modern } from '../fixtures/messages.js';
import { openRaw, type RawConnection, type RawRequest, requestBytes } from '../fixtures/raw-client.js';
import { type Answer, answers } from '../fixtures/raw-upstream.js';
import { type Scene, startScene } from '../fixtures/scene.js';
import { until } from '../fixtures/wait.js';

const WITHIN_MS = 200;

let scene: Scene;
beforeAll(async () => {
  // Shorter than any pause below: it limits the head of an answer, never its body.
  scene = await startScene({ upstream: { headersTimeoutMs: 500 } });
});
afterAll(() => scene.stop());
beforeEach(async () => {
  scene.upstream.reset();
  await scene.passes();
  scene.upstream.reset();
});

const kinds: [string, (ask?: Ask) => RawRequest][] = [
  ['a modern call', (ask) => modern('tools/call', { params: { name: 'slow' }, token: scene.token(), ...ask })],
  ['a subscription', (ask) => modern('subscriptions/listen', { token: scene.token(), ...ask })],
  ['a legacy call', (ask) => legacy('tools/call', { params: { name: 'slow' }, token: scene.token(), ...ask })],
  ['a GET stream', (ask) => legacy('', { method: 'GET', token: scene.token(), ...ask })],
];

async function open(request: RawRequest): Promise<RawConnection> {
  const connection = await openRaw(scene.gateway.port, { label: 'a stream' });
  await connection.write(requestBytes(scene.gateway.port, request));
  return connection;
}

/** Writes exactly these pieces of a stream. A number is a pause in milliseconds. */
const pieces =
  (parts: (string | number)[], end: 'end' | 'keep' | 'destroy' | 'reset' = 'end'): Answer =>
  async ({ req, res, socket, request }) => {
    req.resume();
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    res.flushHeaders();
    for (const part of parts) {
      if (typeof part === 'number') await sleep(part);
      else await new Promise<void>((resolve) => res.write(part, () => resolve()));
    }
    if (end === 'end') res.end();
    if (end !== 'destroy' && end !== 'reset') return;
    request.brokenOff = true;
    // The written bytes have to leave before the connection ends.
    await sleep(20);
    if (end === 'reset') socket.resetAndDestroy();
    else socket.destroy();
  };

describe('B-70: events 100 ms apart arrive one by one', () => {
  // The only measured time here, so it is repeated where the machine was busy.
  test.each(kinds)('%s', { retry: 2 }, async (_name, make) => {
    const written: number[] = [];
    scene.upstream.answer(async ({ req, res }) => {
      req.resume();
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      for (let n = 0; n < 5; n += 1) {
        await sleep(100);
        written.push(performance.now());
        res.write(`data: ${n}\n\n`);
      }
      res.end();
    });
    const connection = await open(make());
    const started = performance.now();
    const response = await connection.response({ label: 'five events' });
    connection.destroy();
    expect([response.status, response.complete]).toEqual([200, true]);
    expect(response.pieces.map(({ text }) => text)).toEqual([':\n', ...[0, 1, 2, 3, 4].map((n) => `data: ${n}\n\n`)]);
    const late = response.pieces.slice(1).map(({ atMs }, n) => started + atMs - (written[n] ?? Number.NaN));
    expect(late.filter((ms) => !(ms < WITHIN_MS))).toEqual([]);
    expect([response.header('content-length'), response.header('content-encoding')]).toEqual([undefined, undefined]);
    expect(response.header('content-type')).toBe('text/event-stream');
    expect(response.header('cache-control')).toBe('no-store, no-transform');
    expect(response.header('x-accel-buffering')).toBe('no');
  });

  test('B-70: the head arrives before the first event, so that a client knows that it is connected', async () => {
    scene.upstream.answer(pieces([], 'keep'));
    const connection = await open(legacy('', { method: 'GET', token: scene.token() }));
    await until('the head of a stream without an event', () => connection.received().startsWith('HTTP/1.1 200 '));
    connection.destroy();
  });
});

test('B-72: streams of every kind stay open through three quiet seconds', async () => {
  scene.upstream.answer(pieces(['data: first\n\n', 3000, 'data: last\n\n']));
  const quiet = kinds.map(async ([name, make]) => {
    const connection = await open(make());
    const response = await connection.response({ label: `${name} that is quiet`, ms: 8000 });
    connection.destroy();
    return response;
  });
  for (const response of await Promise.all(quiet)) {
    // The gateway may add comments to keep the stream alive, but no other bytes.
    expect(response.body.replaceAll(/^:.*\n/gm, '')).toBe('data: first\n\ndata: last\n\n');
    expect(response.complete).toBe(true);
  }
});

test('B-70, B-87: a burst of 1000 events arrives complete, in order, and byte for byte', async () => {
  const events = Array.from({ length: 1000 }, (_value, n) => `id: ${n}\nevent: message\ndata: {"n":${n},"text":"é€😀"}\n\n`);
  const text = `: hello\n\nretry: 1500\nid: start\ndata: \n\n${events.join('')}data: a\r\ndata: b\r\n\r\n`;
  const bytes = Buffer.from(text);
  scene.upstream.answer(async ({ req, res }) => {
    req.resume();
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    // Split without regard for lines or characters.
    for (let at = 0; at < bytes.length; at += 97) res.write(bytes.subarray(at, at + 97));
    res.end();
  });
  for (const [, make] of kinds) {
    const connection = await open(make());
    const response = await connection.response({ label: 'a burst' });
    connection.destroy();
    expect([response.complete, response.bytes.equals(Buffer.concat([Buffer.from(':\n'), bytes]))]).toEqual([true, true]);
  }
});

describe('B-77: an upstream that breaks off a stream', () => {
  const half = 'data: {"jsonrpc":"2.0"';
  test.each<[string, Answer, string]>([
    ['in the middle of an event, closed', pieces(['data: 1\n\n', half], 'destroy'), `data: 1\n\n${half}`],
    ['in the middle of an event, reset', pieces(['data: 1\n\n', 50, half, 20], 'reset'), `data: 1\n\n${half}`],
    ['after an event with an id, closed', pieces(['id: 1\ndata: 1\n\n'], 'destroy'), 'id: 1\ndata: 1\n\n'],
    ['after an event with an id, reset', pieces(['id: 1\ndata: 1\n\n', 20], 'reset'), 'id: 1\ndata: 1\n\n'],
  ])('%s: the received bytes are delivered, then the connection is cut', async (_name, answer, text) => {
    scene.upstream.answer(answer);
    const broken = kinds.map(async ([name, make]) => {
      const connection = await open(make());
      const response = await connection.response({ label: `${name} that breaks off`, closeMs: 1000 });
      expect([response.status, response.body, response.complete, response.closed]).toEqual([200, `:\n${text}`, false, true]);
      expect(await scene.logOf(response)).toMatchObject({ reason: 'stream.broken', 'http.response.status_code': 200 });
    });
    await Promise.all(broken);
  });

  test.each<[string, Answer]>([
    ['closed', pieces(['data: 1\n\n'], 'destroy')],
    ['reset', pieces(['data: 1\n', 20, '\n', 20], 'reset')],
  ])('between events without ids, %s: one error with the id of the request; a GET stream is cut', async (_name, answer) => {
    scene.upstream.answer(answer);
    const error = { code: -31502, message: 'The response of the MCP server is incomplete' };
    const broken = kinds.map(async ([name, make], n) => {
      const id = n % 2 === 0 ? `call-${n}` : n;
      const connection = await open(make({ id }));
      const response = await connection.response({ label: `${name} that breaks off between events`, closeMs: 200 });
      connection.destroy();
      const [first, last, ...more] = response.body.split('\n\n');
      expect([response.status, first]).toEqual([200, ':\ndata: 1']);
      expect(await scene.logOf(response)).toMatchObject({ reason: 'stream.broken', 'http.response.status_code': 200 });
      if (name === 'a GET stream') expect([last, response.complete, response.closed]).toEqual(['', false, true]);
      else {
        const data = { requestId: response.header('x-request-id') };
        expect(JSON.parse(last?.replace(/^data: /, '') ?? '')).toEqual({ jsonrpc: '2.0', id, error: { ...error, data } });
        expect([more, response.complete, response.closed]).toEqual([[''], true, false]);
      }
    });
    await Promise.all(broken);
  });

  test.each([
    'data: {"jsonrpc":"2.0","id":"call-7","result":{}}\n\n',
    'data: {"jsonrpc": "2.0", "id": "call-7", "result" : {}}\n\n',
    'data: {"jsonrpc":"2.0","id":"call-7","\\u0072esult":{}}\n\n',
    'data: {"jsonrpc":"2.0","id":"call-7","error"\ndata: :{"code":1,"message":"x"}}\n\n',
  ])('after the answer to the call, a cut and no second answer: %j', async (text) => {
    scene.upstream.answer(pieces([text], 'destroy'));
    const connection = await open(modern('tools/call', { id: 'call-7', params: { name: 'slow' }, token: scene.token() }));
    const response = await connection.response({ label: 'a call that was answered', closeMs: 1000 });
    expect([response.body, response.complete, response.closed]).toEqual([`:\n${text}`, false, true]);
  });
});

test('B-76: a stream ends when the upstream ends it, and the connection stays open', async () => {
  const connection = await openRaw(scene.gateway.port, { label: 'two calls on one connection' });
  for (const n of [1, 2]) {
    scene.upstream.answer(answers.sse([{ data: { n } }]));
    await connection.write(requestBytes(scene.gateway.port, modern('tools/list', { token: scene.token() })));
    const response = await connection.response({ label: `stream ${n} on one connection` });
    expect([response.body, response.complete, response.closed]).toEqual([`:\ndata: {"n":${n}}\n\n`, true, false]);
  }
  connection.destroy();
});
