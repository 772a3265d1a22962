// Answers that break after their head was sent: the received bytes are delivered, and then the
// connection is cut visibly. Early answers, second answers and trailers reach no caller.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { legacy, modern } from '../fixtures/messages.js';
import { openRaw, requestBytes } from '../fixtures/raw-client.js';
import { type Answer, answers } from '../fixtures/raw-upstream.js';
import { type Scene, startScene } from '../fixtures/scene.js';
import {
  answer,
  BODY,
  BROKEN,
  CHUNKED,
  chunk,
  createRowChecks,
  kept,
  REFUSED_US,
  raw,
  SIZED,
  TYPE,
} from '../support/upstream-rows.js';

let scene: Scene;
const { call, expectRow, expectLogged, expectNext } = createRowChecks(() => scene);

beforeAll(async () => {
  scene = await startScene();
});
afterAll(() => scene.stop());
beforeEach(async () => {
  scene.upstream.reset();
  await scene.passes();
  scene.upstream.reset();
});

const HALF = '{"half":';
const EVENTS = 'Content-Type: text/event-stream';
const EVENT = 'id: 1\ndata: {"jsonrpc":\n\n';
/** The head and the first bytes in their own packet: the caller has them before the flaw. */
const then = (head: string, flaw: string): Answer => answers.raw([head, flaw], { everyMs: 30 });
const chunked = (text: string): string => answer('200 OK', [TYPE, CHUNKED], chunk(text));

describe('B-77, C-145: a client can see that an answer was cut in the middle', () => {
  test.each<[string, Answer, string]>([
    ['Content-Length not reached, closed', answers.cut({ body: HALF }), HALF],
    ['Content-Length not reached, reset', answers.cut({ body: HALF, reset: true }), HALF],
    ['a head and no chunk, closed', raw(answer('200 OK', [TYPE, CHUNKED], '')), ''],
    ['chunks without an end', raw(chunked(HALF)), HALF],
    ['half a chunk', then(chunked(HALF), 'ff\r\n'), HALF],
    ['a last chunk without its end', then(chunked(HALF), '0\r\n'), HALF],
    ['a chunk size that is not a number', then(chunked(HALF), 'zz\r\n'), HALF],
    ['a negative chunk size', then(chunked(HALF), '-1\r\n'), HALF],
    ['a chunk size above every limit', then(chunked(HALF), `${'f'.repeat(20)}\r\n`), HALF],
    ['a chunk longer than its size', then(chunked(HALF), '1\r\nabc\r\n0\r\n\r\n'), `${HALF}a`],
    ['a chunk with bare LF', then(chunked(HALF), '1\na\n0\n\n'), HALF],
    ['a trailer without a colon', then(chunked(HALF), '0\r\nX Internal\r\n\r\n'), HALF],
    ['trailers above 16 KiB', then(chunked(HALF), `0\r\nX-Internal: ${'x'.repeat(20_000)}\r\n\r\n`), HALF],
    ['a Content-Length in the trailers that differs from the body', then(chunked(HALF), '0\r\nContent-Length: 3\r\n\r\n'), HALF],
    [
      'an event stream in the middle of an event',
      then(answer('200 OK', [EVENTS, CHUNKED], chunk(EVENT.slice(0, 9))), ''),
      `:\n${EVENT.slice(0, 9)}`,
    ],
    ['an event stream after an event with an id', then(answer('200 OK', [EVENTS, CHUNKED], chunk(EVENT)), ''), `:\n${EVENT}`],
  ])('%s', async (_name, cut, text) => {
    scene.upstream.answer(cut);
    const response = await scene.send(modern('tools/list', { token: scene.token() }), { label: 'a cut answer', closeMs: 2000 });
    expect([response.status, response.body, response.complete, response.closed]).toEqual([200, text, false, true]);
    expect(scene.upstream.hits).toBe(1);
    expect(await scene.logOf(response)).toMatchObject({
      reason: 'stream.broken',
      'http.response.status_code': 200,
      level: 'warn',
    });
    await expectNext();
  });

  test('an answer that ends with its connection is complete (RFC 9112 section 8)', async () => {
    for (const version of ['HTTP/1.1', 'HTTP/1.0']) {
      scene.upstream.answer(raw(answer('200 OK', [TYPE]).replace('HTTP/1.1', version)));
      const response = await call();
      expect([response.status, response.complete, response.body]).toEqual([200, true, BODY]);
      await expectNext();
    }
  });
});

describe('T08: bytes after an answer reach no caller', () => {
  const STRAY = answer('200 OK', [TYPE, SIZED], '{"stray":1}'.padEnd(BODY.length));
  test.each<[string, Answer]>([
    ['a second answer at once', kept(answer('200 OK', [TYPE, SIZED]) + STRAY)],
    ['a second answer in its own packet', answers.raw([answer('200 OK', [TYPE, SIZED]), STRAY], { keep: true, everyMs: 20 })],
    ['a second answer after chunks', kept(answer('200 OK', [TYPE, CHUNKED], `${chunk(BODY)}0\r\n\r\n`) + STRAY)],
    ['a body longer than Content-Length says', kept(answer('200 OK', [TYPE, SIZED], `${BODY}internal`))],
    ['an interim answer after it', kept(`${answer('200 OK', [TYPE, SIZED])}HTTP/1.1 103 Early Hints\r\n\r\n`)],
    ['bytes without a meaning', kept(`${answer('200 OK', [TYPE, SIZED])}\x00\x01`)],
  ])('%s', async (_name, twice) => {
    scene.upstream.answer(twice);
    const response = await call();
    expect([response.status, response.complete, response.body, response.rest]).toEqual([200, true, BODY, '']);
    await sleep(40);
    for (let i = 0; i < 3; i += 1) await expectNext();
  });

  test('C-131: trailers are dropped, announced or not', async () => {
    const trailers = '0\r\nX-Internal: secret\r\nSet-Cookie: internal=1\r\nContent-Type: text/html\r\n\r\n';
    scene.upstream.answer(raw(answer('200 OK', [TYPE, CHUNKED, 'Trailer: X-Internal, Set-Cookie'], chunk(BODY) + trailers)));
    const connection = await openRaw(scene.gateway.port);
    await connection.write(requestBytes(scene.gateway.port, modern('tools/list', { id: 7, token: scene.token() })));
    const response = await connection.response({ label: 'an answer with trailers' });
    expect([response.status, response.complete, response.body]).toEqual([200, true, BODY]);
    expect(connection.received()).toContain('{"jsonrpc"');
    expect(connection.received()).not.toMatch(/internal|trailer|cookie|html/i);
    connection.destroy();
    await expectNext();
  });
});

describe('C-140, C-145: an upstream that does not wait for the request', () => {
  const large = (): Promise<Awaited<ReturnType<typeof call>>> =>
    scene.send(
      modern('tools/call', { id: 7, token: scene.token(), params: { name: 'x', arguments: { text: 'x'.repeat(900_000) } } }),
      {
        label: 'a large call',
      },
    );

  test('an answer that comes before the upstream has read the body is the answer', async () => {
    for (const [status, body] of [
      [200, BODY],
      [413, '{"jsonrpc":"2.0","error":{"code":1,"message":"large"}}'],
    ] as const) {
      scene.upstream.answer(answers.status(status, [['Content-Type', 'application/json']], body, true));
      const response = await large();
      expect([response.status, response.complete, response.body]).toEqual([status, true, body]);
      await expectNext();
    }
  });

  test('a reset while the body is sent gives 502, after one request', async () => {
    scene.upstream.answer(({ socket, request, req }) => {
      request.brokenOff = true;
      req.pause();
      socket.resetAndDestroy();
    });
    expectRow(await large(), BROKEN);
    expect(scene.upstream.hits).toBe(1);
    await expectNext();
    await expectLogged();
  });
});

test('D-26: the same faults on a GET stream and a DELETE give the same rows', async () => {
  for (const method of ['GET', 'DELETE']) {
    const send = () =>
      scene.send(legacy('', { method, token: scene.token() }), { label: `${method} with a fault`, closeMs: 100 });
    expect((await send()).status).toBe(200);
    for (const [bytes, status] of [
      [answer('302 Found', ['Location: http://internal.example', SIZED]), 502],
      [answer('999 High', [TYPE, SIZED]), 502],
      [answer('403 Forbidden', ['Content-Type: text/html', SIZED]), 502],
      ['HTTP/1.1 200 OK\r\nContent-Ty', 502],
      // No client reads the body of an answer to DELETE, see accepted.test.ts.
      ...(method === 'GET' ? [[answer('200 OK', ['Content-Type: text/html', SIZED]), 502] as const] : []),
    ] as const) {
      scene.upstream.next(raw(bytes));
      const response = await send();
      const { reason } = await scene.logOf(response);
      const expected = bytes.includes(' 403 ') ? REFUSED_US.kind : BROKEN.kind;
      expect([method, response.status, reason]).toEqual([method, status, expected]);
      expect(JSON.stringify(response.rawHeaders) + response.body).not.toMatch(/internal/);
    }
    await expectNext();
    scene.upstream.reset();
  }
});
