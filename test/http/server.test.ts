// The public listener on real sockets: requests that node:http rejects, and the drain.

import { afterEach, describe, expect, test } from 'vitest';
import type { Exchange } from '../../src/core/exchange.js';
import type { Failure } from '../../src/core/failure.js';
import { sendError } from '../../src/http/error-response.js';
import { createListener, type Listener } from '../../src/http/server.js';
import { ownPort } from '../fixtures/ports.js';
import { openRaw, rawRequest, requestBytes } from '../fixtures/raw-client.js';
import { until, withDeadline } from '../fixtures/wait.js';

let listener: Listener | undefined;
afterEach(async () => {
  await listener?.drain(0);
  listener = undefined;
});

/** A listener that answers each exchange with 204, or keeps it open where `hold` is set. */
async function listening({ hold = false } = {}) {
  const reported: [string, string][] = [];
  const seen: Exchange[] = [];
  const answer = (one: Exchange): void => {
    seen.push(one);
    if (hold) return;
    one.begin(204, []);
    one.end();
  };
  const made = createListener(answer, (failure: Failure, address) => reported.push([failure.definition.reason, address]), 60_000);
  listener = made;
  const { port } = await made.listen('127.0.0.1', await ownPort());
  return { listener: made, port, reported, seen };
}

test('an exchange has lower-case names, values as sent, and the path undecoded (C-147, B-54)', async () => {
  const { port, seen, reported } = await listening();
  const headers: [string, string][] = [
    ['Host', 'a'],
    ['X-Two', 'One'],
    ['x-two', ' two '],
  ];
  expect((await rawRequest(port, { path: '/a%2Fb/../c?x=1', headers })).status).toBe(204);
  const [one] = seen;
  expect([one?.method, one?.target, one?.path, one?.clientAddress]).toEqual([
    'GET',
    '/a%2Fb/../c?x=1',
    '/a%2Fb/../c',
    '127.0.0.1',
  ]);
  expect(one?.names.map((name, i) => [name, one.values[i]])).toEqual([
    ['host', 'a'],
    ['x-two', 'One'],
    ['x-two', 'two'],
  ]);
  expect(reported).toEqual([]);
});

test('each exchange has its own id, which its answer repeats (D-09)', async () => {
  const { port, seen } = await listening();
  const ids = [];
  for (let i = 0; i < 3; i++) ids.push((await rawRequest(port, {})).header('x-request-id'));
  expect(ids).toEqual(seen.map(({ id }) => id));
  expect(new Set(ids).size).toBe(3);
  for (const id of ids) expect(id).toMatch(/^[\w-]{8,64}$/);
});

describe('a request that node:http rejects is answered and reported (D-10, D-18)', () => {
  const HOST = 'Host: a\r\n';
  test.each<[string, string, number, string]>([
    ['bytes that are not HTTP', 'garbage\r\n\r\n', 400, 'connection.bad_request'],
    ['an unknown method', `BREW / HTTP/1.1\r\n${HOST}\r\n`, 400, 'connection.bad_request'],
    [
      'both framings (C-138)',
      `POST / HTTP/1.1\r\n${HOST}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      400,
      'connection.bad_request',
    ],
    [
      'two lengths (C-138)',
      `POST / HTTP/1.1\r\n${HOST}Content-Length: 1\r\nContent-Length: 2\r\n\r\nab`,
      400,
      'connection.bad_request',
    ],
    ['a folded line (C-139)', `GET / HTTP/1.1\r\n${HOST}X: a\r\n b\r\n\r\n`, 400, 'connection.bad_request'],
    ['a NUL (C-139)', `GET / HTTP/1.1\r\n${HOST}X: a\u0000b\r\n\r\n`, 400, 'connection.bad_request'],
    ['a space before the colon', `GET / HTTP/1.1\r\n${HOST}X : a\r\n\r\n`, 400, 'connection.bad_request'],
    [
      'a header of 70 KB (B-59)',
      `GET / HTTP/1.1\r\n${HOST}X: ${'a'.repeat(70_000)}\r\n\r\n`,
      431,
      'connection.headers_too_large',
    ],
    ['CONNECT', `CONNECT a:443 HTTP/1.1\r\n${HOST}\r\n`, 400, 'connection.bad_request'],
  ])('%s', async (_what, bytes, status, kind) => {
    const { port, reported, seen } = await listening();
    expect((await rawRequest(port, {})).status).toBe(204);
    const answer = await rawRequest(port, bytes, { label: 'the rejection', closeMs: 2000 });
    expect([answer.status, answer.closed, answer.header('connection'), answer.header('cache-control')]).toEqual([
      status,
      true,
      'close',
      'no-store',
    ]);
    expect(reported).toEqual([[kind, '127.0.0.1']]);
    expect(seen).toHaveLength(1);
  });

  test('a request head that is not complete in time gets 408', async () => {
    const { listener: made, port, reported } = await listening();
    made.server.headersTimeout = 100;
    const slow = await openRaw(port);
    await slow.write('GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ');
    expect((await slow.response({ label: 'the 408', ms: 5000 })).status).toBe(408);
    expect(reported).toEqual([['connection.too_slow', '127.0.0.1']]);
  });

  test('a connection without a request is closed', async () => {
    const { listener: made, port, reported } = await listening();
    made.server.headersTimeout = 100;
    const silent = await openRaw(port);
    await withDeadline('it is closed', silent.closed, 5000);
    expect(reported).toEqual([['connection.too_slow', '127.0.0.1']]);
  });

  test('the limits are the documented ones, whatever the defaults of node:http', async () => {
    const { server } = (await listening()).listener;
    const { headersTimeout, requestTimeout, keepAliveTimeout, maxHeadersCount, timeout, maxRequestsPerSocket } = server;
    expect([headersTimeout, requestTimeout, keepAliveTimeout]).toEqual([10_000, 30_000, 65_000]);
    expect([maxHeadersCount, timeout, maxRequestsPerSocket, server.maxConnections]).toEqual([0, 0, 0, undefined]);
  });

  describe('a body that', () => {
    /** A listener whose exchanges read their body and record the result. */
    async function reading() {
      const got: string[] = [];
      const read = (one: Exchange): void =>
        one.readBody(1000, {
          onBody: (body) => {
            got.push(body.ok ? body.value.toString() : body.definition.reason);
            if (!body.ok) return sendError(one, null, body, null);
            one.begin(204, []);
            one.end();
          },
        });
      const reported: string[] = [];
      listener = createListener(read, (failure) => reported.push(failure.definition.reason), 60_000);
      const { port } = await listener.listen('127.0.0.1', await ownPort());
      return { port, got, reported, server: listener.server };
    }
    const head = (...lines: string[]): string => `${['POST / HTTP/1.1', 'Host: a', ...lines].join('\r\n')}\r\n\r\n`;

    test.each<[string, string, string, string]>([
      ['a length', 'Content-Length: 4', 'abcd', 'ab'],
      ['chunks', 'Transfer-Encoding: chunked', '4\r\nabcd\r\n0\r\n\r\n', '4\r\nab'],
    ])('is not complete in time gets 408: %s', async (_framing, line, whole, part) => {
      const { port, got, reported, server } = await reading();
      expect((await rawRequest(port, head(line) + whole)).status).toBe(204);
      server.headersTimeout = 100;
      server.requestTimeout = 100;
      const answer = await rawRequest(port, head(line) + part, { label: 'the 408', closeMs: 3000 });
      expect([answer.status, answer.header('connection'), answer.closed, answer.rest]).toEqual([408, 'close', true, '']);
      expect([got, reported]).toEqual([['abcd', 'connection.too_slow'], []]);
    });

    test('is not a valid chunk gets 400, once, however many bytes follow it (C-138)', async () => {
      const { port, got, reported } = await reading();
      const connection = await openRaw(port);
      await connection.write(head('Transfer-Encoding: chunked'));
      await connection.write('4\r\nabcd\r\n');
      await connection.write('zz\r\n');
      await connection.write('zz\r\n'.repeat(100));
      const answer = await connection.response({ label: 'the 400', closeMs: 3000 });
      expect([answer.status, answer.closed, answer.rest]).toEqual([400, true, '']);
      expect([got, reported]).toEqual([['connection.bad_request'], []]);
    });
  });

  test('a client that only disconnects is not reported', async () => {
    const { port, reported, seen } = await listening({ hold: true });
    const leaving = await openRaw(port);
    await leaving.write(requestBytes(port, {}));
    await until('the exchange exists', () => seen.length === 1);
    leaving.destroy();
    await until('the exchange is disconnected', () => seen[0]?.disconnected);
    expect(reported).toEqual([]);
  });
});

describe('draining (E-11)', () => {
  test('rejects new requests, lets open ones finish, and then ends', async () => {
    const { listener: made, port, seen } = await listening({ hold: true });
    expect(made.draining()).toBeNull();
    const busy = await openRaw(port);
    await busy.write(requestBytes(port, {}));
    await until('the exchange exists', () => seen.length === 1);
    const drained = made.drain(5000);
    expect(made.draining()?.definition.reason).toBe('gateway.draining');
    await expect(openRaw(port)).rejects.toThrow('ECONNREFUSED');
    seen[0]?.begin(204, []);
    seen[0]?.end();
    expect((await busy.response({ label: 'the open answer' })).status).toBe(204);
    expect(await withDeadline('the drain', drained, 2000)).toBe(0);
  });

  test('cuts the open exchanges after the deadline, and counts them', async () => {
    const { listener: made, port, seen } = await listening({ hold: true });
    const busy = await openRaw(port);
    await busy.write(requestBytes(port, {}));
    await until('the exchange exists', () => seen.length === 1);
    expect(await withDeadline('the drain', made.drain(50), 2000)).toBe(1);
    await withDeadline('the cut', busy.closed, 2000);
  });
});

test('a complete answer is sent with its turn, but not to a client that disconnects in that turn', async () => {
  const { port, seen, listener: made } = await listening({ hold: true });
  const whole = (one: Exchange | undefined): void => {
    one?.begin(200, ['content-length', '2']);
    one?.endInBatch(Buffer.from('ok'));
  };
  const answered = rawRequest(port, {});
  await until('the first request is there', () => seen.length === 1);
  whole(seen[0]);
  const { status, body } = await answered;
  expect([status, body]).toEqual([200, 'ok']);

  const leaving = await openRaw(port, { label: 'a client that disconnects' });
  await leaving.write(requestBytes(port, {}));
  await until('the second request is there', () => seen.length === 2);
  whole(seen[1]);
  seen[1]?.destroy();
  await withDeadline('its connection is closed', leaving.closed);
  expect(leaving.received()).toBe('');
  expect(await made.drain(0)).toBe(0);
  listener = undefined;
});
