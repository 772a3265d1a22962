// Upstreams that are down, speak another protocol below HTTP, or send nothing: 502 or 504. The
// gateway cancels the request, and recovers with the upstream.
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startBlackHole } from '../fixtures/black-hole.js';
import { certificate } from '../fixtures/certificate.js';
import { listen, ownPorts } from '../fixtures/ports.js';
import { answers } from '../fixtures/raw-upstream.js';
import { type Scene, startScene } from '../fixtures/scene.js';
import { answer, BODY, createRowChecks, kept, type Row, SIZED, TIMEOUT, TYPE, UNREACHABLE } from '../support/upstream-rows.js';

let scene: Scene;
const { call, expectRow, expectLogged, expectNext } = createRowChecks(() => scene);
const closing: (() => unknown)[] = [];

/** Bytes that reached a server without a valid certificate, which must get none. */
let strayed = '';
const tls = createTlsServer(certificate({ name: 'untrusted', hosts: ['127.0.0.1'] }), (req, res) => {
  strayed += JSON.stringify(req.rawHeaders);
  res.end(BODY);
});
/** Accepts connections and ends them at once, before a handshake. */
const closer = createServer((socket) => socket.destroy());
const portOf = (server: { address(): unknown }): number => (server.address() as AddressInfo).port;

beforeAll(async () => {
  for (const server of [tls, closer]) {
    await listen(server);
    closing.push(() => server.close());
  }
  tls.on('secureConnection', (socket) => {
    socket.on('data', (bytes) => {
      strayed += bytes;
    });
  });
  const [nobody = 0, hole = 0] = await ownPorts(2);
  const blackHole = await startBlackHole(hole);
  closing.push(() => blackHole.stop());
  scene = await startScene({
    upstream: { headersTimeoutMs: 300 },
    more: [
      { path: '/refused', upstream: `http://127.0.0.1:${nobody}/mcp` },
      // A label of 64 letters is invalid, so the lookup fails without a name server.
      { path: '/unresolvable', upstream: `https://${'x'.repeat(64)}.example/mcp` },
      { path: '/unanswered', upstream: { url: `http://127.0.0.1:${hole}/mcp`, connectTimeoutMs: 300 } },
      { path: '/tls-for-plain', upstream: `https://127.0.0.1:${portOf(tls)}/mcp` },
      { path: '/plain-for-tls', upstream: `http://127.0.0.1:${portOf(tls)}/mcp` },
      { path: '/no-handshake', upstream: `https://127.0.0.1:${portOf(closer)}/mcp` },
    ],
  });
});
afterAll(async () => {
  await scene.stop();
  for (const close of closing) await close();
});
beforeEach(async () => {
  scene.upstream.reset();
  await scene.passes();
  scene.upstream.reset();
});

describe('C-145, D-25: an upstream that does not answer', () => {
  test('no answer gives 504, and the gateway cancels the request', async () => {
    scene.upstream.answer(answers.stall());
    expectRow(await call(), TIMEOUT);
    const seen = await scene.upstream.waitFor(1, (request) => request.closedAt !== undefined);
    expect([seen.closedEarly, scene.upstream.hits]).toEqual([true, 1]);
    await expectNext();
  });

  test.each([
    ['half a status line', 'HTTP/1.1 2'],
    ['half a header section', 'HTTP/1.1 200 OK\r\nContent-Ty'],
    ['103', 'HTTP/1.1 103 Early Hints\r\nLink: </internal>\r\n\r\n'],
    ['a head that announces a body', answer('200 OK', [TYPE, SIZED], '')],
  ])('%s and no more bytes give 504', async (_name, bytes) => {
    scene.upstream.answer(kept(bytes));
    expectRow(await call(), TIMEOUT);
    await expectNext();
  });

  test('a header section that arrives byte by byte gives 504', async () => {
    scene.upstream.answer(answers.raw([...answer('200 OK', [TYPE, SIZED])], { everyMs: 10 }));
    expectRow(await call(), TIMEOUT);
    await expectNext();
  });

  test('B-72: a slow body never times out', async () => {
    scene.upstream.answer(answers.sse([{ data: 'a' }, { data: 'b', afterMs: 600 }]));
    expect((await scene.passes()).body).toBe(':\ndata: a\n\ndata: b\n\n');
    scene.upstream.answer(async ({ req, res }) => {
      req.resume();
      res.writeHead(200, { 'content-type': 'application/json', 'content-length': BODY.length });
      res.write(BODY.slice(0, 9));
      await sleep(600);
      res.end(BODY.slice(9));
    });
    expect((await call()).body).toBe(BODY);
  });
  test('A-66: each is logged once, with its reason', expectLogged);
});

describe('C-145, T15: an upstream that is down, or differs from its configuration', () => {
  test.each<[string, string, Row]>([
    ['a port that refuses connections', '/refused', UNREACHABLE],
    ['a name that does not exist', '/unresolvable', UNREACHABLE],
    ['a port that does not respond', '/unanswered', TIMEOUT],
    ['an untrusted certificate', '/tls-for-plain', UNREACHABLE],
  ])('%s', async (_name, path, row) => {
    expectRow(await call(path), row);
    expectRow(await call(path), row);
    expect(strayed).toBe('');
  });

  test('TLS where plain HTTP is configured, and the other way round, give 502', async () => {
    const plain = await call('/plain-for-tls');
    expect([plain.status, (await scene.logOf(plain)).reason]).toEqual([502, 'upstream.broken']);
    const cut = await call('/no-handshake');
    expect([cut.status, cut.body.includes('-31502')]).toEqual([502, true]);
    expect(strayed).toBe('');
  });

  test('the gateway recovers by itself', async () => {
    await scene.upstream.stop();
    expectRow(await call(), UNREACHABLE);
    await scene.upstream.start();
    await expectNext();
  });
  test('A-66: each is logged once, with its reason', expectLogged);
});
