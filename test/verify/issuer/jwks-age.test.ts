// The age of a key set (fresh, stale, expired), rotation, and the refetches for unknown kids.
import { describe, expect, test } from 'vitest';

import { jwksSchema } from '../../../src/config/schema/issuer.js';
import { rsaKey } from '../../fixtures/mint.js';
import { withDeadline } from '../../fixtures/wait.js';
import { testClock } from '../../support/clock.js';
import { testKeys } from '../../support/keys.js';
import { reasonOf } from '../../support/kinds.js';

const old = rsaKey({ kid: 'old' });
const fresh = rsaKey({ kid: 'new' });
const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** A source that has just loaded the key `old`. */
async function loaded(maxAgeSeconds: number | null = null, policy = jwksSchema.parse({})) {
  const clock = testClock(1_800_000_000_000);
  const keys = testKeys(clock, { published: [old], policy });
  keys.maxAgeSeconds = maxAgeSeconds;
  await keys.source.find('old', undefined);
  return {
    clock,
    keys,
    async find(kid: string, issuedSecondsAgo = 0): Promise<string> {
      const issuedAt = clock.wallMs() / 1000 - issuedSecondsAgo;
      return reasonOf(await withDeadline(`keys for ${kid}`, keys.source.find(kid, issuedAt), 1000));
    },
  };
}

test('the defaults are those of the documentation', () => {
  expect(jwksSchema.parse({})).toEqual({
    cacheSeconds: 600,
    staleIfErrorSeconds: 3600,
    unknownKidCooldownSeconds: 30,
    timeoutMs: 2000,
  });
});

describe('the early refresh (C-72, row 8)', () => {
  test('starts one load at 80 % of the fresh time, and no request waits for it', async () => {
    const { clock, keys, find } = await loaded();
    clock.advance(8 * MINUTE - 1);
    expect(await find('old')).toBe('ok');
    expect(keys.loads).toBe(1);
    keys.loadGate = new Promise(() => {});
    clock.advance(1);
    expect([await find('old'), await find('old'), keys.loads]).toEqual(['ok', 'ok', 2]);
    expect(keys.source.usableKeySet()).not.toBeNull();
    expect(keys.loads).toBe(2);
  });

  test('also starts when a cached token is looked up', async () => {
    const { clock, keys } = await loaded();
    clock.advance(8 * MINUTE);
    keys.source.usableKeySet();
    await keys.settled();
    expect(keys.loads).toBe(2);
    clock.advance(8 * MINUTE - 1);
    keys.source.usableKeySet();
    expect(keys.loads).toBe(2);
  });

  test('is joined by an unknown kid (row 8)', async () => {
    const { clock, keys, find } = await loaded();
    keys.published = [fresh];
    clock.advance(8 * MINUTE);
    expect(await find('new')).toBe('ok');
    expect(keys.loads).toBe(2);
  });

  test.each([
    [null, 600],
    [120, 120],
    [0, 60],
    [5, 60],
    [3600, 3600],
    [1e9, 86_400],
  ])('max-age %s keeps the set fresh for %d s: 1 minute to 24 hours (C-69)', async (maxAge, seconds) => {
    const { clock, keys } = await loaded(maxAge);
    clock.advance(seconds * 0.8 * SECOND - 1);
    keys.source.usableKeySet();
    expect(keys.loads).toBe(1);
    clock.advance(1);
    keys.source.usableKeySet();
    expect(keys.loads).toBe(2);
  });
});

describe('while the issuer is down', () => {
  test('the last set is used for its fresh time and an hour more (rows 10 and 12, C-67)', async () => {
    const { clock, keys, find } = await loaded();
    keys.fails = 'status 500';
    clock.advance(70 * MINUTE - 1);
    expect(keys.source.usableKeySet()).not.toBeNull();
    expect(await find('old')).toBe('ok');
    clock.advance(1);
    expect(keys.source.usableKeySet()).toBeNull();
    expect(await find('old')).toBe('keys.unavailable');
    clock.advance(MINUTE);
    expect(await find('old')).toBe('keys.unavailable');
    keys.fails = null;
    clock.advance(MINUTE);
    expect(await find('old')).toBe('ok');
  });

  test.each([
    [0, 10 * MINUTE],
    [60, 11 * MINUTE],
  ])('with staleIfErrorSeconds %d it is used for %d ms', async (staleIfErrorSeconds, lifeMs) => {
    const { clock, keys, find } = await loaded(null, jwksSchema.parse({ staleIfErrorSeconds }));
    keys.fails = 'status 500';
    clock.advance(lifeMs - 1);
    expect(await find('old')).toBe('ok');
    clock.advance(1);
    expect(await find('old')).toBe('keys.unavailable');
  });

  test('loads follow the back-off, not the requests (row 10, C-65)', async () => {
    const { clock, keys, find } = await loaded();
    keys.fails = 'status 500';
    clock.advance(9 * MINUTE);
    for (let i = 0; i < 60; i++) {
      expect(await find('old')).toBe('ok');
      await keys.settled();
      clock.advance(SECOND);
    }
    // 1 s, 2 s, 4 s, 8 s, 16 s, then 30 s.
    expect(keys.loads - 1).toBe(6);
  });

  test('an unknown kid gets 503, and causes no load within the back-off (row 7)', async () => {
    const { keys, find } = await loaded();
    keys.fails = 'status 500';
    expect(await find('unpublished')).toBe('keys.unavailable');
    expect([await find('unpublished'), await find('unpublished', 9999), keys.loads]).toEqual([
      'keys.unavailable',
      'keys.unavailable',
      2,
    ]);
    expect(await find('old')).toBe('ok');
  });

  test('an empty set is a failure, and never replaces a good one (row 14, C-71)', async () => {
    const { clock, keys, find } = await loaded();
    keys.published = [];
    clock.advance(9 * MINUTE);
    expect(await find('old')).toBe('ok');
    await keys.settled();
    expect(keys.notices.at(-1)).toMatchObject({ event: 'keys.load_failed', detail: 'no usable key (empty set)', stale: true });
    expect(await find('old')).toBe('ok');
    clock.advance(62 * MINUTE);
    expect(await find('old')).toBe('keys.unavailable');
  });
});

describe('rotation', () => {
  test('one refetch finds a new kid, before the set is old (row 5, C-65)', async () => {
    const { clock, keys, find } = await loaded();
    keys.published = [fresh, old];
    clock.advance(SECOND);
    expect(await Promise.all(Array.from({ length: 50 }, () => find('new')))).toEqual(Array(50).fill('ok'));
    expect(keys.loads).toBe(2);
    expect(await find('old')).toBe('ok');
  });

  test('a removed kid is unknown after the next load (row 13, C-68)', async () => {
    const { clock, keys, find } = await loaded();
    keys.published = [fresh];
    clock.advance(8 * MINUTE - 1);
    expect(await find('old')).toBe('ok');
    clock.advance(1);
    expect(await find('old')).toBe('ok');
    await keys.settled();
    expect(await find('old', 600)).toBe('token.key_unknown');
    expect(await find('new')).toBe('ok');
  });
});

describe('the bucket of refetches for unknown kids (C-65)', () => {
  test('holds two; then an old token is rejected, and a newer one gets 503', async () => {
    const { clock, keys, find } = await loaded();
    clock.advance(SECOND);
    expect([await find('a'), await find('b')]).toEqual(['token.key_unknown', 'token.key_unknown']);
    expect(keys.loads).toBe(3);
    clock.advance(SECOND);
    expect(await find('c', 10)).toBe('token.key_unknown');
    expect(await find('c', 0)).toBe('keys.unavailable');
    expect(reasonOf(await keys.source.find('c', undefined))).toBe('token.key_unknown');
    expect(keys.loads).toBe(3);
  });

  test('regains one every 30 s, and never holds more than two', async () => {
    const { clock, keys, find } = await loaded();
    const spend = async (): Promise<number> => {
      const before = keys.loads;
      for (let i = 0; i < 5; i++) await find('unpublished');
      return keys.loads - before;
    };
    expect(await spend()).toBe(2);
    clock.advance(30 * SECOND - 1);
    expect(await spend()).toBe(0);
    clock.advance(1);
    expect(await spend()).toBe(1);
    clock.advance(45 * SECOND);
    expect(await spend()).toBe(1);
    clock.advance(15 * SECOND);
    expect(await spend()).toBe(1);
    clock.advance(5 * MINUTE);
    expect(await spend()).toBe(2);
  });

  test('limits a flood of random kids to two fetches', async () => {
    const { keys, find } = await loaded();
    for (let i = 0; i < 1000; i++) await find(`random-${i}`);
    expect(keys.loads).toBe(3);
  });

  test('regains the refetch that failed', async () => {
    const { clock, keys, find } = await loaded();
    keys.fails = 'status 500';
    expect(await find('a')).toBe('keys.unavailable');
    keys.fails = null;
    clock.advance(SECOND);
    expect([await find('a'), await find('b'), keys.loads]).toEqual(['token.key_unknown', 'token.key_unknown', 4]);
  });

  test('is not used by loads and refreshes', async () => {
    const { clock, keys, find } = await loaded();
    for (let i = 0; i < 5; i++) {
      clock.advance(9 * MINUTE);
      keys.source.usableKeySet();
      await keys.settled();
    }
    expect(keys.loads).toBe(6);
    expect([await find('a'), await find('b'), keys.loads]).toEqual(['token.key_unknown', 'token.key_unknown', 8]);
  });
});

describe('a fetch that another token caused (C-66)', () => {
  /** Sends a token issued `issuedAfterMs` after the start of a refresh, which it joins. */
  async function joined(issuedAfterMs: number, kid: string): Promise<string> {
    const { clock, keys, find } = await loaded();
    clock.advance(9 * MINUTE);
    let release = (): void => {};
    keys.loadGate = new Promise((resolve) => {
      release = resolve;
    });
    expect(await find('old')).toBe('ok');
    clock.advance(issuedAfterMs);
    const waiting = find(kid);
    release();
    const reason = await waiting;
    expect(keys.loads).toBe(2);
    return reason;
  }

  test('decides nothing about a token that was issued after its start', async () => {
    expect(await joined(SECOND, 'old')).toBe('ok');
    expect(await joined(SECOND, 'unpublished')).toBe('keys.unavailable');
    expect(await joined(0, 'unpublished')).toBe('token.key_unknown');
  });

  test('but a fetch for the token itself decides, even with a later iat', async () => {
    const { keys, find } = await loaded();
    expect(await find('unpublished', -25)).toBe('token.key_unknown');
    expect(keys.loads).toBe(2);
  });
});

test('ages follow the monotonic clock (E-13)', async () => {
  const { clock, keys, find } = await loaded();
  clock.setWall(clock.wallMs() + 365 * 24 * 60 * MINUTE);
  expect([await find('old'), keys.loads]).toEqual(['ok', 1]);
  clock.setWall(0);
  clock.advance(71 * MINUTE);
  keys.fails = 'status 500';
  expect(await find('old')).toBe('keys.unavailable');
});
