// A client or proxy that sends the whole body before it reads the answer: it reads each rejection
// whole, and its connection is never reset. The bytes, the time and the memory are bounded.
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Ask, modern } from '../fixtures/messages.js';
import { openRaw, requestBytes } from '../fixtures/raw-client.js';
import { type Scene, startScene } from '../fixtures/scene.js';
import { withDeadline } from '../fixtures/wait.js';

const KB = 1000;
const SIZES = [1 * KB, 20 * KB, 64 * KB, 1000 * KB, 8000 * KB];

let scene: Scene;
beforeAll(async () => {
  scene = await startScene({ endpoint: { tools: { default: 'deny' } } });
});
afterAll(() => scene.stop());

type Outcome = { received: string; error: string | null; ended: boolean };

/** Sends everything before it reads a byte, as many proxies do. Then reads to the end. */
function sendThenRead(bytes: readonly Buffer[], { gapMs = 0, patienceMs = 8000 } = {}): Promise<Outcome> {
  const socket = connect({ port: scene.gateway.port, host: '127.0.0.1' });
  const outcome: Outcome = { received: '', error: null, ended: false };
  const over = new Promise<Outcome>((resolve) => {
    const timer = setTimeout(() => socket.destroy(), patienceMs);
    socket.once('error', (error: NodeJS.ErrnoException) => {
      outcome.error = `${error.syscall} ${error.code}`;
    });
    socket.once('close', () => {
      clearTimeout(timer);
      resolve(outcome);
    });
  });
  const write = async (): Promise<void> => {
    for (const piece of bytes) {
      await new Promise<void>((resolve) => void socket.write(piece, () => resolve()));
      if (gapMs > 0) await sleep(gapMs);
    }
    // The answer may be there by now. A proxy reads it a moment later.
    await sleep(20);
    socket.on('data', (chunk: Buffer) => {
      outcome.received += chunk.toString('latin1');
      // The client keeps the connection open where the gateway does.
      const [head = '', body] = outcome.received.split('\r\n\r\n', 2);
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
      if (/\r\nconnection: keep-alive/i.test(head) && body?.length === length) socket.end();
    });
    socket.once('end', () => {
      outcome.ended = true;
    });
  };
  socket.once('connect', () => void write());
  return over;
}

const CHUNK = Buffer.alloc(64 * KB, 0x20);
/** A body of this size, in pieces of 64 KB. */
function body(bytes: number, chunked: boolean): Buffer[] {
  const pieces: Buffer[] = [];
  for (let left = bytes; left > 0; left -= CHUNK.length) pieces.push(CHUNK.subarray(0, Math.min(left, CHUNK.length)));
  if (!chunked) return pieces;
  const framed = pieces.map((piece) =>
    Buffer.concat([Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n')]),
  );
  return [...framed, Buffer.from('0\r\n\r\n')];
}

const framing = (bytes: number, chunked: boolean): [string, string] =>
  chunked ? ['Transfer-Encoding', 'chunked'] : ['Content-Length', String(bytes)];
const head = (ask: Ask): Buffer => requestBytes(scene.gateway.port, { ...modern('tools/list', { ...ask, body: '' }), body: '' });

/** The status of an answer, its `Connection`, whether it is whole, and the error of the client. */
function read({ received, error }: Outcome): unknown[] {
  const [top = '', text = ''] = received.split('\r\n\r\n', 2);
  const length = Number(/content-length: (\d+)/i.exec(top)?.[1] ?? -1);
  const connection = /\r\nconnection: ([a-z-]+)/i.exec(top)?.[1];
  return [Number(top.slice(9, 12)), connection, text.length === length ? 'whole' : `${text.length} of ${length}`, error];
}

type Case = [name: string, status: number, ask: () => Ask];
const cases: Case[] = [
  ['no token', 401, () => ({})],
  ['an expired token', 401, () => ({ token: scene.token({ ttl: -300 }) })],
  [
    'two credentials',
    400,
    () => ({
      headers: [
        ['Authorization', 'Bearer a'],
        ['Authorization', 'Bearer b'],
      ],
    }),
  ],
  ['a foreign origin', 403, () => ({ headers: [['Origin', 'https://evil.example.com']], token: scene.token() })],
  ['an unknown path', 404, () => ({ path: '/nowhere' })],
  ['an unknown method', 405, () => ({ method: 'PUT', token: scene.token() })],
  ['a page, which has no body', 405, () => ({ path: '/healthz' })],
  [
    'two Hosts',
    400,
    () => ({
      headers: [
        ['Host', 'a'],
        ['Host', 'b'],
      ],
    }),
  ],
  ['another media type', 415, () => ({ headers: [['Content-Type', 'text/plain']], token: scene.token() })],
  ['an unknown expectation', 417, () => ({ headers: [['Expect', 'wonders']] })],
];

describe.each(cases)('A-20: %s', (_name, status, ask) => {
  test.each(SIZES)('the client reads the whole rejection after %i bytes', async (size) => {
    for (const chunked of [false, true]) {
      for (const close of [false, true]) {
        const asked = ask();
        const headers: Ask['headers'] = [...(asked.headers ?? []), framing(size, chunked)];
        if (close) headers.push(['Connection', 'close']);
        const request = [head({ ...asked, headers }), ...body(size, chunked)];
        const closes = close || chunked ? 'close' : 'keep-alive';
        expect([chunked, close, ...read(await sendThenRead(request))]).toEqual([chunked, close, status, closes, 'whole', null]);
      }
    }
  });
});

test('A-20, D-16: a body over the limit gets 413, and a client that sends 8 MB before it reads gets it whole', async () => {
  for (const chunked of [false, true]) {
    const request = [head({ token: scene.token(), headers: [framing(8000 * KB, chunked)] }), ...body(8000 * KB, chunked)];
    const [status, , whole, error] = read(await sendThenRead(request));
    expect([chunked, status, whole, error]).toEqual([chunked, 413, 'whole', null]);
  }
});

/** A body in pieces of 8 KB, so that the gateway answers before the last one is there. */
const inPieces = (size: number): Buffer[] =>
  Array.from({ length: Math.ceil(size / 8000) }, (_, at) => CHUNK.subarray(0, Math.min(8000, size - at * 8000)));

test.each([
  ['/mcp', 401, 20 * KB],
  ['/mcp', 401, 64 * KB],
  ['/nowhere', 404, 20 * KB],
  ['/nowhere', 404, 64 * KB],
])('A-20: none of 50 rejections of %s with %i is lost after %i bytes in pieces', async (path, status, size) => {
  const request = [head({ path, headers: [framing(size, false), ['Connection', 'close']] }), ...inPieces(size)];
  for (let n = 0; n < 5; n++) {
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => sendThenRead(request, { gapMs: 3 })));
    for (const outcome of outcomes) expect(read(outcome)).toEqual([status, 'close', 'whole', null]);
  }
});

describe('A-20: an answer that closes the connection is read whole, too, where', () => {
  test.each<[string, string, string[]]>([
    ['the client speaks HTTP/1.0', 'POST /mcp HTTP/1.0', []],
    ['the client speaks HTTP/1.0 to an unknown path', 'POST /nowhere HTTP/1.0', []],
    // Some clients do not wait for long.
    ['the client expects 100 and sends the body without it (C-142)', 'POST /mcp HTTP/1.1', ['Expect: 100-continue']],
    ['the client offers an upgrade (D-19)', 'POST /mcp HTTP/1.1', ['Connection: Upgrade', 'Upgrade: h2c']],
  ])('%s', async (_name, start, lines) => {
    for (const size of [20 * KB, 1000 * KB]) {
      const top = [start, 'Host: a', `Content-Length: ${size}`, ...lines].join('\r\n');
      const pieces = size < 100 * KB ? inPieces(size) : body(size, false);
      const outcome = await sendThenRead([Buffer.from(`${top}\r\n\r\n`), ...pieces], { gapMs: 3 });
      expect([size, ...read(outcome).slice(1)]).toEqual([size, 'close', 'whole', null]);
      expect(outcome.ended).toBe(true);
    }
  });

  test('requests follow it on the connection (C-140)', async () => {
    const size = 20 * KB;
    const closing = head({ path: '/nowhere', headers: [framing(size, false), ['Connection', 'close']] });
    const outcome = await sendThenRead([closing, ...inPieces(size), closing, ...inPieces(size)], { gapMs: 3 });
    expect([outcome.error, outcome.ended]).toEqual([null, true]);
    expect(outcome.received.match(/HTTP\/1\.1 /g)).toHaveLength(1);
    expect(read(outcome).slice(0, 3)).toEqual([404, 'close', 'whole']);
  });
});

describe('a request that node:http rejects (D-10, D-18)', () => {
  const HOST = 'Host: a\r\n';
  test.each<[string, string, number]>([
    ['bytes that are not HTTP', 'garbage\r\n\r\n', 400],
    ['two lengths', `POST /mcp HTTP/1.1\r\n${HOST}Content-Length: 1\r\nContent-Length: 2\r\n\r\n`, 400],
    ['a header of 70 KB', `POST /mcp HTTP/1.1\r\n${HOST}Content-Length: 8000000\r\nX: ${'a'.repeat(70_000)}\r\n\r\n`, 431],
    ['CONNECT', `CONNECT a:443 HTTP/1.1\r\n${HOST}\r\n`, 400],
    ['a chunk that is not valid', `POST /mcp HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\nzz\r\n`, 401],
  ])('%s: a client that sends 8 MB before it reads gets the answer whole', async (_name, bytes, status) => {
    for (const size of [20 * KB, 1000 * KB, 8000 * KB]) {
      const seen = read(await sendThenRead([Buffer.from(bytes), ...body(size, false)]));
      expect([size, ...seen]).toEqual([size, status, 'close', 'whole', null]);
    }
  });
});

describe('a connection with a body that was dropped', () => {
  test.each([20 * KB, 1000 * KB, 8000 * KB])('serves the next request after %i declared bytes', async (size) => {
    const connection = await openRaw(scene.gateway.port, { label: 'a kept connection' });
    for (let n = 0; n < 3; n++) {
      await connection.write(Buffer.concat([head({ headers: [framing(size, false)] }), ...body(size, false)]));
      const refused = await connection.response({ label: 'the 401' });
      expect([refused.status, refused.header('connection')]).toEqual([401, 'keep-alive']);
    }
    await connection.write(requestBytes(scene.gateway.port, modern('tools/list', { token: scene.token() })));
    expect((await connection.response({ label: 'the request after it' })).status).toBe(200);
    connection.destroy();
  });

  test.each<[string, [string, string][]]>([
    ['kept', []],
    ['closed', [['Connection', 'close']]],
  ])('ends after 4 s where the client sends slowly: %s', async (_name, more) => {
    // The client does not close its half, although the gateway has closed the other one.
    const socket = connect({ port: scene.gateway.port, host: '127.0.0.1', allowHalfOpen: true });
    const closed = new Promise<void>((resolve) => void socket.on('error', () => {}).once('close', () => resolve()));
    const startedMs = performance.now();
    socket.write(head({ headers: [framing(1000 * KB, false), ...more] }));
    const drip = setInterval(() => socket.write(' '), 200);
    const [first] = (await withDeadline('the 401 at once', once(socket, 'data'), 3000)) as [Buffer];
    expect(first.toString()).toMatch(/^HTTP\/1\.1 401 /);
    await withDeadline('the connection is closed', closed, 7000);
    clearInterval(drip);
    expect(performance.now() - startedMs).toBeGreaterThan(3000);
  });

  test('ends after a second where the client sends nothing and the answer closes it', async () => {
    const connection = await openRaw(scene.gateway.port, { label: 'a silent upload' });
    await connection.write(head({ headers: [framing(1000 * KB, false), ['Connection', 'close']] }));
    expect((await connection.response({ label: 'the 401', ms: 2000 })).status).toBe(401);
    await withDeadline('the connection is closed', connection.closed, 2500);
  });
});
