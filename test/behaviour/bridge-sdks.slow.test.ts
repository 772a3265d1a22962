// The client-credentials providers of the published SDKs reach a tool call through the bridge, from
// the first 401 on. Each request of a client is counted: no rejection makes it try for ever.
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { claimsOf, type MadeKey, makeKey, ringKey } from '../fixtures/bridged.js';
import type { Gateway } from '../fixtures/gateway.js';
import { startConfigured } from '../fixtures/scene.js';
import { startV1Upstream, type V1Upstream } from '../fixtures/upstream-v1.js';
import { startV2Upstream, type V2Upstream } from '../fixtures/upstream-v2.js';
import { count, type Login, type Sdk, sdk1, sdk2, type Walk, watch } from '../support/sdk-grants.js';

const UPSTREAM_TOKEN = 'Bearer upstream-token-of-partner-4c1f';
const FIXED_ID = 'connector';

let v1: V1Upstream;
let v2: V2Upstream;
/** Each client id is the name of its key. */
let named: Gateway;
/** One client id for all, as the form of a hosted connector asks for. */
let fixed: Gateway;
/** Keys by name. Each test has its own, because grants for one key are limited. */
const keys = new Map<string, MadeKey>();
const keyOf = (name: string): MadeKey => keys.get(name) as MadeKey;

const NAMES = Array.from({ length: 60 }, (_, i) => `partner-${i}`);
let used = 0;
let name: string;
beforeEach(() => {
  name = NAMES[used++] as string;
});

function configuration(bridge: Record<string, unknown>): Record<string, unknown> {
  const upstreams = { '/v1/mcp': v1.url, '/v2/mcp': v2.url, '/': v2.url };
  const tools = { default: 'allow', rules: [{ tool: 'big', scopes: ['files:write'] }] };
  const apiKeys = NAMES.map((one) => {
    keys.set(one, keys.get(one) ?? makeKey('sk_live_'));
    return [one, { sha256: keyOf(one).sha256, scopes: ['files:read'], upstreamAuthorization: '${env:UPSTREAM_TOKEN}' }];
  });
  return {
    apiKeys: Object.fromEntries(apiKeys),
    trustedProxies: ['127.0.0.1'],
    bridge: { keys: ['${env:BRIDGE_KEY}'], ...bridge },
    endpoints: Object.entries(upstreams).map(([path, upstream]) => ({
      path,
      apiKeys: [{ header: 'X-Api-Key' }],
      scopes: ['files:read'],
      tools,
      upstream,
    })),
  };
}

beforeAll(async () => {
  [v1, v2] = await Promise.all([startV1Upstream(), startV2Upstream()]);
  const env = { UPSTREAM_TOKEN: UPSTREAM_TOKEN, BRIDGE_KEY: ringKey('ES256').pem };
  named = await startConfigured(configuration({}), { env });
  fixed = await startConfigured(configuration({ clientId: FIXED_ID }), { env: { ...env, BRIDGE_KEY: ringKey().pem } });
});
afterAll(async () => {
  await Promise.all([named.stop('SIGKILL'), fixed.stop('SIGKILL')]);
  await Promise.all([v1.stop(), v2.stop()]);
});

const PINNED = { pin: '2026-07-28' };
const cases: [title: string, sdk: Sdk, path: string][] = [
  ['SDK 1.x, 2025-11-25 with a session', sdk1, '/v1/mcp'],
  ['SDK 1.x, 2025-11-25 without a session', sdk1, '/v2/mcp'],
  ['SDK 1.x at the root', sdk1, '/'],
  ['SDK 2.x, 2026-07-28', sdk2(PINNED), '/v2/mcp'],
  ['SDK 2.x, 2025-11-25 with a session', sdk2('legacy'), '/v1/mcp'],
  ['SDK 2.x that finds the revision itself', sdk2('auto'), '/v1/mcp'],
  ['SDK 2.x at the root', sdk2('auto'), '/'],
];
const login = (gateway: Gateway, by: 'basic' | 'post' = 'basic'): Login => ({
  id: gateway === fixed ? FIXED_ID : name,
  secret: keyOf(name).key,
  issuer: `${gateway.url}/bridge`,
  by,
});

describe.each(cases)('A-01, A-02, A-12, A-20: %s', (_title, sdk, path) => {
  const metadata = `/.well-known/oauth-protected-resource${path === '/' ? '' : path}`;
  test.each(['basic', 'post'] as const)('401, metadata, grant by %s, tool call', async (by) => {
    const url = new URL(named.url + path);
    const walk = watch();
    const client = await sdk.connect(url, login(named, by), walk);
    expect(await client.call('echo', { text: 'hello' })).toBe('hello');
    expect(walk.lines.slice(0, 5)).toEqual([
      `POST ${path} 401`,
      `GET ${metadata} 200`,
      'GET /.well-known/oauth-authorization-server/bridge 200',
      'POST /oauth/token 200',
      expect.stringMatching(`^POST ${path} (200|400)$`),
    ]);
    // One grant for the whole conversation, and no further challenge.
    expect([count(walk, 'POST /oauth/token'), walk.lines.filter((line) => line.endsWith(' 401')).length]).toEqual([1, 1]);
    const [form] = walk.forms as [URLSearchParams];
    expect([form.get('grant_type'), form.get('resource')]).toEqual(['client_credentials', url.href]);
    expect([form.has('client_secret'), walk.authorizations[0]?.startsWith('Basic ')]).toEqual([by === 'post', by === 'basic']);
    await client.close();
  });

  test('the same with one client id for all', async () => {
    const walk = watch();
    const client = await sdk.connect(new URL(fixed.url + path), login(fixed), walk);
    expect(await client.call('echo', { text: 'fixed' })).toBe('fixed');
    expect(count(walk, 'POST /oauth/token')).toBe(1);
    await client.close();
  });
});

test('the token is for the one resource that the client named', async () => {
  const walk = watch();
  const got: string[] = [];
  const plain = walk.fetch;
  walk.fetch = async (input, init) => {
    const response = await plain(input, init);
    if (String(input).endsWith('/oauth/token'))
      got.push(((await response.clone().json()) as { access_token: string }).access_token);
    return response;
  };
  const client = await sdk1.connect(new URL(`${named.url}/v1/mcp`), login(named), walk);
  await client.close();
  const { iss, sub, aud, client_id: id, key, exp, iat } = claimsOf(got[0] as string);
  expect([iss, sub, id, key]).toEqual([`${named.url}/bridge`, name, name, keyOf(name).fingerprint]);
  expect([aud].flat()).toEqual([`${named.url}/v1/mcp`]);
  expect(Number(exp) - Number(iat)).toBe(3600);
  const headers = {
    authorization: `Bearer ${got[0]}`,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
  };
  const ping = { method: 'POST', headers, body: '{"jsonrpc":"2.0","id":1,"method":"ping"}' };
  expect((await fetch(`${named.url}/v1/mcp`, ping)).status).not.toBe(401);
  expect((await fetch(`${named.url}/v2/mcp`, ping)).status).toBe(401);
});

const both: [string, Sdk][] = [
  ['SDK 1.x', sdk1],
  ['SDK 2.x, 2026-07-28', sdk2(PINNED)],
  ['SDK 2.x, 2025-11-25', sdk2('legacy')],
];

describe.each(both)('%s gives up after a bounded number of requests', (_title, sdk) => {
  // SDK 2.x warns of each second attempt.
  beforeEach(() => void vi.spyOn(console, 'warn').mockImplementation(() => {}));
  afterEach(() => void vi.restoreAllMocks());

  const connects = (change: Partial<Login>, walk: Walk, gateway = named): Promise<unknown> =>
    sdk.connect(new URL(`${gateway.url}/v2/mcp`), { ...login(gateway), ...change }, walk).then(
      () => 'connected',
      (error: unknown) => error,
    );

  const wrong: [string, () => Partial<Login>][] = [
    ['a wrong secret', () => ({ secret: makeKey('sk_live_').key })],
    ['an unknown client id with a wrong secret', () => ({ id: 'nobody', secret: makeKey().key })],
    ['an unknown client id with a right secret', () => ({ id: 'nobody' })],
    ['a secret that is empty but for a space', () => ({ secret: ' ' })],
  ];
  test.each(wrong)('%s', async (_name, change) => {
    for (const by of ['basic', 'post'] as const) {
      const walk = watch();
      const error = await connects({ ...change(), by }, walk);
      expect(error).toBeInstanceOf(Error);
      expect((error as Error).message).toBe('Client authentication failed');
      // Both SDKs try invalid_client once more.
      expect(count(walk, 'POST /oauth/token 401')).toBeLessThanOrEqual(2);
      expect(count(walk, 'POST /oauth/token')).toBe(count(walk, 'POST /oauth/token 401'));
      expect(walk.lines.length).toBeLessThanOrEqual(7);
    }
  });

  test('a scope that the key lacks', async () => {
    const walk = watch();
    const client = await sdk.connect(new URL(`${named.url}/v2/mcp`), login(named), walk);
    expect(await client.call('echo', { text: 'before' })).toBe('before');
    const start = walk.lines.length;
    const error = await client.call('big', { bytes: 10 }).then(String, (cause: Error) => cause);
    expect(error).toBeInstanceOf(Error);
    expect((error as Error).message).toMatch(/403|scope|forbidden/i);
    // Without the attempt to open the GET stream, which may come late.
    const after = walk.lines.slice(start).filter((line) => !line.startsWith('GET /v2/mcp'));
    expect(after.filter((line) => line === 'POST /v2/mcp 403').length).toBe(2);
    expect(after.filter((line) => line === 'POST /oauth/token 200').length).toBe(1);
    expect(after.length).toBeLessThanOrEqual(5);
    // SDK 2.x asks for the scope, and gets the scopes of the key. SDK 1.x asks for its own only.
    expect([null, 'files:read files:write']).toContain(walk.forms.at(-1)?.get('scope'));
    expect(await client.call('echo', { text: 'after' })).toBe('after');
    await client.close();
  });

  test('a scope of its own that no key has is not an error', async () => {
    const walk = watch();
    const client = await sdk.connect(new URL(`${named.url}/v2/mcp`), { ...login(named), scope: 'anything:else' }, walk);
    expect(await client.call('echo', { text: 'hello' })).toBe('hello');
    await client.close();
  });

  test('more than ten grants a minute', async () => {
    const errors: unknown[] = [];
    for (let i = 0; i < 12; i++) {
      const walk = watch();
      const client = await sdk.connect(new URL(`${named.url}/v2/mcp`), login(named), walk).catch((error: unknown) => error);
      if (client instanceof Error) {
        errors.push(client);
        expect([i, count(walk, 'POST /oauth/token 429')]).toEqual([i, 1]);
      } else await (client as { close(): Promise<void> }).close();
    }
    expect(errors).toHaveLength(2);
  });
});

test('A-42: the upstream got its own credential from each caller, and never a token or a key', () => {
  expect(v1.seen.length + v2.seen.length).toBeGreaterThan(30);
  for (const { headers, target } of [...v1.seen, ...v2.seen]) {
    expect(headers.authorization).toBe(UPSTREAM_TOKEN);
    const { authorization: _, ...rest } = headers;
    expect(JSON.stringify([rest, target])).not.toMatch(/bearer|sk_live_|eyJ/i);
  }
});
