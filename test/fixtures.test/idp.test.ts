// The embedded identity provider: token formats, introspection, registration with PKCE, key
// rotation, outage.
import { createHash, randomBytes } from 'node:crypto';
import { auth } from '@modelcontextprotocol/sdk/client/auth.js';
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Idp } from '../../src/commands/demo/idp.js';
import { followAuthorization } from '../../src/commands/demo/scripted-login.js';
import { startIdp } from '../fixtures/idp.js';
import { startServer } from '../fixtures/ports.js';
import { openRaw } from '../fixtures/raw-client.js';
import { type Kept, provider } from '../support/sdk-login.js';

const JWT_RESOURCE = 'http://127.0.0.1:9/jwt/mcp';
const OPAQUE_RESOURCE = 'http://127.0.0.1:9/opaque/mcp';
const REDIRECT = 'http://127.0.0.1:9/callback';

let idp: Idp;
const printed = ['log', 'info', 'warn', 'error'] as const;

beforeEach(async () => {
  for (const name of printed) vi.spyOn(console, name);
  idp = await startIdp({
    scopes: ['files:read', 'files:write'],
    jwtResources: [JWT_RESOURCE],
    opaqueResources: [OPAQUE_RESOURCE],
  });
});

afterEach(async () => {
  await idp.stop();
  for (const name of printed) expect(vi.mocked(console[name]).mock.calls).toEqual([]);
  vi.restoreAllMocks();
});

const introspect = async (token: string) => {
  const { id, secret } = idp.clients.introspection;
  const headers = { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` };
  const response = await fetch(idp.url('/token/introspection'), {
    method: 'POST',
    headers,
    body: new URLSearchParams({ token }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};

const verify = (token: string) =>
  jwtVerify(token, createRemoteJWKSet(new URL(idp.url('/jwks'))), {
    issuer: idp.issuer,
    audience: JWT_RESOURCE,
    typ: 'at+jwt',
    algorithms: ['RS256'],
  });

test('metadata is served at both well-known paths and counted', async () => {
  for (const name of ['openid-configuration', 'oauth-authorization-server']) {
    const metadata = (await (await fetch(idp.url(`/.well-known/${name}`))).json()) as Record<string, unknown>;
    expect(metadata).toMatchObject({
      issuer: idp.issuer,
      jwks_uri: idp.url('/jwks'),
      token_endpoint: idp.url('/token'),
      introspection_endpoint: idp.url('/token/introspection'),
      registration_endpoint: idp.url('/reg'),
      code_challenge_methods_supported: ['S256'],
    });
  }
  expect(idp.hits).toEqual({ metadata: 2, jwks: 0, introspection: 0 });
});

describe('client credentials', () => {
  test('a JWT resource gets an RS256 at+jwt for that audience', async () => {
    const { payload, protectedHeader } = await verify(await idp.token({ resource: JWT_RESOURCE, scope: 'files:read' }));
    expect(protectedHeader).toMatchObject({ alg: 'RS256', typ: 'at+jwt', kid: expect.any(String) });
    expect(payload).toMatchObject({
      iss: idp.issuer,
      aud: JWT_RESOURCE,
      scope: 'files:read',
      client_id: 'demo-machine',
      sub: 'demo-machine',
      jti: expect.any(String),
      iat: expect.any(Number),
      exp: expect.any(Number),
    });
    expect(idp.hits.jwks).toBe(1);
  });

  test('an opaque resource gets a token that only introspection explains', async () => {
    const token = await idp.token({ resource: OPAQUE_RESOURCE, scope: 'files:read files:write' });
    expect(token.split('.')).toHaveLength(1);
    const { status, body } = await introspect(token);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      active: true,
      iss: idp.issuer,
      aud: OPAQUE_RESOURCE,
      scope: 'files:read files:write',
      client_id: 'demo-machine',
      exp: expect.any(Number),
      token_type: 'Bearer',
    });
    expect(idp.hits.introspection).toBe(1);
  });

  test('an unknown token is inactive; an unknown resource is rejected; a late one is accepted', async () => {
    expect((await introspect('nothing-issued')).body).toEqual({ active: false });
    const late = 'http://127.0.0.1:9/late';
    await expect(idp.token({ resource: late, scope: 'files:read' })).rejects.toThrow('invalid_target');
    idp.addResource(late, 'jwt');
    expect((await idp.token({ resource: late, scope: 'files:read' })).split('.')).toHaveLength(3);
  });
});

test('rotation signs with a new key and keeps the old one published until it is dropped', async () => {
  const before = await idp.token({ resource: JWT_RESOURCE, scope: 'files:read' });
  const opaque = await idp.token({ resource: OPAQUE_RESOURCE, scope: 'files:read' });
  await idp.rotate();
  const after = await idp.token({ resource: JWT_RESOURCE, scope: 'files:read' });
  expect(decodeProtectedHeader(after).kid).not.toBe(decodeProtectedHeader(before).kid);
  await verify(before);
  await verify(after);
  expect((await introspect(opaque)).body.active).toBe(true);
  await idp.dropOldKeys();
  await expect(verify(before)).rejects.toThrow('no applicable key');
  await verify(after);
});

test('a stopped provider refuses connections and comes back on its port with its tokens', async () => {
  const { issuer } = idp;
  const opaque = await idp.token({ resource: OPAQUE_RESOURCE, scope: 'files:read' });
  const jwt = await idp.token({ resource: JWT_RESOURCE, scope: 'files:read' });
  await idp.stop();
  // With a connection of its own: fetch may use one that the server has just closed.
  const refused = await openRaw(Number(new URL(issuer).port)).catch((error: unknown) => error);
  expect((refused as { code: string }).code).toBe('ECONNREFUSED');
  await idp.start();
  expect((await introspect(opaque)).body.active).toBe(true);
  await verify(jwt);
});

test('dynamic registration, PKCE, automatic login and refresh complete over plain HTTP', async () => {
  const registered = await fetch(idp.url('/reg'), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      redirect_uris: [REDIRECT],
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      scope: 'files:read',
    }),
  });
  expect(registered.status).toBe(201);
  const { client_id } = (await registered.json()) as { client_id: string };
  const verifier = randomBytes(32).toString('base64url');
  const request = new URL(idp.url('/auth'));
  request.search = new URLSearchParams({
    client_id,
    redirect_uri: REDIRECT,
    response_type: 'code',
    scope: 'files:read',
    resource: JWT_RESOURCE,
    state: 'xyz',
    code_challenge: createHash('sha256').update(verifier).digest('base64url'),
    code_challenge_method: 'S256',
  }).toString();
  const callback = await followAuthorization(request, REDIRECT);
  expect(callback.searchParams.get('state')).toBe('xyz');
  expect(callback.searchParams.get('iss')).toBe(idp.issuer);

  const exchange = async (form: Record<string, string>) => {
    const body = new URLSearchParams({ client_id, resource: JWT_RESOURCE, ...form });
    const response = await fetch(idp.url('/token'), { method: 'POST', body });
    return (await response.json()) as Record<string, string>;
  };
  const code = callback.searchParams.get('code') ?? '';
  const tokens = await exchange({ grant_type: 'authorization_code', code, redirect_uri: REDIRECT, code_verifier: verifier });
  expect((await verify(tokens.access_token ?? '')).payload).toMatchObject({ sub: 'alice', scope: 'files:read', client_id });
  await idp.rotate();
  const refreshed = await exchange({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token ?? '' });
  expect((await verify(refreshed.access_token ?? '')).payload).toMatchObject({ sub: 'alice', scope: 'files:read' });
});

test('the SDK 1.x auth helper completes against it, guided by protected resource metadata', async () => {
  const metadata = { scopes_supported: ['files:read', 'files:write'], authorization_servers: [idp.issuer] };
  const resourceServer = await startServer((req, res) => {
    const found = req.url === '/.well-known/oauth-protected-resource/mcp';
    res.writeHead(found ? 200 : 404, { 'content-type': 'application/json' });
    res.end(found ? JSON.stringify({ resource: `${resourceServer.url}/mcp`, ...metadata }) : '{}');
  });
  try {
    idp.addResource(`${resourceServer.url}/mcp`, 'opaque');
    const kept: Kept = { logins: 0 };
    const client = provider(kept);
    const serverUrl = `${resourceServer.url}/mcp`;
    expect(await auth(client, { serverUrl })).toBe('REDIRECT');
    expect(await auth(client, { serverUrl, authorizationCode: kept.code ?? '' })).toBe('AUTHORIZED');
    const tokens = kept.tokens as { access_token: string; refresh_token?: string };
    expect((await introspect(tokens.access_token)).body).toMatchObject({
      active: true,
      aud: serverUrl,
      sub: 'alice',
      scope: 'files:read files:write',
    });
    expect(tokens.refresh_token).toBeTypeOf('string');
  } finally {
    await resourceServer.close();
  }
});
