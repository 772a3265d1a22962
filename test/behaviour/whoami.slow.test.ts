// 200 callers at once for half a minute: each answer is about its own caller, by identity JWT and
// by headers.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { ringKey } from '../fixtures/bridged.js';
import { modern } from '../fixtures/messages.js';
import type { GatewayProcess } from '../fixtures/process.js';
import { type Scene, startScene } from '../fixtures/scene.js';
import { whoami } from '../fixtures/whoami.js';

const CALLERS = 200;
const MS = 30_000;

let scene: Scene<GatewayProcess>;
afterEach(() => scene.stop());

test(`${CALLERS} callers for ${MS / 1000} seconds: each is its own at the upstream (A-43, E-07)`, async () => {
  scene = await startScene({
    process: true,
    endpoint: { scopes: [] },
    upstream: {
      credential: { kind: 'identity', audience: 'files-backend' },
      headers: { 'X-User': '{subject}', 'X-Tenant-Id': '{tenant}' },
    },
    root: { identity: { keys: ['${env:IDENTITY_KEY}'] } },
    env: { IDENTITY_KEY: ringKey('ES256').pem },
  });
  const { gateway, upstream } = scene;
  const server = whoami({ issuer: gateway.url, audience: 'files-backend' });
  upstream.answer(async (exchange) => {
    // Answers in another order than calls.
    await sleep(Math.random() * 40);
    await server.answer(exchange);
    upstream.requests.length = 0;
  });
  const end = performance.now() + MS;
  const wrong: unknown[] = [];
  let count = 0;

  async function caller(i: number): Promise<void> {
    // Pairs of callers share a name, and differ in their tenant.
    const [sub, tid] = [`user-${i >> 1}`, `tenant-${i & 1}`];
    const token = scene.token({ claims: { sub, tid }, ttl: 300 });
    const { headers = [], body } = modern('tools/list', { token });
    while (performance.now() < end) {
      const signal = AbortSignal.timeout(15_000);
      const answer = await fetch(`${gateway.url}/mcp`, { method: 'POST', headers, body: String(body), signal });
      const { result } = (await answer.json()) as { result?: Record<string, unknown> };
      count += 1;
      const isOwn = result?.sub === sub && result.user === sub && result.tenant === tid;
      if (!isOwn) wrong.push({ status: answer.status, sub, tid, result });
      await sleep(Math.random() * 200);
    }
  }

  await Promise.all(Array.from({ length: CALLERS }, (_, i) => caller(i)));
  expect([wrong, server.rejected]).toEqual([[], []]);
  expect(count).toBeGreaterThan(CALLERS * 20);
}, 90_000);
