// One fetch of keys at a time: it hangs, a refresh runs, the set is unusable, or another issuer
// fails.
import { describe, expect, test } from 'vitest';
import { ecKey } from '../../fixtures/mint.js';
import { until } from '../../fixtures/wait.js';
import {
  BAD,
  DOWN,
  FORGED,
  LIMITED,
  loaded,
  MINUTE,
  OLD_SECONDS,
  rotate,
  spendBucket,
  start,
  stopKeyWorlds,
  UNKNOWN,
} from '../../support/key-states.js';
import { KEYS, type KeyWorld, type TokenKind } from '../../support/key-world.js';

stopKeyWorlds();

test.each<TokenKind>(['K+', 'K-', 'F', 'U', 'N'])('row 4: never loaded, a fetch that hangs: %s gets 503 (C-70)', async (kind) => {
  const world = await start({ timeoutMs: 500 });
  await world.issuer.setMode('hang');
  expect(await Promise.all([world.send(kind), world.send('P'), world.send(kind)])).toEqual([DOWN, BAD, DOWN]);
  expect(world.issuer.hits.jwks).toBe(1);
  await world.issuer.setMode('ok');
  world.clock.advance(1_000);
  await loaded(world);
});

describe.each([
  ['8: fresh, at 80 %', 8],
  ['9: stale', 30],
])('row %s, a refresh in flight', (_what, minutes) => {
  test('only tokens that need it wait for it (C-72)', async () => {
    const world = await start();
    await loaded(world);
    rotate(world);
    world.clock.advance(minutes * MINUTE);
    const release = world.hold();
    expect([await world.send('K+'), await world.send('K-'), await world.send('N'), await world.send('P')]).toEqual([
      'ok',
      FORGED,
      'ok',
      BAD,
    ]);
    let answered = 0;
    const kinds = [['F'], ['U', OLD_SECONDS], ['U'], ['F']] as const;
    const waiting = kinds.map(([kind, age]) => world.send(kind, age).finally(() => answered++));
    expect(await world.send('K+')).toBe('ok');
    await until('the refresh is in flight', () => world.issuer.hits.jwks === 2);
    expect(answered).toBe(0);
    release();
    expect(await Promise.all(waiting)).toEqual(['ok', UNKNOWN, LIMITED, 'ok']);
    expect(world.issuer.hits.jwks).toBe(2);
    // A refresh uses no refetch: two are left.
    await spendBucket(world);
    expect(world.issuer.hits.jwks).toBe(4);
  });
});

describe('row 14: a key set without a usable key is a failure (C-71)', () => {
  const encryption = { ...KEYS.old.jwk, use: 'enc' };
  const documents: [string, object[]][] = [
    ['no key', []],
    ['a key for another algorithm', [ecKey({ kid: 'old' }).jwk]],
    ['a key for encryption', [encryption]],
  ];
  test.each(documents)('%s: the last good set is used until it expires (rows 9 to 12)', async (_what, published) => {
    const world = await start();
    await loaded(world);
    world.issuer.published = published as Record<string, unknown>[];
    world.clock.advance(69 * MINUTE);
    expect([await world.send('K+'), await world.send('U')]).toEqual(['ok', DOWN]);
    world.clock.advance(MINUTE);
    expect(await world.send('K+')).toBe(DOWN);
  });

  test.each(documents)('%s: without a good set before, as in row 2', async (_what, published) => {
    const world = await start();
    world.issuer.published = published as Record<string, unknown>[];
    expect([await world.send('K+'), await world.send('U'), await world.send('P')]).toEqual([DOWN, DOWN, BAD]);
    expect(world.issuer.hits.jwks).toBe(1);
    world.issuer.published = undefined;
    world.clock.advance(1_000);
    await loaded(world);
  });
});

test('C-73: an issuer that hangs or fails does not affect another issuer', async () => {
  const slow = await start();
  const other = await start({ clock: slow.clock });
  const release = slow.hold();
  const waiting = slow.send('K+');
  await until('the slow issuer has a request', () => slow.issuer.hits.jwks === 1);
  await loaded(other);
  release();
  expect(await waiting).toBe('ok');
  await slow.issuer.setMode('500');
  expect(await slow.send('U')).toBe(DOWN);
  rotate(other);
  expect([await other.send('F'), await other.send('U'), other.issuer.hits.jwks]).toEqual(['ok', UNKNOWN, 3]);
  expect(await slow.send('U')).toBe(DOWN);
});

test.each([
  ['the rest of the back-off', async (world: KeyWorld) => void (await world.issuer.setMode('500')), DOWN, 1],
  ['the time until a refetch is regained', spendBucket, LIMITED, 29],
])('C-66: Retry-After is %s', async (_what, arrange, reason, seconds) => {
  const world = await start();
  await loaded(world);
  await arrange(world);
  world.clock.advance(1_000);
  expect(await world.rejection('U')).toMatchObject({ definition: { reason }, retryAfterSeconds: seconds });
});
