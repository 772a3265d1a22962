// A thousand requests at once for the keys of an issuer.
import { expect, test } from 'vitest';
import { MINUTE, start, stopKeyWorlds } from '../../support/key-states.js';

stopKeyWorlds();

test('C-65: a thousand requests cause one fetch, without a set and with an expired one', async () => {
  // A thousand tokens are signed while the fetch is under way.
  const world = await start({ timeoutMs: 15_000 });
  const crowd = async (): Promise<Set<string>> =>
    new Set(await Promise.all(Array.from({ length: 1_000 }, () => world.send('K+'))));
  expect(await crowd()).toEqual(new Set(['ok']));
  expect(world.issuer.hits.jwks).toBe(1);
  world.clock.advance(70 * MINUTE);
  expect(await crowd()).toEqual(new Set(['ok']));
  expect(world.issuer.hits.jwks).toBe(2);
}, 20_000);
