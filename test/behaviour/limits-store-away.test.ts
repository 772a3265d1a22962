// A store of limits that is away from the start: nothing listens on its port.
import { afterEach, describe, expect, test } from 'vitest';
import { modern } from '../fixtures/messages.js';
import { ownPort } from '../fixtures/ports.js';
import { type Scene, startScene } from '../fixtures/scene.js';
import { until } from '../fixtures/wait.js';

const LIMITS = { perPrincipal: { ratePerMinute: 2 } };

let scene: Scene;
afterEach(() => scene.stop());

async function start(limits: Record<string, unknown>): Promise<void> {
  const store = `redis://127.0.0.1:${await ownPort()}`;
  scene = await startScene({ endpoint: { limits: LIMITS }, root: { limits: { store, ...limits } } });
}
const lines = (event: string) => scene.gateway.logs().filter((line) => line.event === event);
const isUp = async (): Promise<string | undefined> =>
  /^portcullis_limits_store_up (\d)$/m.exec(await scene.gateway.metrics())?.[1];

test('local (default): the gateway counts on its own, and one line says it', async () => {
  await start({});
  const token = scene.token();
  const found: number[] = [];
  for (let i = 0; i < 4; i++) found.push((await scene.send(modern('tools/list', { token }))).status);
  expect(found).toEqual([200, 200, 429, 429]);
  await until('a line', () => lines('limits.store_down').length > 0);
  expect(lines('limits.store_down')).toEqual([
    expect.objectContaining({ level: 'error', detail: expect.stringMatching(/ECONNREFUSED.*each process counts on its own$/) }),
  ]);
  expect(await isUp()).toBe('0');
});

describe('reject', () => {
  test('a call with a limit gets 503 with Retry-After; handshakes pass (limits.unavailable)', async () => {
    await start({ onStoreDown: 'reject' });
    const token = scene.token();
    const rejected = await scene.send(modern('tools/list', { token }));
    expect([rejected.status, rejected.header('retry-after')]).toEqual([503, '5']);
    expect(rejected.header('ratelimit-limit')).toBeUndefined();
    expect(await scene.logOf(rejected)).toMatchObject({ reason: 'limits.unavailable', level: 'warn' });
    expect((await scene.send(modern('server/discover', { token }))).status).toBe(200);
  });

  test('the process counts failed credentials on its own, so guesses stay limited', async () => {
    await start({ onStoreDown: 'reject', failedCredentials: { ratePerMinute: 2 } });
    const found: number[] = [];
    for (let i = 0; i < 4; i++) found.push((await scene.send(modern('tools/list', { token: 'a.b.c' }))).status);
    expect(found).toEqual([401, 401, 429, 429]);
    expect(await isUp()).toBe('0');
  });
});
