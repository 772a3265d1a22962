// The bridge, by hand: from the 401 over the metadata and the token to a call, as a client with a
// client id and a client secret does it. Its tokens are worth nothing anywhere else.
import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Gateway } from '../fixtures/gateway.js';
import { type JwksIssuer, startJwksIssuer } from '../fixtures/jwks-issuer.js';
import { type HeaderLine, modern } from '../fixtures/messages.js';
import { type RawResponse, rawRequest } from '../fixtures/raw-client.js';
import { answers, type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';
import { configuredText, logOf, startConfigured } from '../fixtures/scene.js';
import { ENTRY_A, ENTRY_B, hashOf, KEY_A, KEY_B } from '../support/reload-scene.js';

const ring = (): string => generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
const BACKEND = 'Bearer backend-token-of-partner-b';
const env = { RING: ring(), NEXT: ring(), BACKEND };

let issuer: JwksIssuer;
let upstream: RawUpstream;
let gateway: Gateway;

const config = (root: Record<string, unknown> = {}) => ({
  issuers: { main: { issuer: issuer.issuer } },
  apiKeys: { 'partner-a': ENTRY_A, 'partner-b': { ...ENTRY_B, upstreamAuthorization: '${env:BACKEND}' } },
  bridge: { keys: ['${env:RING}'] },
  endpoints: [
    { path: '/mcp', apiKeys: [{ header: 'X-Api-Key' }], scopes: ['files:read'], upstream: `${upstream.url}/up` },
    { path: '/idp', issuers: ['main'], upstream: `${upstream.url}/up` },
    { path: '/keys', apiKeys: [{ header: 'X-Api-Key' }, { scheme: 'Token' }], bridge: false, upstream: `${upstream.url}/up` },
  ],
  ...root,
});

beforeAll(async () => {
  [issuer, upstream] = await Promise.all([startJwksIssuer(), startRawUpstream(answers.rpc())]);
  gateway = await startConfigured(config(), { env });
});
afterAll(async () => {
  await gateway.stop();
  await Promise.all([issuer.stop(), upstream.stop()]);
});
beforeEach(() => {
  upstream.reset();
  upstream.answer(answers.rpc());
});

const send = (path: string, headers: HeaderLine[] = []): Promise<RawResponse> =>
  rawRequest(gateway.port, modern('tools/list', { path, headers }));
const bearer = (token: string): HeaderLine => ['Authorization', `Bearer ${token}`];
const fetchJson = async (url: string): Promise<Record<string, unknown>> => {
  const response = await fetch(url, { signal: AbortSignal.timeout(5_000) });
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json']);
  return (await response.json()) as Record<string, unknown>;
};

async function grant(id = 'partner-a', secret = KEY_A, fields: Record<string, string> = {}) {
  const response = await fetch(`${gateway.url}/oauth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials', ...fields }),
    signal: AbortSignal.timeout(5_000),
  });
  return { status: response.status, ...((await response.json()) as { access_token: string; error?: string; scope?: string }) };
}

test('from the 401 to a call, and the log names the key by its fingerprint', async () => {
  const refused = await send('/mcp');
  const [, metadataUrl = ''] = /resource_metadata="([^"]+)"/.exec(refused.header('www-authenticate') ?? '') ?? [];
  expect(refused.status).toBe(401);
  const resource = await fetchJson(metadataUrl);
  expect(resource.authorization_servers).toEqual([`${gateway.url}/bridge`]);
  const server = await fetchJson(`${gateway.url}/.well-known/oauth-authorization-server/bridge`);
  expect(server).toMatchObject({ issuer: `${gateway.url}/bridge`, token_endpoint: `${gateway.url}/oauth/token` });
  const { status, access_token: token, scope } = await grant('partner-a', KEY_A, { resource: resource.resource as string });
  expect([status, scope]).toEqual([200, 'files:read']);
  const response = await send('/mcp', [bearer(token)]);
  expect([response.status, upstream.last?.header('authorization'), upstream.last?.header('x-api-key')]).toEqual([
    200,
    undefined,
    undefined,
  ]);
  expect(await logOf(gateway, response)).toMatchObject({
    credential: 'bridge',
    subject: 'partner-a',
    keyFingerprint: hashOf(KEY_A).slice(0, 8),
  });
});

test('a token has the upstream credential of its key', async () => {
  const { access_token: token } = await grant('partner-b', KEY_B);
  expect((await send('/mcp', [bearer(token)])).status).toBe(200);
  expect(upstream.last?.header('authorization')).toBe(BACKEND);
});

describe('a token of the bridge is worth nothing', () => {
  test.each<[string, string, (token: string) => HeaderLine]>([
    ['at an endpoint of an issuer', '/idp', bearer],
    ['at an endpoint of keys without the bridge', '/keys', bearer],
    ['in the header of a key', '/mcp', (token) => ['X-Api-Key', token]],
    ['under the scheme of a key', '/keys', (token) => ['Authorization', `Token ${token}`]],
  ])('%s', async (_where, path, line) => {
    const { access_token: token } = await grant();
    expect((await send('/mcp', [bearer(token)])).status).toBe(200);
    upstream.reset();
    expect([(await send(path, [line(token)])).status, upstream.hits]).toEqual([401, 0]);
  });

  test('as a client secret', async () => {
    const { access_token: token } = await grant();
    expect(await grant('partner-a', token)).toMatchObject({ status: 401, error: 'invalid_client' });
  });
});

test('a token of an issuer is worth nothing at an endpoint of the bridge', async () => {
  const token = issuer.token({ audience: `${gateway.url}/mcp` });
  expect((await send('/mcp', [bearer(token)])).status).toBe(401);
});

describe('a reload', () => {
  const reload = (root: Record<string, unknown> = {}) => gateway.reload(configuredText(config(root)));

  test('ends the tokens of a removed key, and keeps those of another', async () => {
    const [gone, kept] = await Promise.all([grant(), grant('partner-b', KEY_B)]);
    for (const { access_token: token } of [gone, kept]) expect((await send('/mcp', [bearer(token)])).status).toBe(200);
    await reload({ apiKeys: { 'partner-b': { ...ENTRY_B, upstreamAuthorization: '${env:BACKEND}' } } });
    expect((await send('/mcp', [bearer(gone.access_token)])).status).toBe(401);
    expect((await send('/mcp', [bearer(kept.access_token)])).status).toBe(200);
    expect(await grant()).toMatchObject({ status: 401, error: 'invalid_client' });
    await reload();
    expect((await grant()).status).toBe(200);
  });

  test('with a new key in front of the ring keeps the tokens of the old one, until it leaves', async () => {
    const { access_token: old } = await grant();
    await reload({ bridge: { keys: ['${env:NEXT}', '${env:RING}'] } });
    const { access_token: next } = await grant();
    for (const token of [old, next]) expect((await send('/mcp', [bearer(token)])).status).toBe(200);
    await reload({ bridge: { keys: ['${env:NEXT}'] } });
    expect([(await send('/mcp', [bearer(old)])).status, (await send('/mcp', [bearer(next)])).status]).toEqual([401, 200]);
    await reload();
  });
});
