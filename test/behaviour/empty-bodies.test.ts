// Clients and proxies that send a request without a body as an empty chunked one, as HttpClient of
// the JDK does with a publisher of unknown length. The gateway serves them, and rejects a body with
// one byte.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { LogLine } from '../fixtures/gateway.js';
import { type Ask, legacy, modern } from '../fixtures/messages.js';
import { openRaw, type RawRequest, requestBytes } from '../fixtures/raw-client.js';
import { answers } from '../fixtures/raw-upstream.js';
import { type Scene, startScene } from '../fixtures/scene.js';
import { until, withDeadline } from '../fixtures/wait.js';

let scene: Scene;
beforeAll(async () => {
  scene = await startScene();
  await scene.passes();
});
afterAll(() => scene.stop());
beforeEach(() => {
  scene.upstream.reset();
  scene.upstream.answer(answers.rpc());
});

const METADATA = '/.well-known/oauth-protected-resource/mcp';
const END = '0\r\n\r\n';
const A_CALL = 'POST /mcp HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n';
const CHUNKED: [string, string] = ['Transfer-Encoding', 'chunked'];
const page = (method: string, path: string): RawRequest => ({ method, path, headers: [CHUNKED] });
const call = (method: string, headers: Ask['headers'] = []): RawRequest =>
  legacy('', { method, token: scene.token(), headers: [CHUNKED, ...headers] });
const bytes = (request: RawRequest): Buffer => requestBytes(scene.gateway.port, request);

const requests: [string, () => RawRequest, number][] = [
  ['GET', () => call('GET'), 200],
  ['DELETE', () => call('DELETE'), 200],
  ['GET of metadata', () => page('GET', METADATA), 200],
  ['HEAD of metadata', () => page('HEAD', METADATA), 200],
  ['a preflight of metadata', () => page('OPTIONS', METADATA), 204],
  ['GET of health', () => page('GET', '/healthz'), 200],
];
const ends: [string, string[]][] = [
  ['in the piece of the head', [END]],
  ['in a later piece', ['', END]],
  ['in pieces', ['0', '\r\n', '\r', '\n']],
  ['with an extension', ['0;a=b\r\n\r\n']],
  ['with trailers', ['0\r\nX-User: admin\r\n\r\n']],
];

describe.each(requests)('C-138: an empty chunked body of a %s', (_name, request, status) => {
  test.each(ends)('that ends %s counts as none, and the next call is served', async (_when, [first = '', ...rest]) => {
    const connection = await openRaw(scene.gateway.port, { label: 'an empty body' });
    const asked = request();
    await connection.write(Buffer.concat([bytes(asked), Buffer.from(first)]));
    for (const piece of rest) {
      await new Promise((resolve) => setTimeout(resolve, 15));
      await connection.write(piece);
    }
    const response = await connection.response({ label: 'its answer', head: asked.method === 'HEAD' });
    expect(response.status).toBe(status);
    for (const seen of scene.upstream.requests) {
      const { body, trailers } = seen;
      expect([seen.header('transfer-encoding'), body.length, trailers]).toEqual([undefined, 0, []]);
    }
    await connection.write(bytes(modern('tools/list', { token: scene.token() })));
    expect((await connection.response({ label: 'the next call' })).status).toBe(200);
    connection.destroy();
  });

  test.each<[string, string[]]>([
    ['one byte', ['1\r\nx\r\n', END]],
    ['a call', [`${A_CALL.length.toString(16)}\r\n${A_CALL}\r\n${END}`]],
    ['100 KB', [`186a0\r\n${'x'.repeat(100_000)}\r\n${END}`]],
  ])('with %s is 400, ends the connection and does not reach the upstream', async (_what, pieces) => {
    const connection = await openRaw(scene.gateway.port, { label: 'a body' });
    const asked = request();
    await connection.write(Buffer.concat([bytes(asked), Buffer.from(pieces.join(''))]));
    const response = await connection.response({ label: 'its answer', head: asked.method === 'HEAD', closeMs: 3000 });
    expect([response.status, response.header('connection'), scene.upstream.hits]).toEqual([400, 'close', 0]);
    await scene.passes();
  });
});

describe('C-138: a chunked body that has not ended', () => {
  test.each(['GET', 'DELETE'])('%s: nothing is forwarded before its end, and a client that leaves is let go', async (method) => {
    const connection = await openRaw(scene.gateway.port, { label: 'a body without an end' });
    const before = scene.gateway.logs().length;
    await connection.write(bytes(call(method)));
    await scene.passes();
    expect(scene.upstream.hits).toBe(1);
    connection.destroy();
    const ended = ({ reason }: LogLine): boolean => reason === 'connection.bad_request' || reason === 'client.disconnected';
    await until('the request ends', () => scene.gateway.logs().slice(before).some(ended));
    expect(scene.upstream.hits).toBe(1);
  });

  test('of garbage is 400', async () => {
    const connection = await openRaw(scene.gateway.port, { label: 'garbage' });
    await connection.write(Buffer.concat([bytes(call('GET')), Buffer.from('zz\r\n')]));
    expect((await connection.response({ label: 'its answer', closeMs: 3000 })).status).toBe(400);
    expect(scene.upstream.hits).toBe(0);
  });

  test('without a credential is 401 at once, and the connection ends', async () => {
    const connection = await openRaw(scene.gateway.port, { label: 'no credential' });
    await connection.write(bytes(legacy('', { method: 'GET', headers: [CHUNKED] })));
    const response = await connection.response({ label: 'its answer' });
    expect([response.status, response.header('connection')]).toEqual([401, 'close']);
    await withDeadline('the connection ends', connection.closed, 3000);
  });

  test('and waits for 100 Continue gets it after the credential (C-142)', async () => {
    const connection = await openRaw(scene.gateway.port, { label: 'an empty body that waits' });
    await connection.write(bytes(call('DELETE', [['Expect', '100-continue']])));
    await until('the 100 arrives', () => connection.received() === 'HTTP/1.1 100 Continue\r\n\r\n');
    await connection.write(END);
    expect((await connection.response({ label: 'its answer' })).status).toBe(200);
    connection.destroy();
  });
});
