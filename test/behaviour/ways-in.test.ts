// All kinds of tokens, from a real identity provider: JWT by its metadata, JWT by its key set, and
// opaque tokens by introspection.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Idp } from '../../src/commands/demo/idp.js';
import type { Gateway } from '../fixtures/gateway.js';
import { startIdp } from '../fixtures/idp.js';
import { legacy, modern } from '../fixtures/messages.js';
import { type RawResponse, rawRequest } from '../fixtures/raw-client.js';
import { answers, type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';
import { ENV_SECRET, logOf, startConfigured } from '../fixtures/scene.js';
import { until } from '../fixtures/wait.js';

let idp: Idp;
let upstream: RawUpstream;
let byMetadata: Gateway;
let byKeySet: Gateway;

beforeAll(async () => {
  [idp, upstream] = await Promise.all([startIdp({ scopes: ['files:read', 'files:write'] }), startRawUpstream(answers.rpc())]);
  const common = { issuers: ['idp'], scopes: ['files:read'], upstream: `${upstream.url}/up` };
  const endpoints = ['/jwt/mcp', '/opaque/mcp'].map((path) => ({ path, ...common }));
  const { id, secret } = idp.clients.introspection;
  const introspection = { clientId: id, clientSecret: ENV_SECRET };
  [byMetadata, byKeySet] = await Promise.all([
    startConfigured({ issuers: { idp: { issuer: idp.issuer, introspection } }, endpoints }, { env: { SECRET: secret } }),
    startConfigured({ issuers: { idp: { issuer: idp.issuer, jwksUri: idp.url('/jwks') } }, endpoints }),
  ]);
  for (const gateway of [byMetadata, byKeySet]) {
    idp.addResource(`${gateway.url}/jwt/mcp`, 'jwt');
    idp.addResource(`${gateway.url}/opaque/mcp`, 'opaque');
    // A ready gateway has tried its issuers: from now on only the tests cause requests.
    await until('the gateway is ready', async () => (await fetch(`${gateway.url}/readyz`)).status === 200);
  }
});
afterAll(async () => {
  await Promise.all([byMetadata.stop(), byKeySet.stop()]);
  await Promise.all([idp.stop(), upstream.stop()]);
});
beforeEach(() => upstream.reset());

const tokenFor = (gateway: Gateway, path: string, scope = 'files:read'): Promise<string> =>
  idp.token({ resource: gateway.url + path, scope });
const call = (gateway: Gateway, path: string, token: string): Promise<RawResponse> =>
  rawRequest(gateway.port, modern('tools/list', { path, token }), { label: `a call to ${path}` });

describe.each(['its metadata', 'its key set'])('JWT by %s', (way) => {
  test('A-40, A-18: a token passes at its own endpoint only', async () => {
    const gateway = way === 'its metadata' ? byMetadata : byKeySet;
    const before = { ...idp.hits };
    const token = await tokenFor(gateway, '/jwt/mcp');
    const passed = await call(gateway, '/jwt/mcp', token);
    expect([passed.status, upstream.hits]).toEqual([200, 1]);
    const line = await logOf(gateway, passed);
    const who = { credential: 'jwt', issuer: idp.issuer, subject: 'demo-machine', clientId: 'demo-machine' };
    expect(line).toMatchObject({ reason: 'ok', 'http.response.status_code': 200, endpoint: '/jwt/mcp', ...who });

    expect((await call(gateway, '/opaque/mcp', token)).status).toBe(401);
    const short = await call(gateway, '/jwt/mcp', await tokenFor(gateway, '/jwt/mcp', 'files:write'));
    expect([short.status, short.header('www-authenticate')]).toEqual([403, expect.stringContaining('insufficient_scope')]);
    expect(upstream.hits).toBe(1);
    // The gateway has fetched the keys at its start: a token in use costs no request (C-47).
    for (let i = 0; i < 5; i += 1) expect((await call(gateway, '/jwt/mcp', token)).status).toBe(200);
    expect(idp.hits).toEqual(before);
  });
});

test('C-80, C-81, C-84: an opaque token passes by introspection, at its own endpoint only', async () => {
  const token = await tokenFor(byMetadata, '/opaque/mcp');
  expect(token.split('.')).toHaveLength(1);
  const passed = await call(byMetadata, '/opaque/mcp', token);
  expect([passed.status, upstream.hits]).toEqual([200, 1]);
  expect(await logOf(byMetadata, passed)).toMatchObject({ reason: 'ok', clientId: 'demo-machine', issuer: idp.issuer });

  upstream.reset();
  const elsewhere = await call(byMetadata, '/jwt/mcp', token);
  expect([elsewhere.status, (await logOf(byMetadata, elsewhere)).reason]).toEqual([401, 'audience.mismatch']);
  const short = await call(byMetadata, '/opaque/mcp', await tokenFor(byMetadata, '/opaque/mcp', 'files:write'));
  expect(short.status).toBe(403);
  expect(upstream.hits).toBe(0);
});

test('C-84, A-40: an opaque token without an audience gets 401', async () => {
  expect((await call(byMetadata, '/opaque/mcp', await tokenFor(byMetadata, '/opaque/mcp'))).status).toBe(200);
  upstream.reset();
  const response = await call(byMetadata, '/opaque/mcp', await idp.token({}));
  expect([response.status, upstream.hits]).toEqual([401, 0]);
  expect((await logOf(byMetadata, response)).reason).toBe('audience.mismatch');
});

test('C-86, C-91: the same opaque token at once and again costs one introspection', async () => {
  const token = await tokenFor(byMetadata, '/opaque/mcp');
  const before = idp.hits.introspection;
  const together = await Promise.all(Array.from({ length: 20 }, () => call(byMetadata, '/opaque/mcp', token)));
  expect(together.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
  expect((await call(byMetadata, '/opaque/mcp', token)).status).toBe(200);
  expect(idp.hits.introspection - before).toBe(1);
});

test('C-96: without an introspection block no token is introspected, whatever the metadata offers', async () => {
  const opaque = await tokenFor(byKeySet, '/opaque/mcp');
  expect((await call(byKeySet, '/jwt/mcp', await tokenFor(byKeySet, '/jwt/mcp'))).status).toBe(200);
  const before = idp.hits.introspection;
  upstream.reset();
  const response = await call(byKeySet, '/opaque/mcp', opaque);
  expect([response.status, response.header('www-authenticate')]).toEqual([401, expect.stringContaining('invalid_token')]);
  expect([idp.hits.introspection, upstream.hits]).toEqual([before, 0]);
});

test('C-100: by default a Token scheme gets 401 with a Bearer challenge without an error', async () => {
  expect((await call(byMetadata, '/jwt/mcp', await tokenFor(byMetadata, '/jwt/mcp'))).status).toBe(200);
  upstream.reset();
  for (const value of ['Token abc', `Token ${await tokenFor(byMetadata, '/jwt/mcp')}`]) {
    const request = legacy('tools/list', { path: '/jwt/mcp', headers: [['Authorization', value]] });
    const response = await rawRequest(byMetadata.port, request);
    expect([response.status, response.headers('www-authenticate')]).toEqual([
      401,
      [`Bearer scope="files:read", resource_metadata="${byMetadata.url}/.well-known/oauth-protected-resource/jwt/mcp"`],
    ]);
  }
  expect(upstream.hits).toBe(0);
});
