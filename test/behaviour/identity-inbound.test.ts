// A JWT that the gateway signs for one purpose passes nowhere else: an identity JWT at no endpoint,
// and a token of the bridge at bridged ones only. Also where an issuer has a near name or its keys.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { granted, makeKey, requestGrant, ringKey } from '../fixtures/bridged.js';
import type { Gateway } from '../fixtures/gateway.js';
import { bearerOf, signerOf } from '../fixtures/identities.js';
import { type JwksIssuer, startJwksIssuer } from '../fixtures/jwks-issuer.js';
import { modern } from '../fixtures/messages.js';
import { mintToken } from '../fixtures/mint.js';
import { type RawResponse, rawRequest } from '../fixtures/raw-client.js';
import { answers, type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';
import { ENV_SECRET, logOf, startConfigured } from '../fixtures/scene.js';

const key = makeKey();
const prefixed = makeKey('sk_live_');
const [own, bridgeKey] = [ringKey('ES256'), ringKey()];
let issuer: JwksIssuer;
let upstream: RawUpstream;
let gateway: Gateway;
const credentials: Record<string, string> = {};
const SELF = 'http://127.0.0.1:{{port}}';

beforeAll(async () => {
  [issuer, upstream] = await Promise.all([startJwksIssuer(), startRawUpstream(answers.rpc())]);
  // The issuer calls every token active, with the claims that it states.
  issuer.introspect = (form) => {
    const [, claims = 'e30'] = form.get('token')?.split('.') ?? [];
    return { active: true, ...JSON.parse(Buffer.from(claims, 'base64url').toString()) };
  };
  const introspection = { url: `${issuer.issuer}/introspect`, clientId: 'gateway', clientSecret: ENV_SECRET };
  const any = { scopes: [], audience: ['for-everyone'] };
  // Each upstream believes the same audience, which is also that of each endpoint.
  const server = { url: `${upstream.url}/up`, credential: { kind: 'identity', audience: 'for-everyone' } };
  const ES256 = { algorithms: ['RS256', 'ES256', 'EdDSA'] };
  const config = {
    identity: { keys: ['${env:IDENTITY_KEY}'] },
    bridge: { keys: ['${env:BRIDGE_KEY}'] },
    issuers: {
      main: { issuer: issuer.issuer, ...ES256, sharedAudience: true },
      asked: { issuer: 'https://asked.example.com', verify: 'introspection', introspection },
      both: { issuer: `${issuer.issuer}/`, jwksUri: issuer.jwksUri, ...ES256, verify: 'jwt-then-introspection', introspection },
      // As near as a name can be, and with the keys of the gateway itself.
      near: { issuer: `${SELF}/`, jwksUri: `${SELF}/.well-known/jwks.json`, ...ES256 },
      asks: { issuer: `${SELF}/idp`, verify: 'introspection', introspection },
    },
    apiKeys: { partner: { sha256: key.sha256 }, prefixed: { sha256: prefixed.sha256 } },
    endpoints: [
      { ...any, path: '/jwt/mcp', issuers: ['main'], upstream: server },
      { ...any, path: '/asked/mcp', issuers: ['asked'], upstream: server },
      { ...any, path: '/both/mcp', issuers: ['both'], upstream: server },
      { ...any, path: '/near/mcp', issuers: ['near', 'main'], upstream: server },
      { ...any, path: '/asks/mcp', issuers: ['asks', 'main'], upstream: server },
      {
        ...any,
        path: '/keys/mcp',
        apiKeys: [{ header: 'X-Api-Key' }, { bearerPrefix: 'sk_live_' }],
        bridge: false,
        upstream: server,
      },
      { scopes: [], path: '/bridged/mcp', apiKeys: [{ header: 'X-Api-Key' }], upstream: server },
      {
        ...any,
        path: '/passed/mcp',
        issuers: ['main'],
        passThrough: [{ scheme: 'Token', upstreamVerifies: true }],
        upstream: upstream.url,
      },
    ],
  };
  gateway = await startConfigured(config, { env: { SECRET: 's3cret', IDENTITY_KEY: own.pem, BRIDGE_KEY: bridgeKey.pem } });

  expect((await places['Bearer, JWT issuer']?.(issuer.token({ audience: 'for-everyone' })))?.status).toBe(200);
  const identity = bearerOf(upstream.last as NonNullable<typeof upstream.last>) ?? '';
  const ours = signerOf(own);
  const audience = ['for-everyone', `${gateway.url}/bridged/mcp`];
  // Issued before the last fetch of keys, so that an unknown key needs no further fetch.
  const claims = { iat: Math.floor(Date.now() / 1000) - 60 };
  const forged = (iss: string, typ: string) => mintToken({ issuer: iss, audience, key: ours, header: { typ }, claims });
  Object.assign(credentials, {
    'an identity JWT': identity,
    'a JWT of its key as an access token': forged(gateway.url, 'at+jwt'),
    'a JWT of its key in the name of an issuer': forged(issuer.issuer, 'at+jwt'),
    'a JWT of its key in the name of the bridge': forged(`${gateway.url}/bridge`, 'at+jwt'),
    'an identity JWT in the name of the near issuer': forged(`${gateway.url}/`, 'identity+jwt'),
    'an identity JWT in the name of an introspecting issuer': forged(`${gateway.url}/idp`, 'identity+jwt'),
    'a token of the bridge': await granted(gateway.port, { id: 'partner', secret: key.key }),
  });
});
afterAll(() => Promise.all([gateway.stop(), issuer.stop(), upstream.stop()]));
beforeEach(() => upstream.reset());

const call = (path: string, name: string, value: string): Promise<RawResponse> =>
  rawRequest(gateway.port, modern('tools/list', { path, headers: [[name, value]] }));
const places: Record<string, (credential: string) => Promise<RawResponse>> = {
  'Bearer, JWT issuer': (it) => call('/jwt/mcp', 'Authorization', `Bearer ${it}`),
  'Bearer, introspection': (it) => call('/asked/mcp', 'Authorization', `Bearer ${it}`),
  'Bearer, JWT then introspection': (it) => call('/both/mcp', 'Authorization', `Bearer ${it}`),
  'Bearer, an issuer of a near name with the keys of the gateway': (it) => call('/near/mcp', 'Authorization', `Bearer ${it}`),
  'Bearer, introspection of a near name': (it) => call('/asks/mcp', 'Authorization', `Bearer ${it}`),
  'Bearer, API keys': (it) => call('/keys/mcp', 'Authorization', `Bearer ${it}`),
  'X-Api-Key': (it) => call('/keys/mcp', 'X-Api-Key', it),
  'Bearer, bridged': (it) => call('/bridged/mcp', 'Authorization', `Bearer ${it}`),
  'Bearer, beside pass-through': (it) => call('/passed/mcp', 'Authorization', `Bearer ${it}`),
  'pass-through scheme': (it) => call('/passed/mcp', 'Authorization', `Token ${it}`),
  'pass-through scheme, with a prefix': (it) => call('/passed/mcp', 'Authorization', `Token token="${it}"`),
  'client secret': (it) => requestGrant(gateway.port, { id: 'partner', secret: it }),
};

test.each<[string, () => string]>([
  ['Bearer, JWT issuer', () => issuer.token({ audience: 'for-everyone' })],
  ['Bearer, introspection', () => issuer.token({ issuer: 'https://asked.example.com', audience: 'for-everyone' })],
  ['Bearer, JWT then introspection', () => issuer.token({ issuer: `${issuer.issuer}/`, audience: 'for-everyone' })],
  ['Bearer, introspection of a near name', () => issuer.token({ issuer: `${gateway.url}/idp`, audience: 'for-everyone' })],
  ['Bearer, API keys', () => prefixed.key],
  ['X-Api-Key', () => key.key],
  ['Bearer, bridged', () => credentials['a token of the bridge'] ?? ''],
  ['Bearer, beside pass-through', () => issuer.token({ audience: 'for-everyone' })],
  ['pass-through scheme', () => 'legacy-0123456789'],
  ['client secret', () => key.key],
])('%s takes its own credential', async (place, own) => {
  const response = await places[place]?.(own());
  expect([response?.status, upstream.hits]).toEqual([200, place === 'client secret' ? 0 : 1]);
});

describe.each([
  'an identity JWT',
  'a JWT of its key as an access token',
  'a JWT of its key in the name of an issuer',
  'a JWT of its key in the name of the bridge',
  'an identity JWT in the name of the near issuer',
  'an identity JWT in the name of an introspecting issuer',
  'a token of the bridge',
])('%s is rejected (A-43, A-45, A-46)', (kind) => {
  const own = kind === 'a token of the bridge' ? ['Bearer, bridged'] : [];
  test.each(Object.keys(places).filter((place) => !own.includes(place)))('%s', async (place) => {
    const credential = credentials[kind] ?? '';
    expect(credential.split('.')).toHaveLength(3);
    const before = issuer.hits.introspection;
    const response = (await places[place]?.(credential)) as RawResponse;
    expect([response.status, upstream.hits, issuer.hits.introspection]).toEqual([401, 0, before]);
    if (place === 'client secret') return;
    const { reason } = await logOf(gateway, response);
    expect(reason).toMatch(/^(token\.(issuer|type|key_unknown)|key\.unknown|audience\.legacy)$/);
  });
});
