// `/` and `/status` of a real gateway: they show what happened, and no secret.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { GatewayStatus } from '../../src/core/status.js';
import { output } from '../fixtures/ledger.js';
import { modern } from '../fixtures/messages.js';
import { rawRequest } from '../fixtures/raw-client.js';
import { answers } from '../fixtures/raw-upstream.js';
import { ENV_SECRET, type Scene, startScene } from '../fixtures/scene.js';
import { until } from '../fixtures/wait.js';
import { KEY_A } from '../support/reload-scene.js';

const SECRET = 'introspection-secret-52cd';
const TOOLS = { default: 'allow', rules: [{ tool: 'drop_*', deny: true }] };

let scene: Scene;
beforeAll(async () => {
  scene = await startScene({
    issuer: { introspection: { clientId: 'gateway', clientSecret: ENV_SECRET } },
    endpoint: { apiKeys: [{ header: 'X-Api-Key' }], tools: TOOLS },
    upstream: { maxConcurrentRequests: 1 },
    more: [{ path: '/b/mcp', limits: { perPrincipal: { ratePerMinute: 600, burst: 100 } } }],
    root: { apiKeys: { partner: { sha256: 'ab'.repeat(32), scopes: ['files:read'], sunset: '2099-01-01' } } },
    env: { SECRET },
  });
});
afterAll(() => scene.stop());

async function read(path: string): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${scene.gateway.adminPort}${path}`, { signal: AbortSignal.timeout(5000) });
  const text = await response.text();
  output('metrics', `the gateway on port ${scene.gateway.port}`, text);
  return text;
}
const status = async (): Promise<GatewayStatus> => JSON.parse(await read('/status')) as GatewayStatus;
const endpoint = async (name: string) => (await status()).endpoints.find((one) => one.name === name);

test('the state after the start', async () => {
  await scene.passes();
  const { config, endpoints, issuers, apiKeys, ready, processes, stores } = await status();
  expect({ ready, processes, stores, apiKeys }).toEqual({
    ready: true,
    processes: 1,
    stores: [],
    apiKeys: { count: 1, nextSunset: '2099-01-01T00:00:00.000Z' },
  });
  expect(config.generation).toBe(1);
  expect(config.reloads.map(({ part, at }) => [part, at])).toEqual([
    ['config', null],
    ['api_keys', null],
  ]);
  expect(endpoints.map((one) => [one.name, one.resources, one.upstream, one.limit, one.limits])).toEqual([
    ['/mcp', [scene.resource], scene.upstream.url, 1, []],
    ['/b/mcp', [`${scene.gateway.url}/b/mcp`], scene.upstream.url, 256, ['100 calls in 10 s for each principal']],
  ]);
  expect(issuers).toMatchObject([
    { issuer: scene.issuer.issuer, up: true, keys: 1, introspectionUp: true, lastError: null, usesKeys: true },
  ]);
});

test('counts requests, refusals and errors, each with the action against it', async () => {
  const before = await endpoint('/mcp');
  await scene.passes();
  const call = (name: string) => modern('tools/call', { token: scene.token(), params: { name } });
  const denied = await scene.send(call('drop_table'));
  expect(denied.status).toBe(403);
  await scene.send(modern('tools/list', { token: scene.token({ audience: 'https://other.example/mcp' }) }));
  await scene.send(modern('tools/list', { headers: [['X-Api-Key', KEY_A]] }));
  scene.upstream.next(answers.hangUp());
  expect((await scene.send(call('read_file'))).status).toBe(502);
  await until('all are counted', async () => (await endpoint('/mcp'))?.requests === (before?.requests ?? 0) + 5);
  const after = await endpoint('/mcp');
  expect([after?.refused, after?.errors]).toEqual([(before?.refused ?? 0) + 3, (before?.errors ?? 0) + 1]);
  const { refusals } = await status();
  expect(refusals.map(({ reason }) => reason)).toEqual(['upstream.broken', 'key.unknown', 'audience.mismatch', 'tool.denied']);
  expect(refusals.at(-1)).toMatchObject({
    status: 403,
    endpoint: '/mcp',
    method: 'tools/call',
    name: 'drop_table',
    clientAddress: '127.0.0.1',
    requestId: denied.header('x-request-id'),
  });
  for (const { action } of refusals) expect(action).toMatch(/^[A-Z`].{10}/);
  const page = await read('/');
  for (const { reason, requestId } of refusals) for (const text of [reason, requestId]) expect(page).toContain(text);
});

test('an issuer that is down has the error in words, and keeps it after the recovery', async () => {
  scene.issuer.introspect = () => ({ active: 'maybe' });
  for (let i = 0; i < 6; i++) await scene.send(modern('tools/list', { token: `opaque-token-${i}-q7` }));
  const [down] = (await status()).issuers;
  expect(down).toMatchObject({ up: true, introspectionUp: false });
  expect(down?.lastError?.detail).toMatch(/active/);
  expect(await read('/')).toContain('introspection down');
});

test('a failed reload is shown with its problems, and the next good one too', async () => {
  const before = (await status()).config;
  await scene.gateway.reload('publicUrl: 7');
  const failed = (await status()).config;
  expect(failed.hash).toBe(before.hash);
  expect(failed.generation).toBe(1);
  const ofConfig = failed.reloads.find(({ part }) => part === 'config');
  expect(ofConfig).toMatchObject({ ok: false, failed: 1, lastSuccessAt: before.reloads[0]?.lastSuccessAt });
  expect(ofConfig?.problems).toContain('publicUrl');
  expect(await read('/')).toContain('The last reload of the configuration failed: ');
  await scene.gateway.reload();
  const after = (await status()).config;
  expect([after.generation, after.hash]).toEqual([2, before.hash]);
  expect(after.reloads.map(({ ok, problems }) => [ok, problems])).toEqual([
    [true, null],
    [true, null],
  ]);
});

test('no secret is in it, and another Host does not get it', async () => {
  const token = scene.token({ audience: 'https://other.example/mcp' });
  await scene.send(modern('tools/call', { token, params: { name: 'x' } }));
  await scene.send(modern('tools/call', { token: scene.token(), params: { name: `drop_${token}` } }));
  const text = (await read('/status')) + (await read('/'));
  expect(text).toContain('drop_[token]');
  for (const secret of [SECRET, ...token.split('.'), 'ab'.repeat(32), KEY_A]) expect(text).not.toContain(secret);
  for (const path of ['/', '/status']) {
    const ask = (host: string) =>
      rawRequest(scene.gateway.adminPort, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    expect((await ask('localhost')).status).toBe(200);
    expect((await ask('rebound.example')).status).toBe(403);
  }
});
