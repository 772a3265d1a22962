// The table of the states of an issuer's keys and the kinds of tokens: each row over real HTTP, on
// a clock that the test moves. P: bad even without keys, K+: known key, K-: forged under its kid,
// F: a key that a rotation publishes, U: a key that is never published, N: without a kid.
import { afterEach, describe, expect, test } from 'vitest';
import { ecKey } from '../../fixtures/mint.js';
import { until } from '../../fixtures/wait.js';
import { KEYS, type KeyWorld, startKeyWorld, type TokenKind, type WorldOptions } from '../../support/key-world.js';

const MINUTE = 60_000;
const BAD = 'token.expired';
const FORGED = 'token.signature';
const UNKNOWN = 'token.key_unknown';
const DOWN = 'keys.unavailable';
/** The age of a token that is older than every fetch. */
const OLD_SECONDS = 3_600;

const running: KeyWorld[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((world) => world.stop()));
});
async function start(options: WorldOptions = {}): Promise<KeyWorld> {
  const world = await startKeyWorld(options);
  running.push(world);
  return world;
}

const loaded = async (world: KeyWorld): Promise<void> => expect(await world.send('K+')).toBe('ok');
const rotate = (world: KeyWorld): void => void world.issuer.rotate({ key: KEYS.fresh, keepOld: true });
const spendBucket = async (world: KeyWorld): Promise<void> => {
  for (let i = 0; i < 2; i++) expect(await world.send('U')).toBe(UNKNOWN);
};
/** Loads the keys and makes them old; the next refresh fails. */
async function stale(world: KeyWorld, minutes: number): Promise<void> {
  await loaded(world);
  await world.issuer.setMode('500');
  world.clock.advance(minutes * MINUTE);
}

interface StateRow {
  readonly row: string;
  readonly arrange: (world: KeyWorld) => Promise<unknown>;
  /** For each kind of token, the result and the number of requests to the issuer. */
  readonly cells: Partial<Record<TokenKind, readonly [outcome: string, hits: number]>>;
  /** The age of the tokens. */
  readonly ageSeconds?: number;
}

const nothing = async (): Promise<void> => {};
const table: readonly StateRow[] = [
  {
    row: '1: never loaded, the fetch works (C-65)',
    arrange: nothing,
    cells: { P: [BAD, 0], 'K+': ['ok', 1], 'K-': [FORGED, 1], F: [UNKNOWN, 1], U: [UNKNOWN, 1], N: ['ok', 1] },
  },
  {
    row: '2: never loaded, the fetch fails (C-66)',
    arrange: (world) => world.issuer.setMode('500'),
    cells: { P: [BAD, 0], 'K+': [DOWN, 1], 'K-': [DOWN, 1], F: [DOWN, 1], U: [DOWN, 1], N: [DOWN, 1] },
  },
  {
    row: '3: never loaded, backing off (C-65)',
    async arrange(world) {
      await world.issuer.setMode('500');
      expect(await world.send('K+')).toBe(DOWN);
      await world.issuer.setMode('ok');
      world.clock.advance(999);
    },
    cells: { P: [BAD, 0], 'K+': [DOWN, 0], 'K-': [DOWN, 0], F: [DOWN, 0], U: [DOWN, 0], N: [DOWN, 0] },
  },
  {
    row: '5: fresh, with refetches left (C-65)',
    async arrange(world) {
      await loaded(world);
      rotate(world);
      world.clock.advance(MINUTE);
    },
    cells: { P: [BAD, 0], 'K+': ['ok', 0], 'K-': [FORGED, 0], F: ['ok', 1], U: [UNKNOWN, 1], N: ['ok', 0] },
  },
  {
    row: '6: fresh, no refetch left, a token older than the set (C-65)',
    async arrange(world) {
      await loaded(world);
      await spendBucket(world);
      rotate(world);
      world.clock.advance(29_000);
    },
    ageSeconds: OLD_SECONDS,
    cells: { P: [BAD, 0], 'K+': ['ok', 0], 'K-': [FORGED, 0], F: [UNKNOWN, 0], U: [UNKNOWN, 0], N: ['ok', 0] },
  },
  {
    row: '6: fresh, no refetch left, a token newer than the set: 503 (C-65, C-66)',
    async arrange(world) {
      await loaded(world);
      await spendBucket(world);
      rotate(world);
      world.clock.advance(29_000);
    },
    cells: { P: [BAD, 0], 'K+': ['ok', 0], 'K-': [FORGED, 0], F: [DOWN, 0], U: [DOWN, 0], N: ['ok', 0] },
  },
  {
    row: '6: fresh, one refetch regained',
    async arrange(world) {
      await loaded(world);
      await spendBucket(world);
      rotate(world);
      world.clock.advance(30_000);
    },
    cells: { F: ['ok', 1], U: [UNKNOWN, 1] },
  },
  {
    row: '7: fresh, the refetch fails (C-66)',
    async arrange(world) {
      await loaded(world);
      rotate(world);
      await world.issuer.setMode('500');
      world.clock.advance(MINUTE);
    },
    cells: { P: [BAD, 0], 'K+': ['ok', 0], 'K-': [FORGED, 0], F: [DOWN, 1], U: [DOWN, 1], N: ['ok', 0] },
  },
  {
    row: '7: fresh, backing off after that refetch (C-65)',
    async arrange(world) {
      await loaded(world);
      rotate(world);
      await world.issuer.setMode('500');
      expect(await world.send('U')).toBe(DOWN);
      await world.issuer.setMode('ok');
    },
    ageSeconds: OLD_SECONDS,
    cells: { P: [BAD, 0], 'K+': ['ok', 0], 'K-': [FORGED, 0], F: [DOWN, 0], U: [DOWN, 0], N: ['ok', 0] },
  },
  {
    row: '8: at 80 % of the fresh time: one refresh (C-72)',
    async arrange(world) {
      await loaded(world);
      rotate(world);
      world.clock.advance(8 * MINUTE);
    },
    cells: { P: [BAD, 0], 'K+': ['ok', 1], 'K-': [FORGED, 1], F: ['ok', 1], U: [UNKNOWN, 1] },
  },
  {
    row: '10: stale, the refresh fails (C-67)',
    arrange: (world) => stale(world, 69),
    cells: { P: [BAD, 0], 'K+': ['ok', 1], 'K-': [FORGED, 1], F: [DOWN, 1], U: [DOWN, 1], N: ['ok', 1] },
  },
  {
    row: '10: stale, backing off (C-65, C-67)',
    async arrange(world) {
      await stale(world, 69);
      expect(await world.send('U')).toBe(DOWN);
      await world.untilFetched(2);
    },
    ageSeconds: OLD_SECONDS,
    cells: { P: [BAD, 0], 'K+': ['ok', 0], 'K-': [FORGED, 0], F: [DOWN, 0], U: [DOWN, 0], N: ['ok', 0] },
  },
  {
    row: '11: expired, the fetch works (C-67)',
    async arrange(world) {
      await loaded(world);
      world.clock.advance(70 * MINUTE);
    },
    cells: { P: [BAD, 0], 'K+': ['ok', 1], 'K-': [FORGED, 1], F: [UNKNOWN, 1], U: [UNKNOWN, 1], N: ['ok', 1] },
  },
  {
    row: '12: expired, the fetch fails: the old key is not used (C-67)',
    arrange: (world) => stale(world, 70),
    cells: { P: [BAD, 0], 'K+': [DOWN, 1], 'K-': [DOWN, 1], F: [DOWN, 1], U: [DOWN, 1], N: [DOWN, 1] },
  },
  {
    row: '12: expired, backing off (C-65)',
    async arrange(world) {
      await stale(world, 70);
      expect(await world.send('K+')).toBe(DOWN);
      await world.issuer.setMode('ok');
      world.clock.advance(999);
    },
    cells: { P: [BAD, 0], 'K+': [DOWN, 0], 'K-': [DOWN, 0], F: [DOWN, 0], U: [DOWN, 0], N: [DOWN, 0] },
  },
  {
    row: '13: after a rotation that removed the kid (C-68): one refetch, as for any unknown kid',
    async arrange(world) {
      await loaded(world);
      world.issuer.rotate({ key: KEYS.fresh });
      expect(await world.send('F')).toBe('ok');
    },
    cells: { P: [BAD, 0], 'K+': [UNKNOWN, 1], 'K-': [UNKNOWN, 1], F: ['ok', 0], U: [UNKNOWN, 1], N: [FORGED, 0] },
  },
];

describe.each(table)('row $row', ({ arrange, cells, ageSeconds }) => {
  test.each(Object.entries(cells) as [TokenKind, readonly [string, number]][])('%s', async (kind, [outcome, hits]) => {
    const world = await start();
    await arrange(world);
    const before = world.issuer.hits.jwks;
    expect(await world.send(kind, ageSeconds)).toBe(outcome);
    await world.untilFetched(before + hits);
  });
});

test.each<TokenKind>(['K+', 'K-', 'F', 'U', 'N'])('row 4: never loaded, a fetch that hangs: %s gets 503 (C-70)', async (kind) => {
  const world = await start({ timeoutMs: 150 });
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
    const waiting = (['F', 'U', 'F'] as const).map((kind) => world.send(kind).finally(() => answered++));
    expect(await world.send('K+')).toBe('ok');
    await until('the refresh is in flight', () => world.issuer.hits.jwks === 2);
    expect(answered).toBe(0);
    release();
    expect(await Promise.all(waiting)).toEqual(['ok', UNKNOWN, 'ok']);
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

test('C-65: a thousand requests cause one fetch, without a set and with an expired one', async () => {
  const world = await start();
  const crowd = async (): Promise<Set<string>> =>
    new Set(await Promise.all(Array.from({ length: 1_000 }, () => world.send('K+'))));
  expect(await crowd()).toEqual(new Set(['ok']));
  expect(world.issuer.hits.jwks).toBe(1);
  world.clock.advance(70 * MINUTE);
  expect(await crowd()).toEqual(new Set(['ok']));
  expect(world.issuer.hits.jwks).toBe(2);
}, 20_000);

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
  ['the rest of the back-off', async (world: KeyWorld) => void (await world.issuer.setMode('500')), 1],
  ['the time until a refetch is regained', spendBucket, 29],
])('C-66: Retry-After is %s', async (_what, arrange, seconds) => {
  const world = await start();
  await loaded(world);
  await arrange(world);
  world.clock.advance(1_000);
  expect(await world.rejection('U')).toMatchObject({ definition: { reason: DOWN }, retryAfterSeconds: seconds });
});
