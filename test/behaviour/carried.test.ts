// Parts that the gateway does not change: the state that servers give to clients, their errors, and
// names without a rule.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { legacy, META, modern } from '../fixtures/messages.js';
import { answers } from '../fixtures/raw-upstream.js';
import { ENV_SECRET, type Scene, startScene } from '../fixtures/scene.js';
import { startV1Upstream, type V1Upstream } from '../fixtures/upstream-v1.js';

let scene: Scene;
let v1: V1Upstream;
const marker = 'kept-by-the-issuer-alone';
beforeAll(async () => {
  v1 = await startV1Upstream();
  scene = await startScene({
    issuer: { introspection: { clientId: 'gateway', clientSecret: ENV_SECRET } },
    env: { SECRET: 's3cret' },
    more: [{ path: '/v1/mcp', upstream: v1.url }],
  });
  const exp = () => Math.floor(Date.now() / 1000) + 300;
  scene.issuer.introspect = () => ({
    active: true,
    aud: scene.resource,
    scope: 'files:read',
    sub: marker,
    username: marker,
    groups: [marker],
    exp: exp(),
  });
});
afterAll(async () => {
  await scene.stop();
  await v1.stop();
});
beforeEach(() => scene.upstream.reset());

test('requestState and inputResponses pass byte for byte, and a repeated call is verified again (B-103, B-104)', async () => {
  const state = {
    requestState: 'c2VhbGVk ..',
    inputResponses: { a: { action: 'accept', content: { n: 12345678901234567890n.toString() } } },
  };
  const params = { name: 'ask', arguments: {}, ...state, _meta: META };
  const body = JSON.stringify({ jsonrpc: '2.0', id: 2, method: 'tools/call', params }).replace(/"(\d{20})"/, '$1');
  const call = (token: string) => modern('tools/call', { token, params, body });
  expect((await scene.send(call(scene.token()))).status).toBe(200);
  expect(scene.upstream.last?.body.toString()).toBe(body);
  expect((await scene.send(call(scene.token({ ttl: -3600 })))).status).toBe(401);
  expect(scene.upstream.hits).toBe(1);
});

test('errors of tools and applications stay 200, byte for byte (D-07)', async () => {
  for (const member of ['"result":{"isError":true,"content":[]}', '"error":{"code":-32602,"message":"no"}']) {
    const body = `{"jsonrpc":"2.0","id":1, ${member}}`;
    scene.upstream.next(answers.status(200, [['Content-Type', 'application/json']], body));
    const response = await scene.send(modern('tools/list', { token: scene.token() }));
    expect([response.status, response.body]).toEqual([200, body]);
  }
});

test('the upstream itself rejects a missing session id (B-82)', async () => {
  const ask = { path: '/v1/mcp', token: scene.token({ audience: `${scene.gateway.url}/v1/mcp` }) };
  const init = { params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '0' } } };
  expect((await scene.send(legacy('initialize', { ...ask, ...init }))).status).toBe(200);
  expect((await scene.send(legacy('tools/list', ask))).status).toBe(400);
});

test('a Host in upper case is the same host (A-08)', async () => {
  const { headers = [], ...rest } = modern('tools/list', { token: scene.token() });
  const host = `LOCALHOST:${scene.gateway.port}`;
  expect((await scene.send({ ...rest, headers: [['Host', host], ...headers] })).status).toBe(200);
});

test('no part of an introspection response is forwarded (C-89)', async () => {
  const response = await scene.send(modern('tools/list', { token: 'opaque-1' }));
  expect(response.status).toBe(200);
  const seen = JSON.stringify([
    scene.upstream.last?.rawHeaders,
    scene.upstream.last?.body.toString(),
    response.rawHeaders,
    response.body,
  ]);
  expect(seen).toContain('tools/list');
  expect(seen).not.toContain(marker);
});
