// Fetches of a JSON document over real sockets: one deadline, one limit, no redirect, no
// compression.

import { type AddressInfo, createServer } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { startBlackHole } from '../fixtures/black-hole.js';
import { fetchJson } from '../fixtures/fetch-json.js';
import { listen } from '../fixtures/ports.js';
import { type Answer, answers, type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';
import { until, withDeadline } from '../fixtures/wait.js';

const { json, status, stall, raw, cut, hangUp, delayed } = answers;
let server: RawUpstream;
beforeAll(async () => {
  server = await startRawUpstream(json({ good: true }));
});
afterEach(() => server.reset());
afterAll(() => server.stop());

const get = (more: { deadlineMs?: number; maxBytes?: number; url?: string } = {}) =>
  withDeadline('an answer or a reason', fetchJson({ url: `${server.url}/doc`, deadlineMs: 2000, maxBytes: 1024, ...more }), 5000);
const after = (answer: Answer, more = {}) => {
  server.next(answer);
  return get(more);
};

describe('a response', () => {
  test('has status, headers and JSON, for any media type (C-70)', async () => {
    const answer = status(
      200,
      [
        ['content-type', 'text/plain'],
        ['cache-control', 'max-age=60'],
      ],
      '{"a":[1]}',
    );
    expect(await after(answer)).toMatchObject({
      kind: 'answer',
      status: 200,
      headers: { 'cache-control': 'max-age=60' },
      json: { a: [1] },
    });
  });

  test('is requested as JSON, without compression', async () => {
    await get();
    expect(server.last).toMatchObject({ method: 'GET', target: '/doc' });
    expect(server.last?.header('accept-encoding')).toBe('identity');
    expect(server.last?.header('accept')).toBe('application/json');
  });

  test.each([
    ['HTML', '<!doctype html><title>sign in</title>'],
    ['nothing', ''],
    ['cut JSON', '{"a":'],
  ])('whose body is %s has no JSON (C-71)', async (_what, body) => {
    expect(await after(status(200, [], body))).toMatchObject({ kind: 'answer', status: 200, json: undefined });
  });

  test.each([204, 404, 429, 500, 503])('of status %d is returned: the caller decides', async (code) => {
    expect(await after(status(code))).toMatchObject({ kind: 'answer', status: code });
  });

  test.each([301, 302, 303, 307, 308])('of status %d is not followed (C-70, A-63)', async (code) => {
    expect(await after(status(code, [['location', `${server.url}/elsewhere`]]))).toMatchObject({ kind: 'answer', status: code });
    expect(server.requests.map(({ target }) => target)).toEqual(['/doc']);
  });
});

test('a form is posted, once, with the headers given (C-80)', async () => {
  const form = new URLSearchParams({ token: 'a b&c', hint: '+' });
  const headers = { authorization: 'Basic eA==' };
  expect(await fetchJson({ url: `${server.url}/form`, form, headers, deadlineMs: 2000, maxBytes: 1024 })).toMatchObject({
    kind: 'answer',
    status: 200,
  });
  const { last } = server;
  expect([last?.method, last?.header('content-type'), last?.header('authorization')]).toEqual([
    'POST',
    'application/x-www-form-urlencoded',
    'Basic eA==',
  ]);
  expect(last?.body.toString()).toBe('token=a+b%26c&hint=%2B');
});

test('a form is not sent to the target of a redirect (C-70)', async () => {
  server.next(status(307, [['location', `${server.url}/thief`]]));
  const form = new URLSearchParams({ client_secret: 's' });
  await fetchJson({ url: `${server.url}/form`, form, deadlineMs: 2000, maxBytes: 1024 });
  expect(server.requests.map(({ target }) => target)).toEqual(['/form']);
});

describe('the byte limit (C-70)', () => {
  const sized = (bytes: number): string => `"${'a'.repeat(bytes - 2)}"`;
  test('allows a body of that size, and not a byte more', async () => {
    expect(await after(status(200, [], sized(1024)))).toMatchObject({ kind: 'answer', status: 200 });
    expect(await after(status(200, [], sized(1025)))).toEqual({ kind: 'transport', detail: 'answer larger than 1024 bytes' });
  });

  test('ends an endless body, and its connection', async () => {
    const endless: Answer = ({ res }) => {
      res.writeHead(200);
      const more = (): void => {
        while (!res.destroyed && res.write(' '.repeat(65_536)));
      };
      res.on('drain', more);
      more();
    };
    expect(await after(endless)).toEqual({ kind: 'transport', detail: 'answer larger than 1024 bytes' });
    await server.waitFor(1, (last) => last.closedEarly);
  });
});

describe('the deadline covers everything (C-70)', () => {
  test.each<[string, Answer]>([
    ['no head', stall()],
    ['a late head', delayed(2000, json({}))],
    ['a body that stops', raw(['HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{'], { keep: true })],
    [
      'a body byte by byte',
      raw(['HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n', ...Array(100).fill(' ')], { everyMs: 40, keep: true }),
    ],
    ['a head byte by byte', raw(['HTTP/1.1 200 OK\r\n', ...Array(100).fill('X-A: b\r\n')], { everyMs: 40, keep: true })],
  ])('%s', async (_what, answer) => {
    const started = performance.now();
    expect(await after(answer, { deadlineMs: 200 })).toEqual({ kind: 'transport', detail: 'no answer within 200 ms' });
    expect(performance.now() - started).toBeLessThan(1500);
  });
});

describe('the deadline covers what comes before the first byte (C-70)', () => {
  test('a connection that is not accepted, and later ones do not queue behind it', async () => {
    const place = await startRawUpstream(json({}));
    await place.stop();
    const hole = await startBlackHole(place.port);
    const started = performance.now();
    for (let tried = 0; tried < 3; tried += 1) {
      expect(await get({ url: place.url, deadlineMs: 200 })).toEqual({ kind: 'transport', detail: 'no answer within 200 ms' });
    }
    expect(performance.now() - started).toBeLessThan(3000);
    await hole.stop();
    await place.start();
    await until('it answers again', async () => (await get({ url: place.url })).kind === 'answer', 6000);
    await place.stop();
  });

  test('a TLS handshake without a response', async () => {
    const silent = createServer((socket) => void socket.on('error', () => {}));
    await listen(silent);
    const url = `https://127.0.0.1:${(silent.address() as AddressInfo).port}/`;
    const started = performance.now();
    expect(await get({ url, deadlineMs: 200 })).toEqual({ kind: 'transport', detail: 'no answer within 200 ms' });
    expect(performance.now() - started).toBeLessThan(1500);
    silent.close();
  });
});

describe('faults of the transport', () => {
  test.each<[string, Answer, string]>([
    ['the connection ends before the head', hangUp(), 'UND_ERR_SOCKET'],
    ['the connection is reset', hangUp(true), 'ECONNRESET'],
    ['the body is cut', cut(), 'UND_ERR_SOCKET'],
    ['not HTTP', raw('garbage\r\n\r\n'), 'HTTPParserError'],
    ['a compressed answer (C-70)', status(200, [['content-encoding', 'gzip']], gzipSync('{"a":1}')), 'answer is compressed'],
    ['an unknown coding (C-70)', status(200, [['content-encoding', 'br']], '{}'), 'answer is compressed'],
  ])('%s', async (_what, answer, detail) => {
    expect(await get()).toMatchObject({ kind: 'answer' });
    expect(await after(answer)).toEqual({ kind: 'transport', detail });
  });

  test('the coding identity is accepted', async () => {
    expect(await after(status(200, [['content-encoding', 'identity']], '{}'))).toMatchObject({ kind: 'answer', json: {} });
  });

  test('a closed port and an unknown host', async () => {
    const gone = await startRawUpstream();
    await gone.stop();
    expect(await get({ url: gone.url })).toEqual({ kind: 'transport', detail: 'ECONNREFUSED' });
    expect(await get({ url: 'http://unknown.invalid/' })).toMatchObject({
      kind: 'transport',
      detail: expect.stringMatching(/^(ENOTFOUND|EAI_AGAIN|no answer within 2000 ms)$/),
    });
  });

  test('a server without a trusted certificate', async () => {
    // The server speaks no TLS. The fetch ends before the server reads HTTP, as with a bad
    // certificate.
    expect(await get({ url: server.url.replace('http:', 'https:') })).toMatchObject({ kind: 'transport' });
    expect(server.hits).toBe(0);
  });
});
