// How the gateway relays responses with lists, over real sockets, from valid and invalid upstreams.
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ListMember, ListView } from '../../src/mcp/lists.js';
import { MAX_LIST_BYTES } from '../../src/proxy/list-relay.js';
import { type Forwarding, startForwarding } from '../fixtures/forwarding.js';
import { legacy, modern } from '../fixtures/messages.js';
import {
  openRaw,
  type RawConnection,
  type RawRequest,
  type RawResponse,
  rawRequest,
  requestBytes,
} from '../fixtures/raw-client.js';
import { type Answer, answers, type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';
import { until } from '../fixtures/wait.js';

const members: ListMember[] = ['tools', 'prompts', 'resources', 'resourceTemplates'];
const view: ListView = { members, mayUse: (_member, name) => !name.startsWith('no') };

const JSON_LINE: [string, string] = ['content-type', 'application/json'];
const list = (...names: string[]): string =>
  `{"jsonrpc":"2.0","id":1,"result":{"tools":[${names.map((name) => `{"name":"${name}"}`).join()}],"cacheScope":"public"}}`;
const left = (...names: string[]): string => list(...names).replace('public', 'private');

let upstream: RawUpstream;
let gateway: Forwarding;
/** Whether the gateway filters lists. */
let filtering = true;
beforeAll(async () => {
  upstream = await startRawUpstream();
  const limits = { headersTimeoutMs: 400, maxConcurrentRequests: 2, maxStreams: 2 };
  gateway = await startForwarding(`${upstream.url}/up`, () => (filtering ? view : null), limits);
});
afterAll(async () => {
  await gateway.stop();
  await upstream.stop();
});
beforeEach(async () => {
  filtering = true;
  upstream.reset();
  upstream.answer(answers.status(200, [JSON_LINE], list('a', 'no', 'b')));
  expect((await ask(modern('tools/list'))).body).toBe(left('a', 'b'));
  upstream.reset();
  gateway.ends.length = 0;
});

const ask = (request: RawRequest): Promise<RawResponse> => rawRequest(gateway.port, request, { label: 'a list' });

async function open(request: RawRequest): Promise<RawConnection> {
  const connection = await openRaw(gateway.port, { label: 'a list' });
  await connection.write(requestBytes(gateway.port, request));
  return connection;
}

const requests: [string, RawRequest][] = [
  ['modern', modern('tools/list')],
  ['legacy', legacy('tools/list')],
  ['GET', legacy('', { method: 'GET' })],
];

async function expectBroken(response: RawResponse, detail: RegExp): Promise<void> {
  expect([response.status, response.complete]).toEqual([502, true]);
  expect(response.body).toContain('"The MCP server broke off"');
  expect(response.body).not.toContain('"name"');
  expect(gateway.ends.join()).toMatch(detail);
  expect(gateway.ends).toHaveLength(1);
  // The connections are free again: one more request succeeds than there are connections.
  upstream.answer(answers.status(200, [JSON_LINE], list('no')));
  for (let i = 0; i < 3; i++) expect((await ask(modern('tools/list'))).body).toBe(left());
}

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
    filtering = false;
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
      ['upstream.timeout: no response headers in time'],
    ]);
  });

  test.each<[string, number, string]>([
    ['an error', 200, '{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no","data":1.0}}'],
    ['an error with its status (B-101, B-111)', 404, '{ "jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no"} }'],
    ['another result', 200, '{"jsonrpc":"2.0","id":1,"result":{"content":[],"cacheScope":"public"}}'],
  ])('with %s passes unchanged', async (_what, status, body) => {
    upstream.answer(answers.status(status, [JSON_LINE], body));
    const response = await ask(modern('tools/list'));
    expect([response.status, response.body, gateway.ends]).toEqual([status, body, ['ok']]);
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
    expect([response.status, response.complete, response.body, gateway.ends]).toEqual([status, true, body, ['ok']]);
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

describe('an event stream', () => {
  const event = (text: string): string => `id: 3\ndata: ${text}\n\n`;
  /** Writes one part for each call of `go`. */
  function steps(...parts: string[]): { answer: Answer; go(): void } {
    let go = (): void => {};
    const answer: Answer = async ({ req, res }) => {
      req.resume();
      res.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
      res.flushHeaders();
      for (const part of parts) {
        await new Promise<void>((resolve) => {
          go = resolve;
        });
        res.write(part);
      }
      res.end();
    };
    return { answer, go: () => go() };
  }

  test.each(requests)('%s: each event is relayed as it arrives, with its lists filtered (A-37, B-70)', async (_era, request) => {
    const { answer, go } = steps(event('{"jsonrpc":"2.0","method":"a"}'), ': ping\n', event(list('a', 'no')), event('[]'));
    upstream.answer(answer);
    const connection = await open(request);
    await until('the head', () => connection.received().includes('\r\n\r\n'));
    for (const seen of ['"method":"a"}\n\n', ': ping\n', `${event(left('a'))}`, '[]\n\n']) {
      expect(connection.received()).not.toContain(seen);
      go();
      await until(`the event ${seen}`, () => connection.received().includes(seen));
    }
    const response = await connection.response();
    expect([response.complete, response.body]).toEqual([
      true,
      `${event('{"jsonrpc":"2.0","method":"a"}')}: ping\n${event(left('a'))}${event('[]')}`,
    ]);
    expect(response.header('x-accel-buffering')).toBe('no');
    expect(gateway.ends).toEqual(['ok']);
    expect(upstream.last?.header('accept-encoding')).toBe('identity');
  });

  test('with an error status is filtered too', async () => {
    upstream.answer(answers.status(404, [['content-type', 'text/event-stream']], event(list('a', 'no'))));
    const response = await ask(legacy('tools/list'));
    expect([response.status, response.body]).toEqual([404, event(left('a'))]);
  });

  test('with a Content-Length loses it', async () => {
    const text = event(list('no'));
    upstream.answer(
      answers.status(
        200,
        [
          ['content-type', 'text/event-stream'],
          ['content-length', String(text.length)],
        ],
        text,
      ),
    );
    const response = await ask(legacy('tools/list'));
    expect([response.complete, response.body, response.header('content-length')]).toEqual([true, event(left()), undefined]);
  });

  test('without a blank line at its end is filtered to the last byte', async () => {
    upstream.answer(answers.status(200, [['content-type', 'text/event-stream']], event(list('a', 'no')).trimEnd()));
    expect((await ask(legacy('tools/list'))).body).toBe(event(left('a')).trimEnd());
  });

  test.each<[string, string, string]>([
    ['that is not JSON', event('tools'), 'not JSON-RPC'],
    ['that two clients could read in two ways', event(list('a').replace('"name"', '"Name":"b","name"')), 'is repeated'],
    ['that never ends', `data: ${'x'.repeat(MAX_LIST_BYTES)}`, 'more than'],
    ['that is incomplete at the end', event(list('a')).slice(0, -6), 'not JSON-RPC'],
  ])('with an event %s is cut after the events before it', async (_what, text, detail) => {
    upstream.answer(answers.status(200, [['content-type', 'text/event-stream']], event(list('b', 'no')) + text));
    const response = await ask(legacy('tools/list'));
    expect([response.status, response.complete]).toEqual([200, false]);
    expect(response.body).toBe(event(left('b')));
    await until('the exchange has ended', () => gateway.ends.length > 0);
    expect(gateway.ends.join()).toMatch(new RegExp(`^stream\\.broken: unreadable list: .*${detail}`));
    upstream.answer(answers.status(200, [JSON_LINE], list('no')));
    for (let i = 0; i < 3; i++) expect((await ask(modern('tools/list'))).body).toBe(left());
  });

  test('that is compressed is 502', async () => {
    upstream.answer(
      answers.status(
        200,
        [
          ['content-type', 'text/event-stream'],
          ['content-encoding', 'gzip'],
        ],
        gzipSync(event(list('a'))),
      ),
    );
    await expectBroken(await ask(legacy('tools/list')), /^upstream\.broken: a list in a compressed response/);
  });

  test('that the upstream cuts is cut without the incomplete event', async () => {
    upstream.answer(
      answers.cut({ body: event(list('a')) + event(list('b')).slice(0, 30), headers: [['content-type', 'text/event-stream']] }),
    );
    const response = await ask(legacy('tools/list'));
    expect([response.complete, response.body]).toEqual([false, event(left('a'))]);
  });

  test('is aborted at once where the caller disconnects (B-73)', async () => {
    upstream.answer(answers.sse([{ data: JSON.parse(list('a')), id: '3' }], { end: false }));
    for (let i = 1; i <= 3; i++) {
      const connection = await open(modern('tools/list'));
      const seen = await upstream.waitFor(i, ({ bodyComplete }) => bodyComplete);
      await until('the list', () => connection.received().includes('"name":"a"'));
      connection.destroy();
      await until('the upstream sees the disconnect', () => seen.closedAt !== undefined);
      await until('the exchange has ended', () => gateway.ends.length === i);
    }
  });

  test('with a slow caller pauses the upstream (B-79)', async () => {
    const block = Buffer.from(event(`{"a":"${'x'.repeat(1 << 20)}"}`));
    const total = 64;
    let sent = 0;
    upstream.answer(async ({ req, res }) => {
      req.resume();
      res.writeHead(200, { 'content-type': 'text/event-stream', 'content-length': block.length * total });
      for (; sent < total; sent++) if (!res.write(block)) await new Promise((resolve) => res.once('drain', resolve));
      res.end();
    });
    const connection = await open(legacy('tools/list'));
    connection.socket.pause();
    let before = -1;
    await until('the upstream is paused', async () => {
      const same = sent > 0 && sent === before;
      before = sent;
      if (!same) await new Promise((resolve) => setTimeout(resolve, 200));
      return same;
    });
    expect(sent).toBeLessThan(total);
    connection.socket.resume();
    const response = await connection.response({ label: 'all of it', ms: 15_000 });
    expect([response.complete, response.bytes.length]).toEqual([true, block.length * total]);
  });
});
