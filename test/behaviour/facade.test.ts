// The facade in front of a real identity provider at which clients cannot register: from the 401 to
// a call, and the refresh, with plain requests.
import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FACADE_CLIENT, type FacadeIdp, startFacadeIdp } from '../fixtures/facade-idp.js';
import type { Gateway } from '../fixtures/gateway.js';
import { modern } from '../fixtures/messages.js';
import { rawRequest } from '../fixtures/raw-client.js';
import { answers, type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';
import { startConfigured } from '../fixtures/scene.js';
import { until } from '../fixtures/wait.js';
import { Browser, FacadeClient, pkce, REDIRECT } from '../support/facade-login.js';

const ring = String(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }));

let idp: FacadeIdp;
let upstream: RawUpstream;
let gateway: Gateway;
let client: FacadeClient;

beforeAll(async () => {
  [idp, upstream] = await Promise.all([startFacadeIdp(['files:read']), startRawUpstream(answers.rpc())]);
  const facade = {
    clientId: FACADE_CLIENT.id,
    clientSecret: '${env:IDP_SECRET}',
    keys: ['${env:RING}'],
    redirectUris: ['http://127.0.0.1', 'https://claude.ai/api/mcp/auth_callback'],
  };
  gateway = await startConfigured(
    {
      issuers: { main: { issuer: idp.issuer, facade } },
      endpoints: [{ path: '/mcp', issuers: ['main'], scopes: ['files:read'], upstream: `${upstream.url}/up` }],
    },
    { env: { RING: ring, IDP_SECRET: FACADE_CLIENT.secret } },
  );
  client = new FacadeClient(`${gateway.url}/oauth/main`, `${gateway.url}/mcp`);
  await idp.serve([client.resource], [`${client.issuer}/callback`]);
});
afterAll(async () => {
  await gateway.stop();
  await Promise.all([idp.stop(), upstream.stop()]);
});

const getJson = async (path: string): Promise<Record<string, unknown>> => {
  const response = await fetch(`${gateway.url}${path}`, { signal: AbortSignal.timeout(5_000) });
  expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([200, '*']);
  return (await response.json()) as Record<string, unknown>;
};
const call = (token: string) =>
  rawRequest(gateway.port, modern('tools/list', { path: '/mcp', headers: [['Authorization', `Bearer ${token}`]] }));

test('the identity provider registers no client', async () => {
  const metadata = await (await fetch(`${idp.issuer}/.well-known/openid-configuration`)).json();
  expect(metadata).not.toHaveProperty('registration_endpoint');
});

describe('discovery', () => {
  test('the endpoint names the facade', async () => {
    const metadata = await getJson('/.well-known/oauth-protected-resource/mcp');
    expect(metadata.authorization_servers).toEqual([client.issuer]);
  });
  test.each([
    '/.well-known/oauth-authorization-server/oauth/main',
    '/.well-known/openid-configuration/oauth/main',
    '/oauth/main/.well-known/openid-configuration',
    '/.well-known/oauth-authorization-server/mcp',
    '/.well-known/oauth-authorization-server',
  ])('%s', async (path) =>
    expect(await getJson(path)).toMatchObject({
      issuer: client.issuer,
      authorization_endpoint: `${client.issuer}/authorize`,
      token_endpoint: `${client.issuer}/token`,
      registration_endpoint: `${client.issuer}/register`,
      revocation_endpoint: `${client.issuer}/revoke`,
      code_challenge_methods_supported: ['S256'],
      scopes_supported: ['files:read'],
    }),
  );
  test('the key set is empty', async () => expect(await getJson('/oauth/main/jwks')).toEqual({ keys: [] }));
});

describe('a login', () => {
  test.each([['none'], ['client_secret_basic'], ['client_secret_post']])('with the method %s', async (method) => {
    const registered = { token_endpoint_auth_method: method, client_name: 'One <b>client</b>' };
    const { client: own, clientId, verifier, url, code } = await client.code(new Browser(), registered);
    expect(url.searchParams.get('state')).toBe('state of the client');
    expect(url.searchParams.get('iss')).toBe(client.issuer);
    const basic = Buffer.from(`${clientId}:${own.client_secret}`).toString('base64');
    const inBody = method === 'client_secret_post' ? { client_secret: own.client_secret ?? '' } : {};
    const headers = method === 'client_secret_basic' ? { authorization: `Basic ${basic}` } : {};
    const {
      status,
      json,
      headers: answered,
    } = await client.exchange(clientId, code, verifier, inBody as never, headers as never);
    expect([status, Object.keys(json).sort()]).toEqual([
      200,
      ['access_token', 'expires_in', 'refresh_token', 'scope', 'token_type'],
    ]);
    expect(answered.get('cache-control')).toBe('no-store');
    expect((await call(String(json.access_token))).status).toBe(200);
    // The identity provider rotates its refresh token.
    const grant = { grant_type: 'refresh_token', client_id: clientId, ...inBody } as Record<string, string>;
    const renewed = await client.post('token', { ...grant, refresh_token: String(json.refresh_token) }, headers as never);
    expect([renewed.status, (await call(String(renewed.json.access_token))).status]).toEqual([200, 200]);
    expect(renewed.json.refresh_token).not.toBe(json.refresh_token);
    const again = { ...grant, refresh_token: String(renewed.json.refresh_token) };
    expect((await client.post('revoke', { ...again, token: again.refresh_token }, headers as never)).status).toBe(200);
    expect((await client.post('token', again, headers as never)).json).toMatchObject({ error: 'invalid_grant' });
  });

  test('shows the consent page, without scripts and frames, and remembers the answer', async () => {
    const { client_id } = await client.registered({ client_name: 'One <b>client</b>' });
    const browser = new Browser();
    const url = client.loginUrl(client_id, pkce().challenge);
    const response = await browser.send(url);
    const html = await response.text();
    expect(html).toContain('One &lt;b&gt;client&lt;/b&gt;');
    expect(html).toContain('127.0.0.1:9');
    expect(html).not.toContain('<script');
    expect(response.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(response.headers.get('x-frame-options')).toBe('DENY');
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
    expect(response.headers.getSetCookie().join()).toMatch(
      /^__Host-login-main=.*; Path=\/; Max-Age=600; Secure; HttpOnly; SameSite=Lax$/,
    );
    expect((await client.login(browser, url)).searchParams.has('code')).toBe(true);
    const second = await browser.follow(url, REDIRECT);
    expect(second.url.searchParams.has('code')).toBe(true);
    const other = await browser.send(client.loginUrl(client_id, pkce().challenge, { scope: 'files:read more' }));
    expect(other.status).toBe(200);
  });

  test('a refusal goes to the client', async () => {
    const { client_id } = await client.registered();
    const browser = new Browser();
    const html = await (await browser.send(client.loginUrl(client_id, pkce().challenge))).text();
    const location = new URL((await client.consent(browser, html, 'deny')).headers.get('location') ?? '');
    expect(location.href.startsWith(REDIRECT)).toBe(true);
    expect(location.searchParams.get('error')).toBe('access_denied');
  });
});

test('a failing identity provider is 503: JSON for a client', async () => {
  const { clientId, verifier, code } = await client.code();
  idp.instead = (_req, res) => {
    res.writeHead(500).end();
    return true;
  };
  const { status, json, headers } = await client.exchange(clientId, code, verifier);
  idp.instead = () => false;
  expect([status, json.error, headers.has('retry-after')]).toEqual([503, 'temporarily_unavailable', true]);
});

test('no line of the log has a code, a token, a verifier or a client id', async () => {
  const { clientId, verifier, code } = await client.code();
  const { json } = await client.exchange(clientId, code, verifier);
  const kept = [clientId, verifier, code, String(json.access_token), String(json.refresh_token), FACADE_CLIENT.secret];
  expect(kept.every((text) => text.length > 20)).toBe(true);
  await until('the line of the grant', () => gateway.logs().find(({ event }) => event === 'facade.granted'));
  const output = gateway.output();
  expect(kept.filter((text) => output.includes(text))).toEqual([]);
});

test('without the setting there is no facade', async () => {
  const plain = await startConfigured({
    issuers: { main: { issuer: idp.issuer } },
    endpoints: [{ path: '/mcp', issuers: ['main'], upstream: `${upstream.url}/up` }],
  });
  const statusOf = async (at: Gateway, path: string, method: string): Promise<number> =>
    (await fetch(`${at.url}${path}`, { method, signal: AbortSignal.timeout(5_000) })).status;
  const pages = [
    ['GET', 'authorize'],
    ['POST', 'consent'],
    ['GET', 'callback'],
    ['POST', 'token'],
    ['POST', 'register'],
    ['POST', 'revoke'],
    ['GET', 'jwks'],
  ] as const;
  for (const [method, page] of pages) {
    expect(await statusOf(gateway, `/oauth/main/${page}`, method)).not.toBe(404);
    expect(await statusOf(plain, `/oauth/main/${page}`, method)).toBe(404);
  }
  expect(await statusOf(plain, '/.well-known/oauth-authorization-server/oauth/main', 'GET')).toBe(404);
  const metadata = await (await fetch(`${plain.url}/.well-known/oauth-protected-resource/mcp`)).json();
  expect(metadata).toMatchObject({ authorization_servers: [idp.issuer] });
  await plain.stop();
});
