// Each kind of credential at each place where a credential can be written. It passes where it
// belongs, and gets 401 at every other place.
// UPDATE_GOLDEN=1 writes the golden table of reasons instead of comparing with it.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { granted, makeKey, requestGrant, ringKey } from '../fixtures/bridged.js';
import type { Gateway } from '../fixtures/gateway.js';
import { type JwksIssuer, startJwksIssuer } from '../fixtures/jwks-issuer.js';
import { type Ask, legacy, modern } from '../fixtures/messages.js';
import { mintToken, type SigningKey } from '../fixtures/mint.js';
import { type RawResponse, rawRequest } from '../fixtures/raw-client.js';
import { answers, type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';
import { ENV_SECRET, logOf, startConfigured } from '../fixtures/scene.js';

const GOLDEN = fileURLToPath(new URL('./golden/bridge-matrix.txt', import.meta.url));

const [key, prefixed] = [makeKey(), makeKey('sk_live_')];
const own = ringKey();
const foreign = ringKey();

let issuer: JwksIssuer;
let upstream: RawUpstream;
let gateway: Gateway;
/** A second gateway with the same URLs and keys, and another ring. */
let stranger: Gateway;

/** The key of the ring as the gateway publishes it, to sign what the gateway would not sign. */
function signer({ privateKey, publicKey, alg }: typeof own): SigningKey {
  const jwk = publicKey.export({ format: 'jwk' });
  // RFC 7638: the required members in the order of the alphabet.
  const thumbprint = createHash('sha256').update(JSON.stringify({ crv: jwk.crv, kty: jwk.kty, x: jwk.x }));
  return { kid: thumbprint.digest('base64url'), alg, privateKey, publicKey, jwk: { ...jwk } };
}

const kinds: Record<string, string> = {};

beforeAll(async () => {
  [issuer, upstream] = await Promise.all([startJwksIssuer(), startRawUpstream(answers.rpc())]);
  const carriers = [{ header: 'X-Api-Key' }, { scheme: 'Token' }, { bearerPrefix: 'sk_live_' }];
  const common = { scopes: ['files:read'], upstream: upstream.url };
  const introspection = { clientId: 'gateway', clientSecret: ENV_SECRET };
  const config = {
    issuers: { main: { issuer: issuer.issuer, introspection } },
    apiKeys: {
      plain: { sha256: key.sha256, scopes: ['files:read'] },
      prefixed: { sha256: prefixed.sha256, scopes: ['files:read'] },
    },
    trustedProxies: ['127.0.0.1'],
    bridge: { keys: ['${env:BRIDGE_KEY}'] },
    endpoints: [
      { ...common, path: '/mcp', apiKeys: carriers },
      { ...common, path: '/other/mcp', apiKeys: carriers },
      { ...common, path: '/keys/mcp', apiKeys: carriers, bridge: false },
      { ...common, path: '/idp/mcp', issuers: ['main'] },
      {
        ...common,
        path: '/passed/mcp',
        issuers: ['main'],
        passThrough: [{ scheme: 'Legacy', upstreamVerifies: true, scopes: ['files:read'] }],
      },
    ],
  };
  const env = { SECRET: 'introspection-secret-of-the-matrix' };
  gateway = await startConfigured(config, { env: { ...env, BRIDGE_KEY: own.pem } });
  const publicUrl = gateway.url;
  stranger = await startConfigured({ ...config, publicUrl }, { env: { ...env, BRIDGE_KEY: foreign.pem } });

  const grant = { id: 'plain', secret: key.key };
  const here = { form: { resource: `${publicUrl}/mcp` } };
  const { port } = gateway;
  const claims = { sub: 'plain', client_id: 'plain', key: key.fingerprint };
  const minted = { issuer: `${publicUrl}/bridge`, audience: `${publicUrl}/mcp`, key: signer(own), claims };
  upstream.next(
    answers.rpc({ protocolVersion: '2025-11-25', capabilities: {} }, [['Mcp-Session-Id', 'session-of-the-upstream']]),
  );
  const { headers, body } = legacy('initialize', { headers: [['X-Api-Key', key.key]], params: {} });
  // Not by the raw client: its record of answers would have the session id, which passes there.
  const session = await fetch(`${publicUrl}/mcp`, { method: 'POST', headers: headers ?? [], body: String(body) });
  Object.assign(kinds, {
    'an API key': key.key,
    'an API key with a prefix': prefixed.key,
    'a bridge token for this endpoint': await granted(port, { ...grant, ...here }),
    'a bridge token for the other endpoint': await granted(port, { ...grant, form: { resource: `${publicUrl}/other/mcp` } }),
    'a bridge token for each endpoint': await granted(port, grant),
    'a bridge token of another ring': await granted(stranger.port, grant),
    'an identity JWT of the same ring': mintToken({ ...minted, header: { typ: 'identity+jwt' } }),
    'a JWT without a type, of the same ring': mintToken({ ...minted, header: { typ: undefined } }),
    'a token of the IdP': issuer.token({ audience: `${publicUrl}/idp/mcp` }),
    'a token of the IdP for the bridged endpoint': issuer.token({ audience: `${publicUrl}/mcp` }),
    'a token of the IdP that names the bridge': issuer.token({ ...minted, key: issuer.keys[0] as SigningKey }),
    'a session id': session.headers.get('mcp-session-id') ?? '',
  });
});
afterAll(() => Promise.all([gateway.stop(), stranger.stop(), issuer.stop(), upstream.stop()]));

const call = (path: string, name: string, value: string): Promise<RawResponse> =>
  rawRequest(gateway.port, modern('tools/list', { path, headers: [[name, value]] } satisfies Ask));

const places: Record<string, (credential: string) => Promise<RawResponse>> = {
  'Bearer, bridged': (it) => call('/mcp', 'Authorization', `Bearer ${it}`),
  'Bearer, other bridged': (it) => call('/other/mcp', 'Authorization', `Bearer ${it}`),
  'Bearer, keys only': (it) => call('/keys/mcp', 'Authorization', `Bearer ${it}`),
  'Bearer, IdP': (it) => call('/idp/mcp', 'Authorization', `Bearer ${it}`),
  Token: (it) => call('/mcp', 'Authorization', `Token ${it}`),
  'X-Api-Key': (it) => call('/mcp', 'X-Api-Key', it),
  'X-Api-Key, IdP': (it) => call('/idp/mcp', 'X-Api-Key', it),
  'pass-through': (it) => call('/passed/mcp', 'Authorization', `Legacy ${it}`),
  'secret by basic': (it) => requestGrant(gateway.port, { id: 'plain', secret: it }),
  'secret by post': (it) => requestGrant(gateway.port, { id: 'plain', secret: it, by: 'post' }),
};

/** Where each kind passes. Everywhere else it gets 401. */
const PASSES: Record<string, readonly string[]> = {
  'an API key': ['Token', 'X-Api-Key', 'secret by basic', 'secret by post'],
  'an API key with a prefix': ['Bearer, bridged', 'Bearer, other bridged', 'Bearer, keys only', 'Token', 'X-Api-Key'],
  'a bridge token for this endpoint': ['Bearer, bridged'],
  'a bridge token for the other endpoint': ['Bearer, other bridged'],
  'a bridge token for each endpoint': ['Bearer, bridged', 'Bearer, other bridged'],
  'a bridge token of another ring': [],
  'an identity JWT of the same ring': [],
  'a JWT without a type, of the same ring': [],
  'a token of the IdP': ['Bearer, IdP'],
  'a token of the IdP for the bridged endpoint': [],
  'a token of the IdP that names the bridge': [],
  'a session id': [],
};

const table = new Map<string, string[]>();

describe.each(Object.keys(PASSES))('%s', (kind) => {
  const cells = Object.keys(places).map(() => '-');
  table.set(kind, cells);
  // The gateway forwards other texts there: the upstream verifies them.
  const tried = Object.keys(places).filter((place) => place !== 'pass-through' || / (token|JWT) /.test(kind));
  test.each(tried)('%s', async (place) => {
    const credential = kinds[kind] as string;
    expect(credential.length).toBeGreaterThan(30);
    const introspected = issuer.hits.introspection;
    upstream.reset();
    const response = await (places[place] as (typeof places)[string])(credential);
    const passes = PASSES[kind]?.includes(place) === true;
    const forwards = passes && !place.startsWith('secret');
    expect([response.status, upstream.hits]).toEqual([passes ? 200 : 401, forwards ? 1 : 0]);
    // Only an opaque text may visit the issuer, where the endpoint has introspection.
    if (credential.includes('.')) expect(issuer.hits.introspection).toBe(introspected);
    const { reason } = passes ? { reason: 'passes' } : await logOf(gateway, response);
    cells[Object.keys(places).indexOf(place)] = String(reason);
  });
});

test('the reasons of all rejections are those of the golden table', () => {
  const rows = [...table].map(([kind, cells]) => [`## ${kind}`, ...cells.map((cell, i) => `${Object.keys(places)[i]}: ${cell}`)]);
  const text = `${rows.map((lines) => lines.join('\n')).join('\n\n')}\n`;
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(GOLDEN, text);
  expect(text).toBe(readFileSync(GOLDEN, 'utf8'));
});
