// An introspection endpoint that answers one request after another, 0.5 to 0.9 s each, as one that
// hashes the secret of the gateway at each request.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { modern } from '../fixtures/messages.js';
import { ENV_SECRET, type Scene, startScene } from '../fixtures/scene.js';

let scene: Scene;
afterEach(() => scene.stop());

async function started(settings: Record<string, unknown>): Promise<void> {
  const introspection = { clientId: 'gateway', clientSecret: ENV_SECRET, ...settings };
  scene = await startScene({ issuer: { introspection }, env: { SECRET: 's3cret' } });
  let turn = Promise.resolve();
  let count = 0;
  scene.issuer.introspect = async () => {
    count += 1;
    const milliseconds = 500 + 400 * (count % 2);
    turn = turn.then(() => sleep(milliseconds));
    await turn;
    return { active: true, sub: 'alice', aud: scene.resource, scope: 'files:read' };
  };
}

const callOf = async (i: number): Promise<number> =>
  (await scene.send(modern('tools/list', { token: `new-${i}` }), { label: `call ${i}`, ms: 30_000 })).status;

test.each([
  ['a longer timeoutMs', { timeoutMs: 15_000 }],
  ['one request at a time about new tokens', { timeoutMs: 15_000, maxConcurrentRequests: 2 }],
])('eight new good tokens at once pass with %s, and the breaker stays closed', async (_what, settings) => {
  await started(settings);
  expect(await Promise.all(Array.from({ length: 8 }, (_, i) => callOf(i)))).toEqual(Array(8).fill(200));
  expect(scene.gateway.logs().filter(({ event }) => event === 'introspection.down')).toEqual([]);
});

test('the default timeoutMs is too short for them', async () => {
  await started({});
  const statuses = await Promise.all(Array.from({ length: 8 }, (_, i) => callOf(i)));
  expect(new Set(statuses)).toEqual(new Set([200, 503]));
});
