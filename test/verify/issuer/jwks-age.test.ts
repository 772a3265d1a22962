// The age of a key set (fresh, stale, expired), rotation, and the refetches for unknown kids.
import { describe, expect, test } from 'vitest';
import { jwksSchema } from '../../../src/config/schema/issuer.js';
import { fresh, loaded, MINUTE, old, SECOND } from '../../support/loaded-keys.js';

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
    expect(keys.notices.at(-1)).toMatchObject({
      event: 'keys.empty_set',
      level: 'error',
      detail: 'no usable key (empty set)',
      failures: 1,
      stale: true,
      staleSeconds: 61 * 60,
    });
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

test('ages follow the monotonic clock (E-13)', async () => {
  const { clock, keys, find } = await loaded();
  clock.setWall(clock.wallMs() + 365 * 24 * 60 * MINUTE);
  expect([await find('old'), keys.loads]).toEqual(['ok', 1]);
  clock.setWall(0);
  clock.advance(71 * MINUTE);
  keys.fails = 'status 500';
  expect(await find('old')).toBe('keys.unavailable');
});
