// Clients that offer another protocol with a plain request, as the HTTP clients of Java and Ktor
// do. The gateway ignores the offer and serves the request in HTTP/1.1 (RFC 9110 section 7.8).
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Ask, type HeaderLine, legacy, modern } from '../fixtures/messages.js';
import { openRaw, type RawRequest, requestBytes } from '../fixtures/raw-client.js';
import { answers } from '../fixtures/raw-upstream.js';
import { type Scene, startScene } from '../fixtures/scene.js';
import { until, withDeadline } from '../fixtures/wait.js';

let scene: Scene;
beforeAll(async () => {
  scene = await startScene();
});
afterAll(() => scene.stop());
beforeEach(() => {
  scene.upstream.reset();
  scene.upstream.answer(answers.rpc());
});

/** As HttpClient of JDK 17 sends it to an http URL by default. */
const H2C: HeaderLine[] = [
  ['Connection', 'Upgrade, HTTP2-Settings'],
  ['Upgrade', 'h2c'],
  ['HTTP2-Settings', 'AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA'],
];
const OFFERS: [string, HeaderLine[]][] = [
  ['h2c', H2C],
  [
    'websocket',
    [
      ['Connection', 'Upgrade'],
      ['Upgrade', 'websocket'],
      ['Sec-WebSocket-Key', 'x3JJHMbDL1EzLkh9GBhXDw=='],
    ],
  ],
  [
    'TLS/1.2 and another protocol',
    [
      ['Connection', 'keep-alive, Upgrade'],
      ['Upgrade', 'TLS/1.2, IRC/6.9'],
    ],
  ],
  [
    'two lines',
    [
      ['Connection', 'Upgrade'],
      ['Upgrade', 'h2c'],
      ['Upgrade', 'websocket'],
    ],
  ],
  ['a protocol that Connection does not name', [['Upgrade', 'h2c']]],
  [
    'no protocol',
    [
      ['Connection', 'Upgrade'],
      ['Upgrade', ''],
    ],
  ],
];
const CROSSES_NO_HOP = /^(upgrade|http2-settings|sec-websocket-.*)$/i;

describe.each(OFFERS)('D-19: an offer of %s', (_name, offer) => {
  const token = (): string => scene.token();

  test.each<[string, () => RawRequest, number]>([
    ['a call', () => modern('tools/list', { token: token(), headers: offer }), 200],
    ['a legacy call', () => legacy('tools/list', { token: token(), headers: offer }), 200],
    ['a GET stream', () => legacy('', { method: 'GET', token: token(), headers: offer }), 200],
    ['a DELETE', () => legacy('', { method: 'DELETE', token: token(), headers: offer }), 200],
    ['a call without a credential', () => modern('tools/list', { headers: offer }), 401],
    ['metadata', () => ({ path: '/.well-known/oauth-protected-resource/mcp', headers: offer }), 200],
    ['health', () => ({ path: '/healthz', headers: offer }), 200],
    ['a preflight', () => ({ method: 'OPTIONS', path: '/mcp', headers: offer }), 204],
    ['an unknown path', () => ({ path: '/elsewhere', headers: offer }), 404],
  ])('with %s is ignored: it is served in HTTP/1.1, and the connection ends', async (_what, request, status) => {
    const response = await scene.send(request(), { label: 'an offer', closeMs: 3000 });
    expect([response.status, response.header('upgrade'), response.interim]).toEqual([status, undefined, []]);
    expect([response.header('connection'), response.closed]).toEqual(['close', true]);
    for (const { rawHeaders } of scene.upstream.requests)
      expect(rawHeaders.filter(([name]) => CROSSES_NO_HOP.test(name))).toEqual([]);
    await scene.passes();
  });
});

describe('D-19: a body beside an offer', () => {
  const CALL = JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'tools/list' });
  const call = (headers: Ask['headers'] = []): RawRequest =>
    legacy('tools/list', { id: 7, token: scene.token(), headers: [...H2C, ...headers] });

  test.each<[string, () => RawRequest]>([
    ['of a declared length', () => call()],
    [
      'in chunks',
      () => ({ ...call([['Transfer-Encoding', 'chunked']]), body: `${CALL.length.toString(16)}\r\n${CALL}\r\n0\r\n\r\n` }),
    ],
  ])('%s reaches the upstream whole', async (_name, request) => {
    const response = await scene.send(request());
    expect([response.status, JSON.parse(response.body)]).toEqual([200, expect.objectContaining({ id: 7 })]);
    expect(scene.upstream.last?.body.toString()).toBe(CALL);
  });

  test('that waits for 100 Continue gets it, and no 101 (C-142)', async () => {
    const connection = await openRaw(scene.gateway.port, { label: 'a body that waits' });
    const bytes = requestBytes(scene.gateway.port, call([['Expect', '100-continue']])).toString('latin1');
    const end = bytes.indexOf('\r\n\r\n') + 4;
    await connection.write(bytes.slice(0, end));
    await until('the 100 arrives', () => connection.received() === 'HTTP/1.1 100 Continue\r\n\r\n');
    await connection.write(bytes.slice(end));
    const response = await connection.response({ label: 'the answer after the 100' });
    expect([response.status, response.interim, scene.upstream.hits]).toEqual([200, [100], 1]);
    connection.destroy();
  });
});

test('C-132, D-19: beside an offer, Connection still cannot name a field on which a decision depends', async () => {
  for (const name of ['Authorization', 'MCP-Protocol-Version', 'Host']) {
    const named = (extra: string): RawRequest =>
      modern('tools/list', { token: scene.token(), headers: [...H2C, ['Connection', `Upgrade, HTTP2-Settings${extra}`]] });
    expect((await scene.send(named(''))).status).toBe(200);
    expect((await scene.send(named(`, ${name}`))).status).toBe(400);
  }
  expect(scene.upstream.hits).toBe(3);
});

describe('B-73, D-19: bytes after a request with an offer are not a request', () => {
  const call = (headers: Ask['headers'] = []): Buffer =>
    requestBytes(scene.gateway.port, modern('tools/list', { token: scene.token(), headers }));
  const behind: [string, () => Buffer | string][] = [
    ['another call', call],
    ['the preface of HTTP/2', () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['garbage', () => 'RUBBISH\r\n\r\n'],
  ];

  test.each(behind)('%s in the same piece', async (_name, bytes) => {
    const response = await scene.send(Buffer.concat([call(H2C), Buffer.from(bytes())]), { label: 'one piece', closeMs: 3000 });
    expect([response.status, response.closed, scene.upstream.hits]).toEqual([200, true, 1]);
  });

  test.each(behind)('%s while the call waits', async (_name, bytes) => {
    scene.upstream.answer(answers.delayed(200, answers.rpc()));
    const connection = await openRaw(scene.gateway.port, { label: 'two pieces' });
    await connection.write(call(H2C));
    await scene.upstream.waitFor(1, (request) => request.bodyComplete);
    await connection.write(bytes());
    const response = await connection.response({ label: 'the answer to the call' });
    await withDeadline('the connection ends', connection.closed, 3000);
    expect([response.status, connection.received().split('HTTP/1.1 ').length, scene.upstream.hits]).toEqual([200, 2, 1]);
  });
});
