// A rejection of a call has the id of the call: without it rmcp waits for ever, and go-sdk ends its
// session. The gateway reads a short body for it, also where it rejects the head already.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Ask, legacy, modern } from '../fixtures/messages.js';
import { openRaw, type RawRequest, type RawResponse, requestBytes } from '../fixtures/raw-client.js';
import { type Scene, startScene } from '../fixtures/scene.js';

const EVIL = 'https://evil.example.com';

let scene: Scene;
beforeAll(async () => {
  scene = await startScene({ endpoint: { scopes: ['files:read'] } });
});
afterAll(() => scene.stop());
beforeEach(async () => {
  await scene.passes({ token: scene.token({ claims: { scope: 'files:read' } }) });
  scene.upstream.reset();
});

/** The id in the body of the answer; undefined without one. */
const idOf = ({ body }: RawResponse): unknown => (JSON.parse(body.toString()) as { id?: unknown }).id;

const CASES: [what: string, status: number, ask: () => Ask][] = [
  ['no credential', 401, () => ({})],
  ['a token that is not one', 401, () => ({ token: 'opaque' })],
  ['an expired token', 401, () => ({ token: scene.token({ ttl: -120 }) })],
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
  ['a token for another audience', 401, () => ({ token: scene.token({ audience: EVIL }) })],
  ['a foreign origin', 403, () => ({ token: scene.token(), headers: [['Origin', EVIL]] })],
  ['too few scopes', 403, () => ({ token: scene.token({ claims: { scope: 'other' } }) })],
];

describe.each(CASES)('%s: %d', (_what, status, ask) => {
  test.each<[string, (method: string, ask: Ask) => RawRequest, number | string]>([
    ['a number', modern, 7],
    ['a text', modern, 'é"\\u0041'],
    ['a number of a legacy revision', legacy, 0],
  ])('has the id, %s', async (_kind, message, id) => {
    const response = await scene.send(message('tools/list', { ...ask(), id }));
    expect([response.status, idOf(response), scene.upstream.hits]).toEqual([status, id, 0]);
  });

  test('has no id for a notification', async () => {
    const response = await scene.send(legacy('notifications/initialized', { ...ask(), id: null }));
    expect([response.status, idOf(response)]).toEqual([status, undefined]);
  });
});

describe('without keys: 503', () => {
  test('has the id', async () => {
    await scene.issuer.setMode('500');
    const response = await scene.send(modern('tools/list', { token: scene.token({ header: { kid: 'x' } }), id: 'call-9' }));
    await scene.issuer.setMode('ok');
    expect([response.status, idOf(response), response.header('retry-after')]).toEqual([503, 'call-9', expect.any(String)]);
  });
});

describe('a rejection of a body that the gateway does not read', () => {
  const bad = (ask: Ask): RawRequest => modern('tools/list', { token: 'opaque', ...ask });
  const long = (bytes: number): string => {
    const [head, tail] = JSON.stringify({ jsonrpc: '2.0', method: 'x', params: { x: '' }, id: 4 }).split('""');
    return `${head}"${'x'.repeat(bytes - `${head}${tail}`.length - 2)}"${tail}`;
  };

  /** 65,537 bytes that begin as go-sdk and rmcp write them. */
  const opened = (start: string): string => `{"jsonrpc":"2.0",${start}`.padEnd(65_537, '"x');

  test.each<[string, string, unknown]>([
    ['a number', '"id":4,"method":', 4],
    ['a text', '"id":"r-1.a","method":', 'r-1.a'],
    ['spaces between', ' "id" : 4 , "method" :', 4],
  ])('of 65,537 bytes has the id at its start: %s', async (_what, start, id) => {
    const response = await scene.send(legacy('x', { token: 'opaque', body: opened(start) }));
    expect([response.status, idOf(response), response.header('connection')]).toEqual([401, id, 'keep-alive']);
  });

  test('in chunks has the id at its start', async () => {
    const text = '{"jsonrpc":"2.0","id":4,"method":"tools/list"}';
    const chunked = `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`;
    const response = await scene.send(bad({ headers: [['Transfer-Encoding', 'chunked']], body: chunked }));
    expect([response.status, idOf(response)]).toEqual([401, 4]);
  });

  test('above the limit of the endpoint: 413 with the id at its start', async () => {
    const body = '{"jsonrpc":"2.0","id":4,"method":"x"}'.padEnd(5 << 20);
    const token = scene.token({ claims: { scope: 'files:read' } });
    const response = await scene.send(legacy('x', { token, body }));
    expect([response.status, idOf(response)]).toEqual([413, 4]);
  });

  test('of 64 KiB is not one yet', async () => {
    const response = await scene.send(legacy('x', { token: 'opaque', body: long(65_536) }));
    expect([response.status, idOf(response)]).toEqual([401, 4]);
  });

  test.each<[string, () => RawRequest]>([
    ['of one byte more, with the id at its end', () => legacy('x', { token: 'opaque', body: long(65_537) })],
    ['of one byte more, which is a response', () => legacy('x', { token: 'opaque', body: opened('"id":4,"result":') })],
    [
      'of one byte more, with an id of 129 characters',
      () => legacy('x', { token: 'opaque', body: opened(`"id":"${'x'.repeat(129)}","method":`) }),
    ],
    ['in chunks', () => bad({ headers: [['Transfer-Encoding', 'chunked']], body: '2\r\n{}\r\n0\r\n\r\n' })],
    ['that is not JSON', () => bad({ body: '{"id":1' })],
    ['that is a batch', () => legacy('x', { token: 'opaque', body: '[{"jsonrpc":"2.0","id":1,"method":"x"}]' })],
    ['of another media type', () => bad({ headers: [['Content-Type', 'text/plain']] })],
    ['with a content coding', () => bad({ headers: [['Content-Encoding', 'gzip']] })],
  ])('%s has no id', async (_what, request) => {
    const response = await scene.send(request());
    expect([response.status, idOf(response)]).toEqual([401, undefined]);
  });

  test('that never arrives is answered after a second, without an id', async () => {
    const bytes = requestBytes(scene.gateway.port, bad({}));
    const connection = await openRaw(scene.gateway.port, { label: 'half a body' });
    const startedMs = performance.now();
    await connection.write(bytes.subarray(0, bytes.length - 1));
    const response = await connection.response({ label: 'the 401', ms: 5000 });
    expect([response.status, idOf(response)]).toEqual([401, undefined]);
    expect(performance.now() - startedMs).toBeGreaterThan(900);
    // The connection goes on after the rest of that body.
    await connection.write(bytes.subarray(bytes.length - 1));
    await connection.write(requestBytes(scene.gateway.port, bad({ id: 'next' })));
    expect(idOf(await connection.response({ label: 'the next 401', ms: 5000 }))).toBe('next');
    connection.destroy();
  });

  test.each([
    ['in chunks, which is empty', '0\r\n\r\n'],
    ['in chunks that are not', 'zz\r\n'],
  ])('%s, is answered at once, without an id', async (_what, body) => {
    const request = bad({ headers: [['Transfer-Encoding', 'chunked']], body });
    const startedMs = performance.now();
    const response = await scene.send(request);
    expect([response.status, idOf(response), response.header('connection')]).toEqual([401, undefined, 'close']);
    expect(performance.now() - startedMs).toBeLessThan(700);
  });

  test('that a client announces with 100-continue is never asked for', async () => {
    const headers: [string, string][] = [...(bad({}).headers ?? []), ['Expect', '100-continue'], ['Content-Length', '50']];
    const connection = await openRaw(scene.gateway.port, { label: 'an announced body' });
    await connection.write(requestBytes(scene.gateway.port, { method: 'POST', path: '/mcp', headers }));
    const response = await connection.response({ label: 'the 401', ms: 900 });
    expect([response.status, idOf(response)]).toEqual([401, undefined]);
    connection.destroy();
  });
});

test('the log names no method of a caller that is not verified', async () => {
  const response = await scene.send(modern('tools/call', { params: { name: 'secret_tool' }, token: 'opaque' }));
  expect(idOf(response)).toBe(1);
  expect(JSON.stringify(await scene.logOf(response))).not.toContain('secret_tool');
});
