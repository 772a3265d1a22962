// The gateway does not read a body before it has verified the client: the bytes that an anonymous
// client can make it read, and the answer.
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Ask, modern } from '../fixtures/messages.js';
import { openRaw, type RawConnection, requestBytes } from '../fixtures/raw-client.js';
import { type Scene, startScene } from '../fixtures/scene.js';
import { until, withDeadline } from '../fixtures/wait.js';

const MIB = 1 << 20;
/** More than all socket buffers hold: a gateway that takes more has read the body. */
const PATIENCE = 64 * MIB;

let scene: Scene;
beforeAll(async () => {
  scene = await startScene();
});
afterAll(() => scene.stop());
beforeEach(async () => {
  await scene.passes();
  scene.upstream.reset();
});

const CHUNK = Buffer.alloc(65_536, 0x20);
const FRAMED = Buffer.concat([Buffer.from('10000\r\n'), CHUNK, Buffer.from('\r\n')]);

/** Sends until the connection ends, or `PATIENCE` bytes. Resolves to the bytes that were sent. */
async function pour(connection: RawConnection, piece: Buffer): Promise<number> {
  const { socket } = connection;
  let sent = 0;
  while (sent < PATIENCE && !socket.destroyed && socket.writable) {
    sent += piece.length;
    if (!socket.write(piece)) await Promise.race([once(socket, 'drain'), connection.closed]).catch(() => {});
  }
  return sent;
}

const head = (ask: Ask): Buffer => requestBytes(scene.gateway.port, { ...modern('tools/list', { ...ask, body: '' }), body: '' });

describe('A-20: an endless body of an anonymous client', () => {
  test.each<[string, [string, string], Buffer]>([
    ['declared as 2 GB', ['Content-Length', '2147483648'], CHUNK],
    ['declared as 20 MB', ['Content-Length', '20000000'], CHUNK],
    ['chunked', ['Transfer-Encoding', 'chunked'], FRAMED],
  ])('%s is cut, and its client reads the 401', async (_name, framing, piece) => {
    const connection = await openRaw(scene.gateway.port, { label: 'an endless upload' });
    const answered = connection.response({ label: 'the 401 to an endless upload', ms: 5000, closeMs: 5000 });
    await connection.write(head({ headers: [framing] }));
    const poured = pour(connection, piece);
    const response = await answered;
    expect([response.status, response.complete, response.header('connection')]).toEqual([401, true, 'close']);
    expect(response.header('www-authenticate')).toMatch(/^Bearer /);
    await withDeadline('the connection is cut', connection.closed, 5000);
    // Kernel buffers on both sides take some MiB. The gateway itself stops at 64 KiB.
    expect(await withDeadline('the client stops sending', poured, 5000)).toBeLessThan(PATIENCE / 2);
    expect(scene.upstream.hits).toBe(0);
  });

  test('is cut although its client sends on after the end of the answer', async () => {
    const socket = connect({ port: scene.gateway.port, host: '127.0.0.1', allowHalfOpen: true });
    socket.on('error', () => {});
    const closed = new Promise<void>((resolve) => void socket.once('close', () => resolve()));
    let read = '';
    socket.on('data', (bytes: Buffer) => {
      read += bytes.toString('latin1');
    });
    const ended = once(socket, 'end');
    socket.write(head({ headers: [['Content-Length', '2147483648']] }));
    await withDeadline('the answer ends', ended, 5000);
    expect(read).toMatch(/^HTTP\/1\.1 401 /);
    let sent = 0;
    while (sent < PATIENCE && !socket.destroyed) {
      sent += CHUNK.length;
      if (!socket.write(CHUNK)) await Promise.race([once(socket, 'drain').catch(() => {}), closed]);
    }
    // As above: kernel buffers only.
    expect(sent).toBeLessThan(PATIENCE / 2);
    await withDeadline('the connection is cut', closed, 5000);
  });

  test('a short body is drained, and the connection serves the next request', async () => {
    const connection = await openRaw(scene.gateway.port, { label: 'a short upload' });
    await connection.write(requestBytes(scene.gateway.port, modern('tools/list', { body: ' '.repeat(60_000) })));
    const refused = await connection.response({ label: 'the 401 to a short upload' });
    expect([refused.status, refused.header('connection')]).toEqual([401, 'keep-alive']);
    await connection.write(requestBytes(scene.gateway.port, modern('tools/list', { token: scene.token() })));
    expect((await connection.response({ label: 'the request after it' })).status).toBe(200);
    connection.destroy();
  });

  test('a client that waits for the answer before it sends the body gets it at once', async () => {
    const connection = await openRaw(scene.gateway.port, { label: 'a head without its body' });
    await connection.write(head({ headers: [['Content-Length', '2147483648']] }));
    expect((await connection.response({ label: 'the 401 before a byte of the body' })).status).toBe(401);
    await withDeadline('the connection is closed', connection.closed, 5000);
  });

  test('an unknown path and a foreign origin are cut in the same way', async () => {
    const asks: [number, Ask][] = [
      [404, { path: '/nowhere' }],
      [403, { headers: [['Origin', 'https://evil.example.com']], token: scene.token() }],
    ];
    for (const [status, ask] of asks) {
      const connection = await openRaw(scene.gateway.port, { label: `an upload for a ${status}` });
      const headers: Ask['headers'] = [...(ask.headers ?? []), ['Content-Length', '2147483648']];
      const answered = connection.response({ label: `the ${status}`, ms: 5000 });
      await connection.write(head({ ...ask, headers }));
      const poured = pour(connection, CHUNK);
      expect((await answered).status).toBe(status);
      expect(await withDeadline('the client stops sending', poured, 5000)).toBeLessThan(PATIENCE / 2);
    }
  });
});

test('A-05, D-16, C-138: the same holds for pages, which need no credential and have no body', async () => {
  const metadata = '/.well-known/oauth-protected-resource/mcp';
  const pages: [string, string, number][] = [
    ['GET', '/healthz', 200],
    ['GET', metadata, 200],
    ['OPTIONS', metadata, 204],
    ['OPTIONS', '/mcp', 204],
  ];
  for (const [method, path, status] of pages) {
    expect([path, (await scene.send({ method, path, headers: [['Content-Length', '0']] })).status]).toEqual([path, status]);
  }
  const framings: [string, Buffer][] = [
    ['Content-Length: 2147483648', CHUNK],
    ['Transfer-Encoding: chunked', FRAMED],
  ];
  const uploads = pages.flatMap(([method, path]) =>
    framings.map(async ([framing, piece]) => {
      const label = `${method} ${path} with ${framing}`;
      const connection = await openRaw(scene.gateway.port, { label });
      const answered = connection.response({ label, ms: 5000 });
      await connection.write(`${method} ${path} HTTP/1.1\r\nHost: x\r\n${framing}\r\n\r\n`);
      const poured = pour(connection, piece);
      expect([label, (await answered).status]).toEqual([label, 400]);
      const bytes = await withDeadline(`${label}: the client stops sending`, poured, 10_000);
      connection.destroy();
      return bytes < PATIENCE / 2 ? [] : [label];
    }),
  );
  expect((await Promise.all(uploads)).flat()).toEqual([]);
});

test('C-140, RFC 9112 section 9.6: after an answer that closes the connection, requests are ignored', async () => {
  const gone = async (): Promise<string> =>
    /reason="client\.disconnected"\} \d+/.exec(await scene.gateway.metrics())?.[0] ?? 'none';
  const before = await gone();
  const follower = requestBytes(scene.gateway.port, modern('tools/list', { id: 'follower', token: scene.token() }));
  const connection = await openRaw(scene.gateway.port, { label: 'requests one after the other' });
  const kept = requestBytes(scene.gateway.port, modern('tools/list'));
  await connection.write(Buffer.concat([kept, follower]));
  for (const status of [401, 200]) expect((await connection.response({ label: `the ${status} of two` })).status).toBe(status);
  expect(scene.upstream.hits).toBe(1);
  const chunked: Ask = { headers: [['Transfer-Encoding', 'chunked']], body: '5\r\n     \r\n0\r\n\r\n' };
  const closing = requestBytes(scene.gateway.port, modern('tools/list', chunked));
  await connection.write(Buffer.concat([closing, follower]));
  const refused = await connection.response({ label: 'the 401 that closes', closeMs: 5000 });
  expect([refused.status, refused.header('connection'), refused.closed, refused.rest]).toEqual([401, 'close', true, '']);
  // The second request must neither be executed, without a reader for its answer, nor begun.
  await scene.passes({ id: 'afterwards' });
  const ids = scene.upstream.requests.map(({ body }) => (JSON.parse(body.toString()) as { id: unknown }).id);
  expect([ids, await gone()]).toEqual([['follower', 'afterwards'], before]);
});

describe('D-16: a body over the limit, with a valid token', () => {
  test.each<[string, [string, string], Buffer]>([
    ['declared', ['Content-Length', '2147483648'], CHUNK],
    ['chunked', ['Transfer-Encoding', 'chunked'], FRAMED],
  ])('%s gets 413, and the client reads it', async (_name, framing, piece) => {
    const connection = await openRaw(scene.gateway.port, { label: 'a body over the limit' });
    const answered = connection.response({ label: 'the 413', ms: 5000 });
    await connection.write(head({ token: scene.token(), headers: [framing] }));
    const poured = pour(connection, piece);
    const response = await answered;
    expect([response.status, response.header('connection')]).toEqual([413, 'close']);
    expect(JSON.parse(response.body)).toMatchObject({ error: { code: -31413, message: 'Request body too large' } });
    expect(await withDeadline('the client stops sending', poured, 5000)).toBeLessThan(PATIENCE / 2);
    expect(scene.upstream.hits).toBe(0);
  });
});

describe('C-142: Expect: 100-continue', () => {
  const expecting = (ask: Ask): Ask['headers'] => [...(ask.headers ?? []), ['Expect', '100-continue']];

  test('without a token: 401 and no 100', async () => {
    const connection = await openRaw(scene.gateway.port, { label: 'Expect without a token' });
    await connection.write(head({ headers: expecting({ headers: [['Content-Length', '100']] }) }));
    const response = await connection.response({ label: 'the 401 in place of a 100', closeMs: 5000 });
    expect([response.status, response.interim, response.closed]).toEqual([401, [], true]);
    expect(scene.upstream.hits).toBe(0);
  });

  test.each([['an expired token', 401, () => ({ token: scene.token({ ttl: -120 }) })] as const])(
    '%s',
    async (_name, status, ask) => {
      const connection = await openRaw(scene.gateway.port, { label: 'Expect with an expired token' });
      await connection.write(head({ ...ask(), headers: expecting({ headers: [['Content-Length', '100']] }) }));
      const response = await connection.response({ label: 'the 401 in place of a 100', closeMs: 5000 });
      expect([response.status, response.interim]).toEqual([status, []]);
    },
  );

  test('with a token: 100, then 200', async () => {
    const request = modern('tools/list', { token: scene.token(), headers: [['Expect', '100-continue']] });
    const bytes = requestBytes(scene.gateway.port, request);
    const end = bytes.indexOf('\r\n\r\n') + 4;
    const connection = await openRaw(scene.gateway.port, { label: 'Expect with a token' });
    await connection.write(bytes.subarray(0, end));
    await until('the 100 arrives', () => connection.received().startsWith('HTTP/1.1 100 '));
    expect(scene.upstream.hits).toBe(0);
    await connection.write(bytes.subarray(end));
    const response = await connection.response({ label: 'the 200 after the 100' });
    expect([response.status, response.interim]).toEqual([200, [100]]);
    expect(scene.upstream.last?.header('expect')).toBeUndefined();
    connection.destroy();
  });

  test('a declared body that is too large: 413 and no 100', async () => {
    const connection = await openRaw(scene.gateway.port, { label: 'Expect with too large a body' });
    await connection.write(head({ token: scene.token(), headers: expecting({ headers: [['Content-Length', '2147483648']] }) }));
    const response = await connection.response({ label: 'the 413 in place of a 100' });
    expect([response.status, response.interim]).toEqual([413, []]);
  });
});

test('D-16: the process still serves requests afterwards', async () => {
  await scene.passes();
  expect((await scene.send({ path: '/healthz' })).status).toBe(200);
});
