// How the gateway relays responses with lists, over real sockets, from valid and invalid upstreams.
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { MAX_LIST_BYTES } from '../../src/proxy/list-relay.js';
import { legacy, modern } from '../fixtures/messages.js';
import { type Answer, answers } from '../fixtures/raw-upstream.js';
import { until } from '../fixtures/wait.js';
import {
  ask,
  expectBroken,
  gateway,
  JSON_LINE,
  left,
  list,
  open,
  requests,
  startListGateway,
  stopFiltering,
  upstream,
} from '../support/list-gateway.js';

startListGateway();

/** The end of a response that passed: an error of the upstream has its own reason. */
const endOf = (status: number): unknown => (status < 400 ? 'ok' : expect.stringMatching(/^upstream\.(client|server)_error: /));

describe('a JSON response', () => {
  test.each(requests)('%s: is filtered, with a new length and without the old ETag (A-37, B-106)', async (_era, request) => {
    upstream.answer(
      answers.status(
        200,
        [JSON_LINE, ['content-length', String(list('a', 'no').length)], ['etag', '"1"'], ['mcp-x', 'y']],
        list('a', 'no'),
      ),
    );
    const response = await ask(request);
    expect([response.status, response.complete, response.body]).toEqual([200, true, left('a')]);
    expect(response.headers('content-length')).toEqual([String(left('a').length)]);
    expect([response.header('etag'), response.header('transfer-encoding')]).toEqual([undefined, undefined]);
    expect([response.header('content-type'), response.header('mcp-x')]).toEqual(['application/json', 'y']);
    expect(gateway.ends).toEqual(['ok']);
    expect(upstream.last?.header('accept-encoding')).toBe('identity');
  });

  test('passes unchanged where no list has rules', async () => {
    stopFiltering();
    upstream.answer(answers.status(200, [JSON_LINE], list('a', 'no')));
    expect((await ask(modern('tools/list'))).body).toBe(list('a', 'no'));
    expect(upstream.last?.header('accept-encoding')).toBeUndefined();
  });

  test('with the content encoding identity is filtered', async () => {
    upstream.answer(answers.status(200, [JSON_LINE, ['content-encoding', 'identity']], list('a', 'no')));
    expect((await ask(modern('tools/list'))).body).toBe(left('a'));
  });

  test('in chunks of one byte is filtered', async () => {
    upstream.answer(async ({ req, res }) => {
      req.resume();
      res.writeHead(200, JSON_LINE);
      for (const byte of Buffer.from(list('\u00e9', 'no'))) await new Promise((resolve) => res.write(Buffer.of(byte), resolve));
      res.end();
    });
    expect((await ask(modern('tools/list'))).body).toBe(left('\u00e9'));
  });

  test('of several pages: each page is filtered and private, the cursor stays (B-106)', async () => {
    const page = (names: string[], cursor: string, scope = 'private'): string =>
      `{"jsonrpc":"2.0","id":1,"result":{"ttlMs":1.50,"tools":[${names.map((name) => `{"name":"${name}"}`)}]${cursor},"cacheScope":"${scope}"}}`;
    const next = ',"nextCursor":"\\u0032"';
    const sent = [page(['a', 'no'], next, 'public'), page(['no', 'no'], next, 'public'), page(['b'], '', 'public')];
    upstream.next(...sent.map((body) => answers.status(200, [JSON_LINE], body)));
    const received: string[] = [];
    for (const _ of sent) received.push((await ask(modern('tools/list', { params: { cursor: '2' } }))).body);
    expect(received).toEqual([page(['a'], next), page([], next), page(['b'], '')]);
  });

  test.each<[string, Answer, string]>([
    ['gzip', answers.status(200, [JSON_LINE, ['content-encoding', 'gzip']], gzipSync(list('a'))), 'compressed'],
    [
      'an error with br',
      answers.status(
        500,
        [
          ['content-encoding', 'br'],
          ['content-type', 'text/html'],
        ],
        'x',
      ),
      'compressed',
    ],
    [
      'another charset',
      answers.status(200, [['content-type', 'application/json; charset=utf-16']], list('a')),
      'another charset',
    ],
    ['two media types', answers.status(200, [['content-type', 'text/event-stream'], JSON_LINE], list('a')), 'neither JSON'],
    [
      'an error of two media types',
      answers.status(404, [['content-type', 'text/plain'], JSON_LINE], list('a')),
      'two media types',
    ],
    ['not JSON', answers.status(200, [JSON_LINE], 'tools'), 'not JSON-RPC'],
    ['not JSON, without a media type', answers.status(200, [], 'tools'), 'not JSON-RPC'],
    ['JSON without a media type', answers.status(200, [], list('a')), 'a body without a media type'],
    ['text', answers.status(202, [['content-type', 'text/plain']], 'Accepted'), 'not JSON-RPC'],
    ['half a list, with a complete body', answers.status(200, [JSON_LINE], list('a').slice(0, -2)), 'not JSON-RPC'],
    [
      'an event stream in another charset',
      answers.status(200, [['content-type', 'text/event-stream; charset=utf-7']], `data: ${list('a')}\n\n`),
      'another charset',
    ],
    [
      'names that differ in case',
      answers.status(200, [JSON_LINE], list('a').replace('"tools"', '"Tools":[],"tools"')),
      'is repeated',
    ],
    ['an error with the JSON type that is not JSON', answers.status(404, [JSON_LINE], 'gone'), 'not JSON-RPC'],
    [
      'a redirect',
      answers.status(302, [
        ['location', '/'],
        ['content-length', '0'],
      ]),
      'redirect 302',
    ],
    ['cut short', answers.cut({ body: list('a') }), 'UND_ERR_SOCKET'],
    ['reset', answers.cut({ body: list('a'), reset: true }), 'ECONNRESET'],
    [
      'declared too long',
      answers.status(200, [JSON_LINE, ['content-length', String(MAX_LIST_BYTES + 1)]], list('a')),
      `list of ${MAX_LIST_BYTES + 1}`,
    ],
    ['of too many names', answers.status(200, [JSON_LINE], list(...Array<string>(8_193).fill('a'))), 'characters of names'],
    ['too long', answers.status(200, [JSON_LINE, ['transfer-encoding', 'chunked']], ' '.repeat(MAX_LIST_BYTES + 1)), 'more than'],
  ])('%s is 502, and no part of it is sent', async (_what, broken, detail) => {
    upstream.answer(broken);
    await expectBroken(await ask(modern('tools/list')), new RegExp(`^upstream\\.broken: .*${detail}`));
  });

  test('as long as the limit passes', async () => {
    upstream.answer(answers.status(200, [JSON_LINE], left('a').padEnd(MAX_LIST_BYTES)));
    const { body } = await ask(modern('tools/list'));
    expect([body.length, body.trimEnd()]).toEqual([MAX_LIST_BYTES, left('a')]);
  });

  test.each<[string, Answer]>([
    ['no head', answers.stall()],
    [
      'a head and no body',
      answers.raw('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n', { keep: true }),
    ],
    [
      'half a body',
      answers.raw(`HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n${list('a')}`, { keep: true }),
    ],
  ])('that stops after %s is 504, because the caller has no head yet (D-25)', async (_what, answer) => {
    upstream.answer(answer);
    const response = await ask(modern('tools/list'));
    expect([response.status, response.complete, gateway.ends]).toEqual([
      504,
      true,
      ['upstream.timeout: no response headers within upstream.headersTimeoutMs'],
    ]);
  });

  test.each([
    ['with a length', 'Content-Length: 900', (text: string) => text],
    ['in chunks', 'Transfer-Encoding: chunked', (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`],
  ])('that is slow but never pauses for the timeout is complete, %s (B-72)', async (_what, line, framed) => {
    const text = list('a', 'no').padEnd(900);
    const pieces = Array.from({ length: 9 }, (_value, n) => framed(text.slice(n * 100, (n + 1) * 100)));
    const end = line.startsWith('Transfer') ? '0\r\n\r\n' : '';
    const head = `HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: application/json\r\n${line}\r\n\r\n`;
    upstream.answer(answers.raw([head, ...pieces, end], { everyMs: 150 }));
    const response = await ask(modern('tools/list'));
    expect([response.status, response.body.trim(), gateway.ends]).toEqual([200, left('a'), ['ok']]);
  });

  test.each<[string, number, string]>([
    ['an error', 200, '{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no","data":1.0}}'],
    ['an error with its status (B-101, B-111)', 404, '{ "jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no"} }'],
    ['another result', 200, '{"jsonrpc":"2.0","id":1,"result":{"content":[],"cacheScope":"public"}}'],
  ])('with %s passes unchanged', async (_what, status, body) => {
    upstream.answer(answers.status(status, [JSON_LINE], body));
    const response = await ask(modern('tools/list'));
    expect([response.status, response.body, gateway.ends]).toEqual([status, body, [endOf(status)]]);
  });

  test('with a list and an error status is filtered too', async () => {
    upstream.answer(answers.status(404, [JSON_LINE], list('a', 'no')));
    const response = await ask(modern('tools/list'));
    expect([response.status, response.body]).toEqual([404, left('a')]);
  });

  test.each<[string, number, [string, string][], string]>([
    ['an error as text', 404, [['content-type', 'text/plain']], 'no such thing'],
    ['an error as text in another charset', 404, [['content-type', 'text/html; charset=iso-8859-1']], 'no such thing'],
    ['an error without a type', 405, [['allow', 'POST']], 'no'],
    ['an empty body', 200, [['content-length', '0']], ''],
    [
      'an empty compressed body',
      200,
      [
        ['content-length', '0'],
        ['content-encoding', 'gzip'],
      ],
      '',
    ],
    ['an empty chunked body', 200, [['transfer-encoding', 'chunked']], ''],
    ['an accepted notification', 202, [], ''],
    ['no content', 204, [], ''],
    ['an empty JSON body', 503, [JSON_LINE, ['retry-after', '3']], ''],
  ])('%s passes', async (_what, status, headers, body) => {
    upstream.answer(answers.status(status, headers, body));
    const response = await ask(legacy('', { method: 'GET' }));
    expect([response.status, response.complete, response.body, gateway.ends]).toEqual([status, true, body, [endOf(status)]]);
    for (const name of ['allow', 'retry-after']) expect(response.header(name)).toBe(new Map(headers).get(name));
  });

  test.each([
    ['before the head', answers.stall()],
    [
      'within the body',
      answers.raw('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{', { keep: true }),
    ],
  ])('is aborted at once where the caller disconnects %s (B-73)', async (_when, answer) => {
    upstream.answer(answer);
    for (let i = 1; i <= 3; i++) {
      const connection = await open(modern('tools/list'));
      const seen = await upstream.waitFor(i, ({ bodyComplete }) => bodyComplete);
      connection.destroy();
      await until('the upstream sees the disconnect', () => seen.closedAt !== undefined);
      await until('the exchange has ended', () => gateway.ends.length === i);
    }
    expect(gateway.ends).toEqual(Array(3).fill('client.disconnected'));
  });
});
