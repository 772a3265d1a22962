// The sunset of a credential: announced on every answer to its caller, whatever the answer is, and
// on no other answer.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Ask, type HeaderLine, legacy, modern } from '../fixtures/messages.js';
import type { RawRequest, RawResponse } from '../fixtures/raw-client.js';
import { type Answer, answers } from '../fixtures/raw-upstream.js';
import { type Scene, startScene } from '../fixtures/scene.js';

const DAY = '2099-06-30';
const ENDING = ['@0', 'Tue, 30 Jun 2099 00:00:00 GMT'];
const NONE = [undefined, undefined];
const ORIGIN = 'http://localhost:5173';
const AS: HeaderLine = ['Authorization', 'Token legacy-k3y-0123456789'];

let scene: Scene;
beforeAll(async () => {
  const entry = { scheme: 'Token', upstreamVerifies: true, scopes: ['files:read'] };
  scene = await startScene({
    endpoint: { passThrough: [{ ...entry, sunset: DAY }] },
    more: [
      { path: '/open/mcp', scopes: ['files:read'], passThrough: [entry] },
      { path: '/past/mcp', passThrough: [{ ...entry, sunset: '2020-01-01' }] },
      { path: '/closed/mcp', scopes: ['files:read'], tools: { default: 'deny' }, passThrough: [{ ...entry, sunset: DAY }] },
      { path: '/away/mcp', upstream: 'http://127.0.0.1:1/mcp', passThrough: [{ ...entry, sunset: DAY }] },
    ],
  });
});
afterAll(() => scene.stop());
beforeEach(() => scene.upstream.reset());

const announced = (response: RawResponse) => [response.header('deprecation'), response.header('sunset')];
const call = (ask: Ask = {}): RawRequest => modern('tools/list', { ...ask, headers: [AS, ...(ask.headers ?? [])] });

describe('C-107: each answer to the caller has it', () => {
  test.each<[string, number, () => RawRequest, Answer?]>([
    ['JSON', 200, () => call()],
    ['an event stream', 200, () => call(), answers.sse([{ data: 1 }])],
    ['an accepted notification', 202, () => call({ id: null }), answers.status(202)],
    ['a GET stream', 200, () => legacy('', { method: 'GET', headers: [AS] }), answers.sse([])],
    ['DELETE', 204, () => legacy('', { method: 'DELETE', headers: [AS] }), answers.status(204)],
    ['an error that the gateway relays', 422, () => call(), answers.json({ jsonrpc: '2.0', id: 1, result: {} }, 422)],
    ['the upstream rejects the credential', 401, () => call(), answers.json({}, 401)],
    ['a denied tool', 403, () => modern('tools/call', { path: '/closed/mcp', params: { name: 'x' }, headers: [AS] })],
    ['an unknown session', 404, () => legacy('tools/list', { headers: [AS, ['Mcp-Session-Id', 'unknown']] })],
    ['a method', 405, () => call({ method: 'PUT' })],
    ['a body too large', 413, () => call({ body: ' '.repeat(4_200_000) })],
    ['a media type', 415, () => call({ headers: [['Content-Type', 'text/plain']] })],
    ['a body that is not JSON', 400, () => call({ body: '{' })],
    ['an upstream that is down', 502, () => call({ path: '/away/mcp' })],
    ['an upstream that cannot be read', 502, () => call(), answers.raw('HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n')],
  ])('%s: %i', async (_what, status, make, answer) => {
    if (answer !== undefined) scene.upstream.answer(answer);
    const response = await scene.send(make());
    expect([response.status, ...announced(response)]).toEqual([status, ...ENDING]);
  });

  test('and a page can read it (B-15)', async () => {
    const response = await scene.send(call({ headers: [['Origin', ORIGIN]] }));
    expect(announced(response)).toEqual(ENDING);
    expect(response.header('access-control-expose-headers')?.split(', ')).toEqual(
      expect.arrayContaining(['Sunset', 'Deprecation']),
    );
  });
});

describe('C-107: no other answer has it', () => {
  test.each<[string, number, () => RawRequest]>([
    ['another credential at the same endpoint', 200, () => modern('tools/list', { token: scene.token() })],
    ['no credential', 401, () => modern('tools/list', {})],
    ['a JWT under the scheme', 401, () => modern('tools/list', { headers: [['Authorization', `Token ${scene.token()}`]] })],
    ['two credentials', 400, () => call({ headers: [AS] })],
    ['a preflight', 204, () => ({ method: 'OPTIONS', path: '/mcp', headers: [['Origin', ORIGIN]] })],
    ['an entry without a sunset', 200, () => call({ path: '/open/mcp' })],
    ['after the sunset, which is a 401', 401, () => call({ path: '/past/mcp' })],
    ['an unknown path', 404, () => call({ path: '/nowhere' })],
  ])('%s: %i', async (_what, status, make) => {
    const response = await scene.send(make());
    expect([response.status, ...announced(response)]).toEqual([status, ...NONE]);
  });

  test('also where the upstream writes such headers', async () => {
    const lines: HeaderLine[] = [
      ['Sunset', 'Sat, 01 Jan 2000 00:00:00 GMT'],
      ['Deprecation', 'true'],
    ];
    scene.upstream.answer(answers.json({ jsonrpc: '2.0', id: 1, result: {} }, 200, lines));
    expect(announced(await scene.send(call({ path: '/open/mcp' })))).toEqual(NONE);
    scene.upstream.answer(answers.json({ jsonrpc: '2.0', id: 1, result: {} }, 200, lines));
    expect(announced(await scene.send(call()))).toEqual(ENDING);
  });
});
