// One log line and one count for each request, with its reason.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LogLine } from '../fixtures/gateway.js';
import { type Ask, type HeaderLine, legacy, modern } from '../fixtures/messages.js';
import type { RawRequest, RawResponse } from '../fixtures/raw-client.js';
import { type Answer, answers } from '../fixtures/raw-upstream.js';
import { type Scene, startScene } from '../fixtures/scene.js';
import { until } from '../fixtures/wait.js';
import { countOf } from '../support/counted.js';

let scene: Scene;
beforeAll(async () => {
  const admin = { host: '127.0.0.1', port: '{{adminPort}}', hosts: ['admin.internal'] };
  scene = await startScene({ upstream: { headersTimeoutMs: 300 }, more: [{ path: '/b/mcp' }], root: { admin } });
});
afterAll(() => scene.stop());

type Row = { reason: string; status: number; event: string; make: () => RawRequest | string; answer?: Answer; endpoint?: string };

const list =
  (ask: Ask = {}) =>
  (): RawRequest =>
    modern('tools/list', { token: scene.token(), ...ask });
const rows: Row[] = [
  { reason: 'ok', status: 200, event: 'forwarded', make: list() },
  { reason: 'ok', status: 200, event: 'forwarded', make: list(), answer: answers.sse([{ data: 1 }]) },
  { reason: 'ok', status: 202, event: 'forwarded', make: list({ id: null }), answer: answers.status(202) },
  { reason: 'upstream.client_error', status: 404, event: 'proxy.client_error', make: list(), answer: answers.json({}, 404) },
  { reason: 'upstream.server_error', status: 500, event: 'proxy.server_error', make: list(), answer: answers.json({}, 500) },
  { reason: 'ok', status: 204, event: 'forwarded', make: () => ({ method: 'OPTIONS', path: '/mcp' }) },
  { reason: 'ok', status: 200, event: 'forwarded', make: () => legacy('', { method: 'GET', token: scene.token() }) },
  { reason: 'credential.missing', status: 401, event: 'identify.missing', make: () => modern('tools/list') },
  {
    reason: 'credential.missing',
    status: 401,
    event: 'identify.missing',
    make: () => modern('x', { path: '/b/mcp' }),
    endpoint: '/b/mcp',
  },
  { reason: 'token.expired', status: 401, event: 'verify.expired', make: () => list({ token: scene.token({ ttl: -99 }) })() },
  {
    reason: 'audience.mismatch',
    status: 401,
    event: 'authorize.audience',
    make: () => list({ token: scene.token({ audience: 'x' }) })(),
  },
  {
    reason: 'scope.insufficient',
    status: 403,
    event: 'authorize.scope',
    make: () => list({ token: scene.token({ claims: { scope: '' } }) })(),
  },
  { reason: 'origin.refused', status: 403, event: 'http.origin', make: list({ headers: [['Origin', 'null']] }) },
  { reason: 'method.refused', status: 405, event: 'http.method', make: list({ method: 'PUT' }) },
  { reason: 'body.media_type', status: 415, event: 'authorize.media_type', make: list({ headers: [['Content-Type', 'a/b']] }) },
  { reason: 'body.too_large', status: 413, event: 'authorize.body_size', make: list({ body: ' '.repeat(4_200_000) }) },
  { reason: 'envelope.unreadable', status: 400, event: 'authorize.unreadable', make: list({ body: '{' }) },
  {
    reason: 'envelope.header_mismatch',
    status: 400,
    event: 'authorize.header_mismatch',
    make: list({ headers: [['Mcp-Method', 'x']] }),
  },
  { reason: 'upstream.broken', status: 502, event: 'proxy.broken', make: list(), answer: answers.hangUp() },
  {
    reason: 'upstream.gateway_rejected',
    status: 502,
    event: 'proxy.gateway_rejected',
    make: list(),
    answer: answers.status(401),
  },
  { reason: 'upstream.timeout', status: 504, event: 'proxy.timeout', make: list(), answer: answers.stall() },
  { reason: 'stream.broken', status: 200, event: 'proxy.stream_broken', make: list(), answer: answers.cut() },
  { reason: 'route.unknown', status: 404, event: 'http.route', make: () => ({ path: '/nowhere' }), endpoint: 'none' },
  { reason: 'route.slash', status: 404, event: 'http.route_slash', make: () => ({ path: '/mcp/' }), endpoint: 'none' },
  {
    reason: 'connection.bad_request',
    status: 400,
    event: 'http.bad_request',
    make: () => ({ path: 'http://x/mcp' }),
    endpoint: 'none',
  },
  {
    reason: 'connection.target_too_long',
    status: 414,
    event: 'http.target',
    make: () => ({ path: `/${'x'.repeat(9000)}` }),
    endpoint: 'none',
  },
  {
    reason: 'connection.headers_too_large',
    status: 431,
    event: 'http.headers',
    make: () => ({ headers: Array.from({ length: 250 }, (_value, n): HeaderLine => [`X-${n}`, '1']) }),
    endpoint: 'none',
  },
];

const FIELDS = new Set(
  'level time event requestId endpoint clientAddress http.request.method http.response.status_code reason detail durationMs mcp.method.name gen_ai.tool.name era credential issuer subject clientId user_agent.original unverified.iss unverified.aud unverified.sub unverified.client_id acceptedAudience'.split(
    ' ',
  ),
);

describe('A-66: each request has one line and one count, with its endpoint and its reason', () => {
  const answered: { row: Row; response: RawResponse }[] = [];
  let before = '';
  beforeAll(async () => {
    await scene.passes();
    before = await scene.gateway.metrics();
    for (const row of rows) {
      scene.upstream.reset();
      if (row.answer !== undefined) scene.upstream.answer(row.answer);
      answered.push({ row, response: await scene.send(row.make(), { label: `the request for ${row.reason}` }) });
    }
  });

  test('the status (D-13, D-15)', () => {
    expect(answered.map(({ response }) => response.status)).toEqual(rows.map(({ status }) => status));
  });

  test('one line, with allowed fields only', async () => {
    for (const { row, response } of answered) {
      const line = await scene.logOf(response);
      const { reason, status, event } = row;
      expect(line).toMatchObject({
        reason,
        event,
        'http.response.status_code': status,
        clientAddress: '127.0.0.1',
        level: expect.any(String),
      });
      expect(line.durationMs).toBeTypeOf('number');
      if (row.endpoint !== 'none') expect(line.endpoint).toBe(row.endpoint ?? '/mcp');
      expect(Object.keys(line).filter((key) => !FIELDS.has(key))).toEqual([]);
      expect(new Date(String(line.time)).getTime()).toBeGreaterThan(Date.now() - 60_000);
    }
    const ids = scene.gateway.logs().flatMap(({ requestId }) => (requestId === undefined ? [] : [requestId]));
    expect(new Set(ids).size).toBe(ids.length);
    expect(new Set(answered.map(({ response }) => response.header('x-request-id'))).size).toBe(answered.length);
  });

  test('one count and one observation', async () => {
    const after = await scene.gateway.metrics();
    for (const { endpoint = '/mcp', reason } of rows) {
      const made = rows.filter((row) => row.reason === reason && (row.endpoint ?? '/mcp') === endpoint).length;
      for (const name of ['portcullis_http_requests_total', 'portcullis_http_request_duration_seconds_count']) {
        const counted = countOf(after, name, endpoint, reason) - countOf(before, name, endpoint, reason);
        expect([name, endpoint, reason, counted]).toEqual([name, endpoint, reason, made]);
      }
    }
    // Labels come from the configuration and the table: no client creates a time series (C-153).
    const endpoints = new Set([...after.matchAll(/endpoint="([^"]*)"/g)].map(([, endpoint]) => endpoint));
    expect([...endpoints].sort()).toEqual(['/b/mcp', '/mcp', 'none']);
  });
});

test('C-138, C-139, D-18: requests that node:http rejects are logged and counted, too', async () => {
  const requests: [string, number, string][] = [
    ['GARBAGE\r\n\r\n', 400, 'connection.bad_request'],
    ['POST /mcp HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n', 400, 'connection.bad_request'],
    ['GET /mcp HTTP/1.1\r\nHost: x\r\nX: a\r\n b\r\n\r\n', 400, 'connection.bad_request'],
    [`GET /mcp HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(70_000)}\r\n\r\n`, 431, 'connection.headers_too_large'],
  ];
  for (const [bytes, status, reason] of requests) {
    const lines = (): LogLine[] => scene.gateway.logs().filter((line) => line.reason === reason);
    await scene.passes();
    const [told, counted] = [
      lines().length,
      countOf(await scene.gateway.metrics(), 'portcullis_http_requests_total', 'none', reason),
    ];
    const response = await scene.send(bytes, { label: `the rejection ${status}` });
    expect([bytes.slice(0, 20), response.status, response.header('cache-control')]).toEqual([
      bytes.slice(0, 20),
      status,
      'no-store',
    ]);
    expect(countOf(await scene.gateway.metrics(), 'portcullis_http_requests_total', 'none', reason)).toBe(counted + 1);
    await until(`a line for ${reason}`, () => lines().length === told + 1);
    expect(lines().at(-1)).toMatchObject({ 'http.response.status_code': status, reason, clientAddress: '127.0.0.1' });
  }
});

describe('A-50: names that callers choose do not break the log', () => {
  const names = ['@@', '"@@"', '"', '\\', 'a\nb', '{"level":"error"}', '\u2028', '$&', '%s', 'é😀', 'x'.repeat(500)];
  test.each(names)('%j', async (name) => {
    const token = scene.token({ claims: { sub: name, client_id: name } });
    const mirrored: HeaderLine = ['Mcp-Name', `=?base64?${Buffer.from(name).toString('base64')}?=`];
    const call = modern('tools/call', { id: name, params: { name }, token, headers: [mirrored] });
    const told = name.slice(0, 200);
    scene.upstream.reset();
    for (const request of [call, call, modern('tools/list', { token, headers: [['Mcp-Method', 'x']] })]) {
      const response = await scene.send(request);
      const line = await scene.logOf(response);
      expect([line['http.response.status_code'], line.subject, line.clientId]).toEqual([response.status, told, told]);
      if (response.status === 200)
        expect([line.reason, line['mcp.method.name'], line['gen_ai.tool.name']]).toEqual(['ok', 'tools/call', told]);
    }
    for (const line of scene.gateway.output().split('\n').slice(-3)) expect(() => JSON.parse(line)).not.toThrow();
  });
});

test('C-150: an unknown expectation is rejected, logged, counted and not stored', async () => {
  await scene.passes();
  const total = async (): Promise<number> =>
    [...(await scene.gateway.metrics()).matchAll(/^portcullis_http_requests_total\{.*\} (\d+)$/gm)].reduce(
      (sum, [, n]) => sum + Number(n),
      0,
    );
  const before = await total();
  const response = await scene.send(modern('tools/list', { token: scene.token(), headers: [['Expect', 'the-unexpected']] }));
  expect([400, 417]).toContain(response.status);
  expect([response.header('cache-control'), (await total()) - before]).toEqual(['no-store', 1]);
});
