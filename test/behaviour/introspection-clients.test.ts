// Every client authentication of the gateway, at a real identity provider where it supports it.
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { loadLibrary } from '../../src/commands/demo/idp-config.js';
import { memoryStore } from '../../src/commands/demo/idp-store.js';
import type { Loopback } from '../../src/commands/demo/loopback.js';
import type { Gateway } from '../fixtures/gateway.js';
import { modern } from '../fixtures/messages.js';
import { startServer } from '../fixtures/ports.js';
import { type RawResponse, rawRequest } from '../fixtures/raw-client.js';
import { answers, type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';
import { ENV_SECRET, logOf, startConfigured } from '../fixtures/scene.js';

const SECRET = 'p:ss%w+rd/&=-0123456789';
const RESOURCE = 'urn:opaque-resource';
const MACHINE = { client_id: 'machine', client_secret: 'machine-secret' };
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const strange = generateKeyPairSync('rsa', { modulusLength: 2048 });

const pem = (key: KeyObject): string => String(key.export({ type: 'pkcs8', format: 'pem' }));
const jwks = (key: KeyObject, alg: string) => ({
  keys: [{ ...key.export({ format: 'jwk' }), kid: 'registered', alg, use: 'sig' }],
});

/** A provider with one client for each kind of authentication at its introspection endpoint. */
async function startProvider(): Promise<Loopback> {
  const { Provider } = await loadLibrary();
  let serve: (...args: Parameters<Parameters<typeof startServer>[0]>) => void = () => {};
  const listening = await startServer((req, res) => serve(req, res));
  const common = { redirect_uris: [], response_types: [], grant_types: [] };
  const keyed = { ...common, token_endpoint_auth_method: 'private_key_jwt' } as const;
  const machine = { ...common, ...MACHINE, grant_types: ['client_credentials'] };
  const provider = new Provider(listening.url, {
    adapter: memoryStore(),
    jwks: { keys: [{ ...strange.privateKey.export({ format: 'jwk' }), kid: 'own', alg: 'RS256', use: 'sig' } as never] },
    cookies: { keys: ['x'] },
    clients: [
      { ...machine, token_endpoint_auth_method: 'client_secret_post' },
      { ...common, client_id: 'basic:1', client_secret: SECRET, token_endpoint_auth_method: 'client_secret_basic' },
      { ...common, client_id: 'post', client_secret: SECRET, token_endpoint_auth_method: 'client_secret_post' },
      { ...keyed, client_id: 'rsa', token_endpoint_auth_signing_alg: 'RS256', jwks: jwks(rsa.publicKey, 'RS256') as never },
      { ...keyed, client_id: 'ec', token_endpoint_auth_signing_alg: 'ES256', jwks: jwks(ec.publicKey, 'ES256') as never },
    ],
    ttl: { ClientCredentials: 600 },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true, allowedPolicy: async () => true },
      resourceIndicators: {
        enabled: true,
        defaultResource: async () => RESOURCE,
        getResourceServerInfo: async () => ({ scope: 'files:read', audience: RESOURCE, accessTokenFormat: 'opaque' }),
      },
    },
  });
  provider.silent = true;
  serve = provider.callback() as typeof serve;
  return listening;
}

let provider: Loopback;
let upstream: RawUpstream;
beforeAll(async () => {
  [provider, upstream] = await Promise.all([startProvider(), startRawUpstream(answers.rpc())]);
});
afterAll(() => Promise.all([provider.close(), upstream.stop()]));

async function accessToken(): Promise<string> {
  const body = new URLSearchParams({ grant_type: 'client_credentials', scope: 'files:read', ...MACHINE });
  const response = await fetch(`${provider.url}/token`, { method: 'POST', body, signal: AbortSignal.timeout(5000) });
  return ((await response.json()) as { access_token: string }).access_token;
}

/** Runs with a gateway that is this client of this issuer. */
async function withClient(
  issuer: string,
  introspection: object,
  env: Record<string, string>,
  run: (call: (token: string) => Promise<RawResponse>, gateway: Gateway) => Promise<void>,
): Promise<void> {
  const endpoint = { path: '/mcp', audience: [RESOURCE], issuers: ['idp'], scopes: ['files:read'], upstream: upstream.url };
  const gateway = await startConfigured({ issuers: { idp: { issuer, introspection } }, endpoints: [endpoint] }, { env });
  try {
    await run((token) => rawRequest(gateway.port, modern('tools/list', { token })), gateway);
  } finally {
    await gateway.stop();
  }
}

const ENV_KEY = '${env:KEY}';

describe('a real provider authenticates the gateway by (C-81)', () => {
  const cases: [string, object, Record<string, string>, Record<string, string>][] = [
    ['basic', { clientId: 'basic:1', clientSecret: ENV_SECRET }, { SECRET }, { SECRET: 'wrong' }],
    ['post', { auth: 'post', clientId: 'post', clientSecret: ENV_SECRET }, { SECRET }, { SECRET: 'wrong' }],
    [
      'private_key_jwt with RSA',
      { auth: 'private_key_jwt', clientId: 'rsa', privateKey: ENV_KEY },
      { KEY: pem(rsa.privateKey) },
      { KEY: pem(strange.privateKey) },
    ],
    [
      'private_key_jwt with EC',
      { auth: 'private_key_jwt', clientId: 'ec', privateKey: ENV_KEY },
      { KEY: pem(ec.privateKey) },
      { KEY: pem(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey) },
    ],
  ];
  test.each(cases)('%s: valid tokens pass, others get 401', async (_name, introspection, env) => {
    await withClient(provider.url, introspection, env, async (call, gateway) => {
      const [first, second] = [await accessToken(), await accessToken()];
      // Two calls: a reused assertion would be rejected at the second one.
      const responses = [await call(first), await call(second)];
      expect(responses.map(({ status }) => status)).toEqual([200, 200]);
      // At this provider a machine has no sub, so the client is the subject.
      expect(await logOf(gateway, responses[0] as RawResponse)).toMatchObject({ subject: 'machine', clientId: 'machine' });
      const stranger = await call('nobody-issued-this');
      expect([stranger.status, (await logOf(gateway, stranger)).reason]).toEqual([401, 'token.inactive']);
    });
  });

  test.each(cases)(
    '%s: wrong credentials of the gateway give 503 and an error line, not a bad token (C-83)',
    async (_name, introspection, _env, wrong) => {
      await withClient(provider.url, introspection, wrong, async (call, gateway) => {
        const response = await call(await accessToken());
        expect([response.status, (await logOf(gateway, response)).reason]).toEqual([503, 'introspection.gateway_rejected']);
        expect(response.headers('www-authenticate')).toEqual([]);
        const alarms = gateway.logs().filter(({ event }) => event === 'introspection.client_rejected');
        expect(alarms).toMatchObject([{ level: 'error', issuer: provider.url }]);
        expect(gateway.output()).not.toMatch(/PRIVATE KEY|wrong/);
      });
    },
  );
});

describe('an endpoint of another kind authenticates it by', () => {
  test.each<[string, object, Record<string, string>, string | undefined, Record<string, string>]>([
    ['a bearer token', { auth: 'bearer', clientSecret: ENV_SECRET }, { SECRET: 'api-key-1' }, 'Bearer api-key-1', {}],
    ['nothing', { auth: 'none' }, {}, undefined, {}],
    ['a client id alone', { auth: 'none', clientId: 'public' }, {}, undefined, { client_id: 'public' }],
  ])('%s', async (_name, fields, env, authorization, inForm) => {
    const endpoint = await startRawUpstream(
      answers.json({ active: true, sub: 'alice', aud: RESOURCE, scope: 'files:read' }),
      'issuer',
    );
    try {
      const introspection = { url: `${endpoint.url}/introspect`, ...fields };
      await withClient(provider.url, introspection, env, async (call) => {
        expect((await call('opaque')).status).toBe(200);
        const { last } = endpoint;
        expect(last?.header('authorization')).toBe(authorization);
        const form = Object.fromEntries(new URLSearchParams(String(last?.body)));
        expect(form).toEqual({ token: 'opaque', token_type_hint: 'access_token', ...inForm });
      });
    } finally {
      await endpoint.stop();
    }
  });
});
