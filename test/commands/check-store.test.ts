// `portcullis check` names a store of the limits that is away, and whose fault it is.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { ownPort } from '../fixtures/ports.js';
import { redisVersion, startRedis } from '../fixtures/redis.js';
import { type CheckScene, findingOf, startCheckScene } from './check-scene.js';

let scene: CheckScene;
beforeAll(async () => {
  scene = await startCheckScene();
});
beforeEach(() => scene.reset());
afterAll(() => scene.stop());

test.each([
  ['local', 0, /warn .*ECONNREFUSED.*, so each process counts alone/],
  ['reject', 1, /FAIL .*ECONNREFUSED.*, so calls get 503/],
])('onStoreDown: %s', async (onStoreDown, code, observed) => {
  const store = `redis://127.0.0.1:${await ownPort()}`;
  const limits = { store, onStoreDown };
  const checked = await scene.check(await scene.config({}, {}, { limits }));
  expect(findingOf(checked, 'connection')).toMatch(observed);
  expect(findingOf(checked, 'connection')).toContain('fix: start the server, or correct host and port');
  expect(checked.code).toBe(code);
});

test.runIf(redisVersion() !== null)('a real store: one that answers, and one that wants a password', async () => {
  const redis = await startRedis();
  const limits = { store: `redis://127.0.0.1:${redis.port}` };
  const good = await scene.check(await scene.config({}, {}, { limits }));
  expect(good.output).toContain('ok    limits.store: connection: accepts the gateway');
  await redis.ask('CONFIG SET requirepass another');
  const bad = await scene.check(await scene.config({}, {}, { limits }));
  await redis.kill();
  expect(findingOf(bad, 'connection')).toMatch(/NOAUTH[\s\S]*fix: correct user and password in the URL of limits\.store/);
});
