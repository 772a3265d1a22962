// Unknown kids: the bucket of refetches, and a fetch that another token caused.
import { describe, expect, test } from 'vitest';
import { testClock } from '../../support/clock.js';
import { testKeys } from '../../support/keys.js';
import { reasonOf } from '../../support/kinds.js';
import { fresh, loaded, MINUTE, old, SECOND } from '../../support/loaded-keys.js';

describe('the bucket of refetches for unknown kids (C-65)', () => {
  test('holds two; then an old token is rejected, and a newer one gets 503', async () => {
    const { clock, keys, find } = await loaded();
    clock.advance(SECOND);
    expect([await find('a'), await find('b')]).toEqual(['token.key_unknown', 'token.key_unknown']);
    expect(keys.loads).toBe(3);
    clock.advance(SECOND);
    expect(await find('c', 10)).toBe('token.key_unknown');
    expect(await find('c', 0)).toBe('keys.refetch_limited');
    // Without iat nothing proves that the token is older than the set.
    expect(reasonOf(await keys.source.find('c', undefined))).toBe('keys.refetch_limited');
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

describe('an empty bucket and a token of a key that was just rotated (C-65, C-66)', () => {
  /** The result for a key published just after the last fetch. The issuer's clock is late. */
  async function rotated(lateSeconds: number, clockToleranceSeconds: number, ageMs = 0): Promise<string> {
    const clock = testClock(1_800_000_000_900);
    const keys = testKeys(clock, { published: [old], clockToleranceSeconds });
    const find = async (kid: string, iat?: number) => reasonOf(await keys.source.find(kid, iat));
    expect([await find('old'), await find('a'), await find('b'), keys.loads]).toEqual([
      'ok',
      'token.key_unknown',
      'token.key_unknown',
      3,
    ]);
    keys.published = [old, fresh];
    clock.advance(50);
    const iat = Math.floor((clock.wallMs() - ageMs) / 1000 - lateSeconds);
    const reason = await find('new', iat);
    expect(keys.loads).toBe(3);
    // The bucket regains a refetch, which finds the key.
    clock.advance(30 * SECOND);
    expect(await find('new', iat)).toBe('ok');
    return reason;
  }

  test.each([
    ['a whole-second iat, with exact clocks', 0, 0],
    ['a whole-second iat, with exact clocks and the default tolerance', 0, 30],
    ['a clock that is 5 s late', 5, 30],
    ['a clock that is 25 s late', 25, 30],
    ['a clock that is late by the whole tolerance', 30, 30],
  ])('%s: 503, never 401', async (_what, lateSeconds, toleranceSeconds) => {
    expect(await rotated(lateSeconds, toleranceSeconds)).toBe('keys.refetch_limited');
  });

  test.each([
    ['later than the tolerance', 32, 30],
    ['late without a tolerance', 2, 0],
  ])('a clock that is %s: the token is older than the set', async (_what, lateSeconds, toleranceSeconds) => {
    expect(await rotated(lateSeconds, toleranceSeconds)).toBe('token.key_unknown');
  });

  test('the reason is a warning that names the issuer as healthy, and the notices have no failure', async () => {
    const { keys, find } = await loaded();
    for (let i = 0; i < 50; i++) await find(`forged-${i}`);
    const result = await keys.source.find('forged', 1_800_000_000);
    expect(result).toMatchObject({
      ok: false,
      definition: { reason: 'keys.refetch_limited', blame: 'dependency', status: 503, level: 'warn' },
      retryAfterSeconds: 30,
    });
    expect(keys.notices).toEqual([]);
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
    const waiting = find(kid, -issuedAfterMs / SECOND);
    release();
    const reason = await waiting;
    expect(keys.loads).toBe(2);
    return reason;
  }

  test('decides nothing about a token that was issued after its start', async () => {
    expect(await joined(SECOND, 'old')).toBe('ok');
    expect(await joined(SECOND, 'unpublished')).toBe('keys.refetch_limited');
    // `iat` is a whole second: the token may be newer by almost a second.
    expect(await joined(-999, 'unpublished')).toBe('keys.refetch_limited');
    expect(await joined(-SECOND, 'unpublished')).toBe('token.key_unknown');
  });

  test('but a fetch for the token itself decides, even with a later iat', async () => {
    const { keys, find } = await loaded();
    expect(await find('unpublished', -25)).toBe('token.key_unknown');
    expect(keys.loads).toBe(2);
  });
});
