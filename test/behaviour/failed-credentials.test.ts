// Failed credentials of one client address: above the limit the gateway verifies nothing unknown,
// and callers that it knows still pass.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { modern } from '../fixtures/messages.js';
import type { RawResponse } from '../fixtures/raw-client.js';
import { ENV_SECRET, type Scene, startScene } from '../fixtures/scene.js';
import { active } from '../support/introspecting.js';
import { ENTRY_A, KEY_A } from '../support/reload-scene.js';

const LIMIT = { failedCredentials: { ratePerMinute: 3 } };
const FIRST = '203.0.113.7';
const SECOND = '203.0.113.8';

let scene: Scene;
afterEach(() => scene.stop());

const start = async (more: Record<string, unknown> = {}, issuer = {}): Promise<void> => {
  scene = await startScene({
    issuer,
    endpoint: { apiKeys: [{ header: 'X-Api-Key' }] },
    root: { limits: LIMIT, trustedProxies: ['127.0.0.1'], apiKeys: { 'partner-a': ENTRY_A }, ...more },
  });
};
const send = (from: string, ...lines: [string, string][]): Promise<RawResponse> =>
  scene.send(modern('tools/list', { headers: [['X-Forwarded-For', from], ...lines] }));
const withToken = (from: string, token: string): Promise<RawResponse> => send(from, ['Authorization', `Bearer ${token}`]);
const withKey = (from: string, key: string): Promise<RawResponse> => send(from, ['X-Api-Key', key]);
const forged = (i: number): string => `${scene.token({ claims: { sub: `forged ${i}` } }).slice(0, -8)}AAAAAAAA`;

test('bad signatures: 429 after the limit, for new tokens of that address only', async () => {
  await start();
  const cached = scene.token({ claims: { sub: 'cached' } });
  expect((await withToken(FIRST, cached)).status).toBe(200);
  const found: number[] = [];
  for (let i = 0; i < 4; i++) found.push((await withToken(FIRST, forged(i))).status);
  expect(found).toEqual([401, 401, 401, 429]);
  const rejected = await withToken(FIRST, scene.token({ claims: { sub: 'new' } }));
  expect([rejected.status, rejected.header('www-authenticate')]).toEqual([429, undefined]);
  expect(Number(rejected.header('retry-after'))).toBeGreaterThan(30);
  expect(await scene.logOf(rejected)).toMatchObject({ reason: 'rate.limited', clientAddress: FIRST });
  // Thousands of callers share the address of a hosted client.
  expect((await withToken(FIRST, cached)).status).toBe(200);
  expect((await withKey(FIRST, KEY_A)).status).toBe(200);
  expect((await withToken(SECOND, scene.token({ claims: { sub: 'new' } }))).status).toBe(200);
  expect(await scene.gateway.metrics()).toMatch(/rate_limited_total\{endpoint="all",limit="failed_credentials"\} 2/);
});

test('API keys: a wrong one gets 429, a good one passes', async () => {
  await start();
  const found: number[] = [];
  for (let i = 0; i < 5; i++) found.push((await withKey(FIRST, `ka_AWrongKeyThatNobodyHas${i}`)).status);
  expect(found).toEqual([401, 401, 401, 429, 429]);
  expect((await withKey(FIRST, KEY_A)).status).toBe(200);
});

test('requests without a credential, and expired tokens, do not count', async () => {
  await start();
  const expired = scene.token({ claims: { exp: Math.floor(Date.now() / 1000) - 3600 } });
  for (let i = 0; i < 5; i++) expect((await withToken(FIRST, expired)).status).toBe(401);
  for (let i = 0; i < 5; i++) expect((await send(FIRST)).status).toBe(401);
  expect((await withToken(FIRST, scene.token())).status).toBe(200);
});

test('opaque tokens: known ones pass, and unknown ones cost the issuer no request', async () => {
  const introspection = { clientId: 'gateway', clientSecret: ENV_SECRET, activeCacheSeconds: 1 };
  scene = await startScene({
    issuer: { introspection },
    root: { limits: LIMIT, trustedProxies: ['127.0.0.1'] },
    env: { SECRET: 'a-secret-of-the-client' },
  });
  const asked: (string | null)[] = [];
  scene.issuer.introspect = (form) => {
    asked.push(form.get('token'));
    return { ...active(), active: form.get('token')?.startsWith('good') === true, aud: scene.resource };
  };
  expect((await withToken(FIRST, 'good-1')).status).toBe(200);
  for (let i = 0; i < 3; i++) expect((await withToken(FIRST, `bad-${i}`)).status).toBe(401);
  expect((await withToken(FIRST, 'bad-3')).status).toBe(429);
  expect((await withToken(FIRST, 'good-2')).status).toBe(429);
  expect((await withToken(SECOND, 'good-2')).status).toBe(200);
  // Known for ten minutes, also where the gateway has to ask again.
  await sleep(1100);
  expect((await withToken(FIRST, 'good-1')).status).toBe(200);
  expect(asked).toEqual(['good-1', 'bad-0', 'bad-1', 'bad-2', 'good-2', 'good-1']);
});
