// The exchange at a real oidc-provider, which verifies the token of the caller itself.
import { createLocalJWKSet, decodeJwt, jwtVerify } from 'jose';
import type { JWK, Provider } from 'oidc-provider';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { loadLibrary, signingKey } from '../../src/commands/demo/idp-config.js';
import { memoryStore } from '../../src/commands/demo/idp-store.js';
import type { Loopback } from '../../src/commands/demo/loopback.js';
import type { Gateway } from '../fixtures/gateway.js';
import { secret, secretToken } from '../fixtures/ledger.js';
import { modern } from '../fixtures/messages.js';
import { startServer } from '../fixtures/ports.js';
import { providerToken } from '../fixtures/provider-token.js';
import { type RawResponse, rawRequest } from '../fixtures/raw-client.js';
import { answers, type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';
import { ENV_SECRET, logOf, startConfigured } from '../fixtures/scene.js';
import { ACCESS_TOKEN, BACKEND } from '../support/exchanging.js';

const RESOURCE = 'https://mcp.example.com/mcp';
const GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange';
const GATEWAY = { client_id: 'gateway', client_secret: 'secret-of-the-gateway-at-idp' };
const PARAMETERS = ['subject_token', 'subject_token_type', 'requested_token_type', 'audience', 'scope', 'connector_id'];

const listed = (value: unknown): unknown[] => (Array.isArray(value) ? value : [value]);

let idp: Loopback;
let provider: Provider;
let exchanges: Record<string, unknown>[];

async function startProvider(): Promise<void> {
  const { Provider: ProviderClass, errors } = await loadLibrary();
  const key = await signingKey();
  let serve: (...args: Parameters<Parameters<typeof startServer>[0]>) => void = () => {};
  idp = await startServer((req, res) => serve(req, res));
  const { kty, n, e, kid, alg } = key;
  const keys = createLocalJWKSet({ keys: [{ kty, n, e, kid, alg } as JWK] } as never);
  provider = new ProviderClass(idp.url, {
    adapter: memoryStore(),
    jwks: { keys: [key] },
    cookies: { keys: ['x'] },
    clients: [{ ...GATEWAY, redirect_uris: [], response_types: [], grant_types: [GRANT] }],
    ttl: { AccessToken: 600 },
    features: { devInteractions: { enabled: false } },
    findAccount: async (_ctx, sub) => ({ accountId: sub, claims: async () => ({ sub }) }),
  });
  provider.registerGrantType(
    GRANT,
    async (ctx) => {
      const { params, client } = ctx.oidc;
      exchanges.push({ ...params });
      if (params.subject_token_type !== ACCESS_TOKEN) throw new errors.InvalidRequest('subject_token_type');
      const { payload } = await jwtVerify(String(params.subject_token), keys, { issuer: idp.url }).catch(() => {
        throw new errors.InvalidGrant('the subject token is not valid');
      });
      if (payload.sub === 'blocked') throw new errors.AccessDenied('not for this user');
      const audience = String(listed(params.audience)[0]);
      const value = await providerToken({ provider, client: client as never, user: String(payload.sub), audience, ttl: 600 });
      secret('passed', value);
      ctx.body = { access_token: value, issued_token_type: ACCESS_TOKEN, token_type: 'Bearer', expires_in: 600 };
    },
    PARAMETERS,
    ['audience'],
  );
  provider.silent = true;
  serve = provider.callback() as typeof serve;
}

let upstream: RawUpstream;
let gateway: Gateway;
beforeAll(async () => {
  exchanges = [];
  await startProvider();
  // Tokens of one issuer share claims, so the test itself compares what the upstream got.
  upstream = await startRawUpstream(answers.rpc(), 'issuer');
  const credential = {
    kind: 'exchange',
    audience: [BACKEND, 'second-backend'],
    scopes: ['files:read'],
    parameters: { connector_id: 'ldap' },
    clientId: GATEWAY.client_id,
    clientSecret: ENV_SECRET,
  };
  const endpoint = { path: '/mcp', audience: [RESOURCE], issuers: ['idp'], upstream: { url: upstream.url, credential } };
  const config = { issuers: { idp: { issuer: idp.url } }, endpoints: [endpoint] };
  gateway = await startConfigured(config, { env: { SECRET: GATEWAY.client_secret } });
});
afterAll(async () => {
  await gateway.stop();
  await Promise.all([idp.close(), upstream.stop()]);
});
beforeEach(() => {
  exchanges.length = 0;
  upstream.reset();
});

async function tokenOf(user: string): Promise<string> {
  const client = await provider.Client.find(GATEWAY.client_id);
  if (client === undefined) throw new Error('the provider has no client');
  const token = await providerToken({ provider, client, user, audience: RESOURCE, ttl: 300 });
  secretToken(token);
  return token;
}
const call = (token: string): Promise<RawResponse> => rawRequest(gateway.port, modern('tools/list', { token }));

test('the upstream tells two users apart, by tokens of the provider for its audience (C-125, E-07)', async () => {
  const tokens = [await tokenOf('alice'), await tokenOf('bob')];
  for (const token of [...tokens, ...tokens]) expect((await call(token)).status).toBe(200);
  const seen = upstream.requests.map((request) => decodeJwt(String(request.header('authorization')).slice('Bearer '.length)));
  expect(seen.map(({ sub }) => sub)).toEqual(['alice', 'bob', 'alice', 'bob']);
  for (const claims of seen) expect(claims).toMatchObject({ iss: idp.url, aud: BACKEND });
  for (const { jti } of tokens.map((token) => decodeJwt(token))) expect(seen.map((claims) => claims.jti)).not.toContain(jti);
  expect(exchanges).toHaveLength(2);
  expect(exchanges[0]).toMatchObject({
    subject_token: tokens[0],
    requested_token_type: ACCESS_TOKEN,
    audience: [BACKEND, 'second-backend'],
    scope: 'files:read',
    connector_id: 'ldap',
  });
});

test('a user whom the provider denies gets 403, and the code of the provider is in the log', async () => {
  const response = await call(await tokenOf('blocked'));
  const line = await logOf(gateway, response);
  expect([response.status, line.reason, upstream.hits]).toEqual([403, 'exchange.refused', 0]);
  expect(line.detail).toBe('status 400 access_denied');
});
