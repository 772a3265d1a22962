// The table of the states of an issuer's keys and the kinds of tokens: each row over real HTTP, on
// a clock that the test moves. P: bad even without keys, K+: known key, K-: forged under its kid,
// F: a key that a rotation publishes, U: a key that is never published, N: without a kid.
import { describe, expect, test } from 'vitest';
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
  stale,
  start,
  stopKeyWorlds,
  UNKNOWN,
} from '../../support/key-states.js';
import { KEYS, type KeyWorld, type TokenKind } from '../../support/key-world.js';

stopKeyWorlds();

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
    row: '6: fresh, no refetch left, a token that may be newer than the set: 503 (C-65, C-66)',
    async arrange(world) {
      await loaded(world);
      await spendBucket(world);
      rotate(world);
      world.clock.advance(29_000);
    },
    cells: { P: [BAD, 0], 'K+': ['ok', 0], 'K-': [FORGED, 0], F: [LIMITED, 0], U: [LIMITED, 0], N: ['ok', 0] },
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
    row: '13: after a rotation that removed the kid (C-68): one refetch, as for any unknown key',
    async arrange(world) {
      await loaded(world);
      world.issuer.rotate({ key: KEYS.fresh });
      expect(await world.send('F')).toBe('ok');
    },
    cells: { P: [BAD, 0], 'K+': [UNKNOWN, 1], 'K-': [UNKNOWN, 1], F: ['ok', 0], U: [UNKNOWN, 1], N: [FORGED, 1] },
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
