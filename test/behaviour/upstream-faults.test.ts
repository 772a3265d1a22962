// Every way an upstream can break HTTP, as raw bytes: the row of the failure table it is, never a 500, and nothing of it passed on.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { modern } from '../fixtures/messages.js';
import type { RawResponse } from '../fixtures/raw-client.js';
import { type Answer, answers } from '../fixtures/raw-upstream.js';
import { type Scene, startScene } from '../fixtures/scene.js';

let scene: Scene;
/** What the log has to say, compared at the end of each block. */
let told: { response: RawResponse; reason: string; status: number }[] = [];

beforeAll(async () => {
  scene = await startScene({ upstream: { headersMs: 300 }, more: [{ path: '/gone/mcp', upstream: 'http://127.0.0.1:1/mcp' }] });
});
afterAll(() => scene.stop());
beforeEach(async () => {
  scene.upstream.reset();
  await scene.passes();
  scene.upstream.reset();
});

const BODY = '{"jsonrpc":"2.0","id":7,"result":{}}';
const TYPE = 'Content-Type: application/json';
const SECRET = 'X-Internal-Host: http://internal.example\r\nServer: internal/1.0\r\nSet-Cookie: internal=1';
/** A well-formed answer, into which a case puts its flaw. */
const answer = (status: string, lines: string[], body = BODY): string =>
  [`HTTP/1.1 ${status}`, ...lines, SECRET, '', body].join('\r\n');
const sized = `Content-Length: ${BODY.length}`;
const raw = (bytes: string | string[]): Answer => answers.raw(bytes);

type Row = { status: number; code: number; message: string; kind: string };
const BROKEN: Row = { status: 502, code: -31502, message: 'The MCP server broke off', kind: 'upstream.broken' };
const REFUSED_US: Row = { status: 502, code: -31502, message: 'The MCP server refused the gateway', kind: 'upstream.refused_us' };
const TIMEOUT: Row = { status: 504, code: -31504, message: 'The MCP server timed out', kind: 'upstream.timeout' };
const UNREACHABLE: Row = { status: 502, code: -31502, message: 'The MCP server is unreachable', kind: 'upstream.unreachable' };

const OWN_HEADERS = ['cache-control', 'connection', 'content-length', 'content-type', 'date', 'keep-alive', 'x-request-id'];

function expectRow(response: RawResponse, row: Row): void {
  expect([response.status, response.complete]).toEqual([row.status, true]);
  const { error, ...rest } = JSON.parse(response.body) as { error: { code: number; message: string; data: unknown } };
  expect(rest).toEqual({ jsonrpc: '2.0', id: 7 });
  expect([error.code, error.message]).toEqual([row.code, row.message]);
  expect(error.data).toEqual({ requestId: response.header('x-request-id') });
  expect(response.rawHeaders.map(([name]) => name.toLowerCase()).sort()).toEqual(OWN_HEADERS);
  expect(response.header('cache-control')).toBe('no-store');
  expect(JSON.stringify(response.rawHeaders) + response.body).not.toMatch(/internal\.example|internal=|internal\/1|127\.0\.0\.1/);
  told.push({ response, reason: row.kind, status: row.status });
}

const call = (): Promise<RawResponse> => scene.send(modern('tools/list', { id: 7, token: scene.token() }), { label: 'a call' });

async function expectTold(): Promise<void> {
  const lines = await Promise.all(told.map(({ response }) => scene.logOf(response)));
  expect(lines.map(({ reason, status }) => ({ reason, status }))).toEqual(told.map(({ reason, status }) => ({ reason, status })));
  for (const line of lines) expect([line.level, line.stack]).toEqual(['error', undefined]);
  told = [];
}

describe('C-138, C-139, C-140, C-145, D-23: an answer that is no HTTP is 502 upstream.broken, after one hit', () => {
  test.each<[string, Answer]>([
    [
      'Content-Length and Transfer-Encoding',
      raw(answer('200 OK', [TYPE, sized, 'Transfer-Encoding: chunked'], `24\r\n${BODY}\r\n0\r\n\r\n`)),
    ],
    ['two Content-Length that differ', raw(answer('200 OK', [TYPE, sized, 'Content-Length: 3']))],
    ['a negative Content-Length', raw(answer('200 OK', [TYPE, 'Content-Length: -1']))],
    ['a Content-Length that is no number', raw(answer('200 OK', [TYPE, 'Content-Length: 3x']))],
    ['bare LF', raw(answer('200 OK', [TYPE, sized]).replaceAll('\r\n', '\n'))],
    ['an obsolete fold', raw(answer('200 OK', [TYPE, 'X-Fold: a\r\n b', sized]))],
    ['a bare CR in a value', raw(answer('200 OK', [TYPE, 'X-Cr: a\rb', sized]))],
    ['a NUL in a value', raw(answer('200 OK', [TYPE, 'X-Nul: a\0b', sized]))],
    ['white space before the colon', raw(answer('200 OK', [TYPE, 'X-Space : a', sized]))],
    ['a header section above 16 KiB', raw(answer('200 OK', [TYPE, `X-Long: ${'x'.repeat(20_000)}`, sized]))],
    ['HTTP/0.9', raw(BODY)],
    ['bytes of TLS', answers.raw(Buffer.from('16030100020228', 'hex'))],
    ['nothing, closed', answers.hangUp()],
    ['nothing, reset', answers.hangUp(true)],
    ['half a header section, closed', raw('HTTP/1.1 200 OK\r\nContent-Ty')],
    ['100 and no more', raw('HTTP/1.1 100 Continue\r\n\r\n')],
    ['101', raw('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n')],
    ['status 099', raw(answer('099 Low', [TYPE, sized]))],
    ['status 600', raw(answer('600 High', [TYPE, sized]))],
    ['status 999', raw(answer('999 High', [TYPE, sized]))],
    ['status 20', raw(answer('20 Short', [TYPE, sized]))],
  ])('%s', async (_name, broken) => {
    scene.upstream.answer(broken);
    expectRow(await call(), BROKEN);
    expect(scene.upstream.hits).toBe(1);
    // The broken connection is not used again, and nothing that followed on it is taken for the next answer.
    scene.upstream.answer(answers.rpc({ next: true }));
    expect(JSON.parse((await call()).body)).toEqual({ jsonrpc: '2.0', id: 7, result: { next: true } });
  });
  test('D-23, A-66: each is told once, with its reason', expectTold);
});

describe('A-47, C-141, D-23, D-26: an answer that is not for the caller is 502', () => {
  const CHALLENGE = 'WWW-Authenticate: Bearer resource_metadata="http://internal.example"';
  test.each<[string, string, Row]>([
    ['401 with a challenge', answer('401 Unauthorized', [TYPE, CHALLENGE, sized]), REFUSED_US],
    ['401 without one', answer('401 Unauthorized', [TYPE, sized]), REFUSED_US],
    ['403 with a challenge', answer('403 Forbidden', [TYPE, CHALLENGE, sized]), REFUSED_US],
    ['407', answer('407 Proxy Authentication Required', [TYPE, 'Proxy-Authenticate: Basic', sized]), BROKEN],
    ...[300, 301, 302, 303, 304, 307, 308].map((status): [string, string, Row] => [
      `${status} with a Location`,
      answer(`${status} Moved`, [TYPE, 'Location: http://internal.example/', sized]),
      BROKEN,
    ]),
    ['200 with HTML', answer('200 OK', ['Content-Type: text/html', sized]), BROKEN],
    ['200 with a type that only begins well', answer('200 OK', ['Content-Type: application/jsonp', sized]), BROKEN],
  ])('%s', async (_name, bytes, row) => {
    scene.upstream.answer(raw(bytes));
    const response = await call();
    expectRow(response, row);
    expect([response.headers('www-authenticate'), response.headers('location'), scene.upstream.hits]).toEqual([[], [], 1]);
  });

  test('C-141: not even a redirect to itself is followed', async () => {
    scene.upstream.next(answers.status(307, [['Location', `${scene.upstream.url}/up`]]));
    expectRow(await call(), BROKEN);
    expect(scene.upstream.hits).toBe(1);
  });
  test('A-66: each is told once, with its reason', expectTold);
});

describe('C-145, D-25: an upstream that does not answer', () => {
  test('no answer is 504, and the request is given up', async () => {
    scene.upstream.answer(answers.stall());
    expectRow(await call(), TIMEOUT);
    const seen = await scene.upstream.waitFor(1, (request) => request.closedAt !== undefined);
    expect([seen.closedEarly, scene.upstream.hits]).toEqual([true, 1]);
  });

  test('half a header section and then nothing is 504', async () => {
    scene.upstream.answer(answers.raw('HTTP/1.1 200 OK\r\nContent-Ty', { keep: true }));
    expectRow(await call(), TIMEOUT);
  });

  test('100 and then nothing is given up, and 103 is no answer yet', async () => {
    scene.upstream.answer(answers.raw('HTTP/1.1 100 Continue\r\n\r\n', { keep: true }));
    expectRow(await call(), BROKEN);
    scene.upstream.answer(answers.raw('HTTP/1.1 103 Early Hints\r\nLink: </internal>\r\n\r\n', { keep: true }));
    expectRow(await call(), TIMEOUT);
    scene.upstream.answer(raw(['HTTP/1.1 103 Early Hints\r\nLink: </internal>\r\n\r\n', answer('200 OK', [TYPE, sized])]));
    const response = await call();
    expect([response.status, response.interim, response.body]).toEqual([200, [], BODY]);
  });

  test('a slow body is no timeout', async () => {
    scene.upstream.answer(answers.sse([{ data: 'a' }, { data: 'b', afterMs: 600 }]));
    expect((await scene.passes()).body).toBe('data: a\n\ndata: b\n\n');
  });

  test('a port that refuses is 502 upstream.unreachable, and it recovers by itself', async () => {
    await scene.upstream.stop();
    expectRow(await call(), UNREACHABLE);
    await scene.upstream.start();
    await scene.passes();
    const token = scene.token({ audience: `${scene.gateway.url}/gone/mcp` });
    expectRow(await scene.send(modern('tools/list', { id: 7, path: '/gone/mcp', token })), UNREACHABLE);
  });
  test('A-66: each is told once, with its reason', expectTold);
});

describe('B-77, C-145: an answer that is cut in the middle is cut visibly, so that nobody takes it for whole', () => {
  const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;
  test.each<[string, Answer, string]>([
    ['Content-Length not reached, closed', answers.cut({ body: '{"half":' }), '{"half":'],
    ['Content-Length not reached, reset', answers.cut({ body: '{"half":', reset: true }), '{"half":'],
    ['chunks without an end', raw(answer('200 OK', [TYPE, 'Transfer-Encoding: chunked'], chunk('{"half":'))), '{"half":'],
    [
      'a chunk size that is none',
      raw(answer('200 OK', [TYPE, 'Transfer-Encoding: chunked'], `${chunk('{"half":')}zz\r\n`)),
      '{"half":',
    ],
  ])('%s', async (_name, cut, text) => {
    scene.upstream.answer(cut);
    const response = await scene.send(modern('tools/list', { token: scene.token() }), { label: 'a cut answer', closeMs: 2000 });
    expect([response.status, response.body, response.complete, response.closed]).toEqual([200, text, false, true]);
    expect(scene.upstream.hits).toBe(1);
    expect(await scene.logOf(response)).toMatchObject({ reason: 'stream.broken', status: 200, level: 'warn' });
  });

  test('bytes after a whole answer are not delivered to the next request', async () => {
    scene.upstream.next(
      answers.raw([answer('200 OK', [TYPE, sized]), answer('200 OK', [TYPE, sized], '{"stray":1}'.padEnd(BODY.length))], {
        keep: true,
      }),
    );
    expect((await call()).body).toBe(BODY);
    scene.upstream.answer(answers.rpc({ next: true }));
    expect(JSON.parse((await call()).body)).toEqual({ jsonrpc: '2.0', id: 7, result: { next: true } });
  });
});

describe('C-140: a request is sent once, whatever becomes of it', () => {
  test.each<[string, Answer]>([
    ['reset after the body was read', answers.hangUp(true)],
    ['closed after the body was read', answers.hangUp()],
    ['503 with Retry-After', answers.status(503, [['Retry-After', '0']], 'no')],
    ['408', answers.status(408, [['Connection', 'close']])],
    ['421', answers.status(421)],
    ['425', answers.status(425)],
  ])('%s', async (_name, fault) => {
    scene.upstream.answer(fault);
    await call();
    // A retry would come soon after; the second request is the next one of the test and no other.
    scene.upstream.answer(answers.rpc());
    await scene.passes({ id: 'second' });
    expect(scene.upstream.requests.map(({ body }) => JSON.parse(body.toString()).id)).toEqual([7, 'second']);
  });
});

test('C-134: a gateway that points at itself is 508, without a storm', async () => {
  await scene.passes();
  const via = scene.upstream.last?.header('via') ?? '';
  scene.upstream.reset();
  const response = await scene.send(modern('tools/list', { token: scene.token(), headers: [['Via', `1.1 other, ${via}`]] }));
  expect([response.status, (await scene.logOf(response)).reason, scene.upstream.hits]).toEqual([508, 'upstream.loop', 0]);
});

test('D-22: not one of them was a 500', async () => {
  const metrics = await scene.gateway.metrics();
  expect(metrics).toContain('reason="upstream.broken"');
  expect(metrics).not.toMatch(/reason="(gateway|verify)\.fault"/);
  expect(scene.gateway.logs().filter(({ status }) => status === 500)).toEqual([]);
});
