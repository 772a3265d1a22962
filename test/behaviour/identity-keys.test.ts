// The page with the keys of identity JWTs: public keys only, for every reader, and apart from those
// of the bridge.
import { calculateJwkThumbprint, type JWK } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeKey, ringKey } from '../fixtures/bridged.js';
import type { Gateway } from '../fixtures/gateway.js';
import { type RawResponse, rawRequest } from '../fixtures/raw-client.js';
import { configuredText, startConfigured } from '../fixtures/scene.js';

const PATH = '/.well-known/jwks.json';
const key = makeKey();
const [newest, older, ofBridge] = [ringKey('ES256'), ringKey('EdDSA'), ringKey('EdDSA')];
const env = { NEWEST: newest.pem, OLDER: older.pem, BRIDGE_KEY: ofBridge.pem };
const reference = (name: string): string => `\${env:${name}}`;
const base = {
  apiKeys: { partner: { sha256: key.sha256 } },
  endpoints: [{ path: '/mcp', apiKeys: [{ header: 'X-Api-Key' }], upstream: { url: 'http://127.0.0.1:9/up' } }],
};
const credential = { kind: 'identity', audience: 'files-backend' };
const used = { endpoints: base.endpoints.map((one) => ({ ...one, upstream: { ...one.upstream, credential } })) };
const identity = { keys: [reference('NEWEST'), reference('OLDER')] };
const bridge = { keys: [reference('BRIDGE_KEY')] };

let gateway: Gateway;
beforeAll(async () => {
  gateway = await startConfigured({ ...base, ...used, identity, bridge }, { env });
});
afterAll(() => gateway.stop());

type Line = [name: string, value: string];
const ask = (method: string, path = PATH, headers: Line[] = []): Promise<RawResponse> =>
  rawRequest(gateway.port, { method, path, headers });
const keysAt = async (path: string): Promise<JWK[]> => (JSON.parse((await ask('GET', path)).body) as { keys: JWK[] }).keys;
const publicOf = ({ publicKey }: typeof newest): JWK => publicKey.export({ format: 'jwk' }) as JWK;

describe('the page', () => {
  test('has each key of the ring in its order, with kid, alg and use, and no private member', async () => {
    const expected = [newest, older].map(async (one) => {
      const jwk = publicOf(one);
      return { ...jwk, kid: await calculateJwkThumbprint(jwk), alg: one.alg, use: 'sig' };
    });
    expect(await keysAt(PATH)).toEqual(await Promise.all(expected));
  });

  test('any web page may read it, and caches keep it for five minutes', async () => {
    const response = await ask('GET', PATH, [['Origin', 'https://anywhere.example.com']]);
    expect(response.status).toBe(200);
    expect(
      ['content-type', 'cache-control', 'access-control-allow-origin', 'set-cookie'].map((name) => response.header(name)),
    ).toEqual(['application/json', 'public, max-age=300', '*', undefined]);
  });

  test('HEAD, a preflight and a method that it does not have', async () => {
    const head = await ask('HEAD');
    expect([head.status, head.header('content-type'), head.body]).toEqual([200, 'application/json', '']);
    const preflight = await ask('OPTIONS', PATH, [
      ['Origin', 'https://anywhere.example.com'],
      ['Access-Control-Request-Method', 'GET'],
    ]);
    expect([preflight.status, preflight.header('access-control-allow-origin')]).toEqual([204, '*']);
    const written = await ask('POST');
    expect([written.status, written.header('allow')]).toEqual([405, 'GET, HEAD, OPTIONS']);
  });

  test.each(['/mcp/.well-known/jwks.json', '/.well-known/jwks.json/mcp', '/.well-known/jwks.json/', '/.well-known/JWKS.json'])(
    'is not at %s',
    async (path) => {
      expect((await ask('GET', path)).status).toBe(404);
    },
  );
});

test('the keys of the bridge are at their own page alone', async () => {
  const [own, theirs] = [await keysAt(PATH), await keysAt('/oauth/jwks')];
  expect(theirs).toHaveLength(1);
  expect(theirs[0]).toMatchObject(publicOf(ofBridge));
  expect(own.map(({ kid }) => kid)).not.toContain(theirs[0]?.kid);
});

test('no metadata names the page: it is for upstreams, not for clients', async () => {
  for (const path of ['/.well-known/oauth-authorization-server', '/.well-known/oauth-protected-resource/mcp']) {
    const { status, body } = await ask('GET', path);
    expect([status, body.includes(PATH)]).toEqual([200, false]);
  }
});

test('a reload changes it, and without identity it is gone', async () => {
  const before = await keysAt(PATH);
  const text = (more: Record<string, unknown>): string => configuredText({ ...base, bridge, ...more });
  await gateway.reload(text({ ...used, identity: { keys: [reference('OLDER')] } }));
  expect(await keysAt(PATH)).toEqual(before.slice(1));
  await gateway.reload(text({}));
  expect((await ask('GET')).status).toBe(404);
  expect((await ask('GET', '/oauth/jwks')).status).toBe(200);
});
