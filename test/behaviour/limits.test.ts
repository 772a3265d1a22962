// Limits of calls: 429 with the headers and data that clients need, the calls that no limit counts,
// and two tenants whose counts never meet.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { legacy, modern } from '../fixtures/messages.js';
import type { RawResponse } from '../fixtures/raw-client.js';
import { type Scene, startScene } from '../fixtures/scene.js';

const PER_MINUTE = { ratePerMinute: 3 };

type RpcError = { id?: unknown; error: { code: number; message: string; data: Record<string, unknown> } };
const rpcError = ({ body }: RawResponse): RpcError => JSON.parse(String(body)) as RpcError;

let scene: Scene;

beforeAll(async () => {
  scene = await startScene({
    endpoint: {
      limits: { perPrincipal: { ratePerMinute: 4 }, perTool: { 'export_*': { ratePerMinute: 2 } } },
      passThrough: [{ scheme: 'Old', upstreamVerifies: true, scopes: ['files:read'] }],
    },
    more: [
      { path: '/client', limits: { perClient: PER_MINUTE } },
      { path: '/all', limits: { perEndpoint: PER_MINUTE } },
      { path: '/other', limits: { perPrincipal: PER_MINUTE } },
      { path: '/fast', limits: { perPrincipal: { ratePerMinute: 60, burst: 1 } } },
    ],
  });
});
afterAll(() => scene.stop());

const tokenOf = (sub: string, path = '/mcp', claims: Record<string, unknown> = {}): string =>
  scene.token({ audience: scene.gateway.url + path, claims: { sub, ...claims } });

type Asked = { method?: string; path?: string; name?: string; id?: number | null };
async function call(token: string, { method = 'tools/list', path = '/mcp', name, id = 1 }: Asked = {}): Promise<RawResponse> {
  const params = name === undefined ? {} : { params: { name, arguments: {} } };
  return scene.send(modern(method, { token, path, id, ...params }));
}

/** The statuses of calls one after another. */
async function statuses(count: number, token: string, asked: Asked = {}): Promise<number[]> {
  const found: number[] = [];
  for (let i = 0; i < count; i++) found.push((await call(token, asked)).status);
  return found;
}

test('the call above the limit gets 429 with Retry-After, no-store and retryAfterMs (D-20, rate limits)', async () => {
  const token = tokenOf('first');
  expect(await statuses(4, token)).toEqual([200, 200, 200, 200]);
  const rejected = await call(token);
  expect(rejected.status).toBe(429);
  const seconds = Number(rejected.header('retry-after'));
  expect(seconds).toBeGreaterThan(50);
  expect(seconds).toBeLessThanOrEqual(60);
  expect(rejected.header('cache-control')).toBe('no-store');
  expect(rejected.header('www-authenticate')).toBeUndefined();
  const error = rpcError(rejected);
  expect(error).toMatchObject({ id: 1, error: { code: -31429, message: 'Too many requests' } });
  expect(Math.ceil((error.error.data.retryAfterMs as number) / 1000)).toBe(seconds);
  expect(await scene.logOf(rejected)).toMatchObject({ reason: 'rate.limited', detail: 'principal: 4 in 60 s' });
});

test('a legacy client gets the same 429', async () => {
  const token = tokenOf('legacy');
  expect(await statuses(4, token)).toEqual([200, 200, 200, 200]);
  const rejected = await scene.send(legacy('tools/list', { token }));
  expect(rejected.status).toBe(429);
  expect(rpcError(rejected).error.code).toBe(-31429);
});

test('allowed and rejected answers say what is left', async () => {
  const token = tokenOf('headers');
  const shown = (response: RawResponse): (string | undefined)[] =>
    ['limit', 'remaining', 'policy'].map((name) => response.header(`ratelimit-${name}`));
  expect(shown(await call(token))).toEqual(['4', '3', '4;w=60;comment="principal"']);
  const policies = '2;w=60;comment="tool", 4;w=60;comment="principal"';
  const tool = { method: 'tools/call', name: 'export_all' };
  expect(shown(await call(token, tool))).toEqual(['2', '1', policies]);
  expect(shown(await call(token, tool))).toEqual(['2', '0', policies]);
  const rejected = await call(token, tool);
  expect([rejected.status, ...shown(rejected)]).toEqual([429, '2', '0', '2;w=60;comment="tool"']);
  expect(Number(rejected.header('ratelimit-reset'))).toBe(Number(rejected.header('retry-after')));
  // The limit of the principal did not count the rejected call.
  expect(shown(await call(token))).toEqual(['4', '0', '4;w=60;comment="principal"']);
});

test('a browser can read the headers of a limit', async () => {
  const origin: [string, string] = ['Origin', scene.gateway.url];
  const response = await scene.send(modern('tools/list', { token: tokenOf('browser'), headers: [origin] }));
  expect(response.status).toBe(200);
  for (const name of ['Limit', 'Remaining', 'Reset', 'Policy'])
    expect(response.header('access-control-expose-headers')?.split(', ')).toContain(`RateLimit-${name}`);
});

describe('no limit counts (D-33, discovery without limits)', () => {
  test('handshakes, ping, notifications and answers of the client', async () => {
    const token = tokenOf('exempt');
    expect(await statuses(4, token)).toEqual([200, 200, 200, 200]);
    expect((await call(token)).status).toBe(429);
    for (const method of ['initialize', 'ping', 'notifications/initialized']) {
      const id = method.startsWith('notifications/') ? null : 1;
      const response = await scene.send(legacy(method, { token, id, params: { protocolVersion: '2025-11-25' } }));
      expect([method, response.status < 300]).toEqual([method, true]);
    }
    expect((await call(token, { method: 'server/discover' })).status).toBe(200);
    const answer = await scene.send(legacy('', { token, body: '{"jsonrpc":"2.0","id":7,"result":{}}' }));
    expect(answer.status).toBeLessThan(300);
    for (const method of ['GET', 'DELETE']) expect((await scene.send(legacy('', { method, token }))).status).not.toBe(429);
  });

  test('a call without an id counts', async () => {
    const token = tokenOf('without an id');
    expect(await statuses(4, token)).toEqual([200, 200, 200, 200]);
    expect((await call(token, { id: null })).status).toBe(429);
  });

  test('metadata', async () => {
    for (let i = 0; i < 6; i++) expect((await fetch(scene.metadataUrl)).status).toBe(200);
  });
});

test('each call of a batch counts, and a rejected batch counts for nothing', async () => {
  const token = tokenOf('batch');
  const body = (calls: number): string =>
    JSON.stringify(Array.from({ length: calls }, (_, i) => ({ jsonrpc: '2.0', id: i, method: 'tools/list' })));
  const batch = (calls: number): Promise<RawResponse> =>
    scene.send(legacy('', { token, body: body(calls), headers: [['MCP-Protocol-Version', '2025-03-26']] }));
  expect((await batch(3)).status).toBe(200);
  expect((await batch(2)).status).toBe(429);
  expect((await batch(1)).status).toBe(200);
  expect((await batch(1)).status).toBe(429);
});

test('a tool has a limit in each spelling, for each principal', async () => {
  const names = ['export_all', 'EXPORT_ALL', 'export_\u200ball'];
  const found: number[] = [];
  for (const name of names) {
    const headers: [string, string | null][] = [['Mcp-Name', `=?base64?${Buffer.from(name).toString('base64')}?=`]];
    const asked = { token: tokenOf('speller'), params: { name, arguments: {} }, headers };
    found.push((await scene.send(modern('tools/call', asked))).status);
  }
  expect(found).toEqual([200, 200, 429]);
  expect((await call(tokenOf('another'), { method: 'tools/call', name: 'export_all' })).status).toBe(200);
});

test('principals, clients, endpoints and pass-through credentials have counts of their own', async () => {
  expect(await statuses(5, tokenOf('one'))).toEqual([200, 200, 200, 200, 429]);
  expect(await statuses(1, tokenOf('two'))).toEqual([200]);
  // The same principal at another endpoint.
  expect(await statuses(4, tokenOf('one', '/other'), { path: '/other' })).toEqual([200, 200, 200, 429]);
  const old = (key: string) => scene.send(modern('tools/list', { headers: [['Authorization', `Old ${key}`]] }));
  for (let i = 0; i < 4; i++) expect((await old('a-long-old-key-1')).status).toBe(200);
  expect((await old('a-long-old-key-1')).status).toBe(429);
  expect((await old('a-long-old-key-2')).status).toBe(200);
});

test('a client has one count for all its users, and a caller without a client its own', async () => {
  const path = '/client';
  const users = ['u1', 'u2', 'u3', 'u4'].map((sub) => tokenOf(sub, path, { client_id: 'app' }));
  const found: number[] = [];
  for (const token of users) found.push((await call(token, { path })).status);
  expect(found).toEqual([200, 200, 200, 429]);
  expect(await statuses(1, tokenOf('u4', path, { client_id: 'app-2' }), { path })).toEqual([200]);
  expect(await statuses(4, tokenOf('u5', path, { client_id: undefined, azp: undefined }), { path })).toEqual([
    200, 200, 200, 429,
  ]);
});

test('an endpoint has one count for all callers', async () => {
  const path = '/all';
  const found: number[] = [];
  for (const sub of ['a', 'b', 'c', 'd']) found.push((await call(tokenOf(sub, path), { path })).status);
  expect(found).toEqual([200, 200, 200, 429]);
});

test('the caller passes again when Retry-After is over', async () => {
  const token = tokenOf('waits', '/fast');
  expect(await statuses(1, token, { path: '/fast' })).toEqual([200]);
  const rejected = await call(token, { path: '/fast' });
  expect([rejected.status, rejected.header('retry-after')]).toEqual([429, '1']);
  await new Promise((resolve) => setTimeout(resolve, 1000));
  expect(await statuses(1, token, { path: '/fast' })).toEqual([200]);
});

test('the metric has each rejection by endpoint and kind', async () => {
  const text = await scene.gateway.metrics();
  expect(text).toMatch(/portcullis_rate_limited_total\{endpoint="\/all",limit="endpoint"\} 1/);
  expect(text).toMatch(/portcullis_rate_limited_total\{endpoint="\/client",limit="client"\} 2/);
  expect(text).not.toContain('portcullis_limits_store_up{');
});
