// The bridge of a whole gateway: from the 401 to the token, what other endpoints show, and the log.
import { generateKeyPairSync } from 'node:crypto';
import { discoverAuthorizationServerMetadata as discoverV2 } from '@modelcontextprotocol/client';
import { discoverAuthorizationServerMetadata as discoverV1 } from '@modelcontextprotocol/sdk/client/auth.js';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { secret } from '../fixtures/ledger.js';
import { modern } from '../fixtures/messages.js';
import type { RawResponse } from '../fixtures/raw-client.js';
import { type Scene, startScene } from '../fixtures/scene.js';
import { until } from '../fixtures/wait.js';
import { basic, CLIENT_CREDENTIALS, encoded, FORM, type Form, KEY_A, KEY_B, posted, sha256 } from '../support/grants.js';

const PEM = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
const CARRIERS = [{ header: 'X-Api-Key' }];
const DAY_PAST = '2020-01-01';

let scene: Scene;
beforeAll(async () => {
  const bridged = { issuers: undefined, scopes: ['files:read'], apiKeys: CARRIERS };
  scene = await startScene({
    env: { BRIDGE_KEY: PEM },
    more: [
      { path: '/files/mcp', ...bridged },
      { path: '/notes/mcp', ...bridged, scopes: [] },
      { path: '/keys/mcp', ...bridged, bridge: false },
    ],
    root: {
      trustedProxies: ['127.0.0.1'],
      bridge: { keys: ['${env:BRIDGE_KEY}'], tokenSeconds: 600 },
      apiKeys: {
        'partner-a': { sha256: sha256(KEY_A), scopes: ['files:read'], tenant: 'acme' },
        'partner-b': { sha256: sha256(KEY_B), endpoints: ['/notes/mcp'] },
        old: { sha256: sha256('sk_live_b2xkLWtleS0wMTIzNDU2Nzg5LWZvci10ZXN0cw'), sunset: DAY_PAST },
      },
    },
  });
  for (const key of [KEY_A, KEY_B]) secret('whole', key);
});
afterAll(() => scene.stop());

const json = ({ body }: RawResponse): Record<string, unknown> => JSON.parse(body) as Record<string, unknown>;
const get = async (path: string): Promise<Record<string, unknown>> => {
  const response = await scene.send({ path });
  expect([path, response.status]).toEqual([path, 200]);
  return json(response);
};
const grant = (form: Form = posted('partner-a', KEY_A), headers: [string, string][] = []): Promise<RawResponse> =>
  scene.send({ method: 'POST', path: '/oauth/token', headers: [[...FORM], ...headers], body: encoded(form) });
const call = (path: string, token: string): Promise<RawResponse> => scene.send(modern('tools/list', { path, token }));

describe('from the 401 to a call', () => {
  test('challenge, resource metadata, metadata of the bridge, token, call', async () => {
    const rejected = await scene.send(modern('tools/list', { path: '/files/mcp' }));
    const [, url = ''] = /resource_metadata="([^"]+)"/.exec(rejected.header('www-authenticate') ?? '') ?? [];
    const resource = await get(new URL(url).pathname);
    const issuer = `${scene.gateway.url}/bridge`;
    expect(resource).toMatchObject({ resource: `${scene.gateway.url}/files/mcp`, authorization_servers: [issuer] });
    const server = await get('/.well-known/oauth-authorization-server/bridge');
    expect(server).toMatchObject({ issuer, token_endpoint: `${scene.gateway.url}/oauth/token` });
    const form: Form = [CLIENT_CREDENTIALS, ['resource', String(resource.resource)], ['scope', 'files:read']];
    const granted = await grant(form, [[...basic('partner-a', KEY_A)]]);
    expect([granted.status, json(granted).expires_in, json(granted).scope]).toEqual([200, 600, 'files:read']);
    const token = String(json(granted).access_token);
    expect((await call('/files/mcp', token)).status).toBe(200);
    const keys = createLocalJWKSet((await get('/oauth/jwks')) as never);
    expect((await jwtVerify(token, keys, { issuer })).payload.aud).toEqual([resource.resource]);
  });

  test.each([
    ['SDK 1', discoverV1],
    ['SDK 2', discoverV2],
  ])('%s for TypeScript discovers the bridge', async (_name, discover) => {
    const issuer = `${scene.gateway.url}/bridge`;
    expect(await discover(issuer)).toMatchObject({ issuer, grant_types_supported: ['client_credentials'] });
  });
});

describe('a token', () => {
  test('is worth nothing at endpoints of others: another resource, an issuer, API keys alone', async () => {
    const { access_token: token } = json(
      await grant([...posted('partner-a', KEY_A), ['resource', `${scene.gateway.url}/files/mcp`]]),
    );
    const statuses = ['/files/mcp', '/notes/mcp', '/mcp', '/keys/mcp'].map(
      async (path) => (await call(path, String(token))).status,
    );
    expect(await Promise.all(statuses)).toEqual([200, 401, 401, 401]);
  });

  test('without a resource is for every bridged endpoint of its key, and for no other', async () => {
    for (const [key, name, expected] of [
      [KEY_A, 'partner-a', [200, 200, 401, 401]],
      [KEY_B, 'partner-b', [401, 200, 401, 401]],
    ] as const) {
      const token = String(json(await grant(posted(name, key))).access_token);
      const statuses = ['/files/mcp', '/notes/mcp', '/mcp', '/keys/mcp'].map(async (path) => (await call(path, token)).status);
      expect([name, await Promise.all(statuses)]).toEqual([name, expected]);
    }
  });

  test('of a client that asks for an endpoint without the bridge is invalid_target', async () => {
    for (const path of ['/mcp', '/keys/mcp', '/bridge']) {
      const response = await grant([...posted('partner-a', KEY_A), ['resource', scene.gateway.url + path]]);
      expect([path, response.status, json(response).error]).toEqual([path, 400, 'invalid_target']);
    }
  });
});

test('the documents of a server: none of the bridge beside other endpoints, none at the shared root', async () => {
  expect(await get('/.well-known/oauth-protected-resource/keys/mcp')).toEqual({
    resource: `${scene.gateway.url}/keys/mcp`,
    scopes_supported: ['files:read'],
    bearer_methods_supported: ['header'],
  });
  await until(
    'the copy of the issuer',
    async () => (await scene.send({ path: '/.well-known/oauth-authorization-server/mcp' })).status === 200,
  );
  expect((await get('/.well-known/oauth-authorization-server/mcp')).issuer).toBe(scene.issuer.issuer);
  expect((await get('/notes/mcp/.well-known/oauth-authorization-server')).issuer).toBe(`${scene.gateway.url}/bridge`);
  for (const path of ['', '/keys/mcp']) {
    const response = await scene.send({ path: `/.well-known/oauth-authorization-server${path}` });
    expect([path, response.status]).toEqual([path, 404]);
  }
});

describe('the log', () => {
  test('has a notice of each grant, with the client of a trusted proxy', async () => {
    await grant(posted('partner-b', KEY_B), [['X-Forwarded-For', '203.0.113.5, 198.51.100.23']]);
    const line = await until('the notice', () =>
      scene.gateway.logs().find(({ clientAddress }) => clientAddress === '198.51.100.23'),
    );
    expect(line).toMatchObject({
      event: 'oauth.granted',
      level: 'info',
      keyFingerprint: sha256(KEY_B).slice(0, 8),
      subject: 'partner-b',
      resource: [`${scene.gateway.url}/notes/mcp`],
    });
  });

  test('and the metrics have each rejection with its reason', async () => {
    const response = await grant(posted('old', 'sk_live_b2xkLWtleS0wMTIzNDU2Nzg5LWZvci10ZXN0cw'));
    expect([response.status, json(response).error]).toEqual([401, 'invalid_client']);
    const line = await scene.logOf(response);
    expect(line).toMatchObject({ reason: 'grant.refused', event: 'oauth.refused', 'http.response.status_code': 401 });
    expect(line.detail).toContain('past its sunset');
    expect(await scene.gateway.metrics()).toMatch(
      /portcullis_http_requests_total\{[^}]*reason="grant\.refused"[^}]*status="4xx"[^}]*\} \d/,
    );
  });
});
