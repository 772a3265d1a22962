// When keys are fetched, kept and dropped, on a clock that the test moves (security table: state of
// the keys by kind of token).
import { describe, expect, test } from 'vitest';
import { rsaKey } from '../../fixtures/mint.js';
import { withDeadline } from '../../fixtures/wait.js';
import { testClock } from '../../support/clock.js';
import { type TestKeysOptions, testKeys } from '../../support/keys.js';
import { reasonOf } from '../../support/kinds.js';

const old = rsaKey({ kid: 'old' });
const fresh = rsaKey({ kid: 'new' });
const SECOND = 1000;
const MINUTE = 60 * SECOND;

function setting(options: TestKeysOptions = {}) {
  const clock = testClock(1_800_000_000_000);
  const keys = testKeys(clock, { published: [old], ...options });
  const nowSeconds = (): number => clock.wallMs() / 1000;
  return {
    clock,
    keys,
    /** `ok`, or the reason of the failure, for a kid in a token issued now or at the given time. */
    async find(kid: string | undefined, issuedAtSeconds: number | undefined = nowSeconds()): Promise<string> {
      return reasonOf(await withDeadline(`keys for ${kid}`, keys.source.find(kid, issuedAtSeconds), 1000));
    },
    nowSeconds,
  };
}

describe('never loaded', () => {
  test('one load serves a hundred requests, and a later one needs none (rows 1 and 5)', async () => {
    const { keys, find } = setting();
    expect(await Promise.all(Array.from({ length: 100 }, () => find('old')))).toEqual(Array(100).fill('ok'));
    expect(await find('old')).toBe('ok');
    expect(keys.loads).toBe(1);
  });

  test('the set just fetched decides about an unknown kid (row 1)', async () => {
    const { keys, find } = setting();
    expect(await find('unpublished')).toBe('token.key_unknown');
    expect(keys.loads).toBe(1);
  });

  test('a failed load gives 503 to all requests that wait, once (row 2, C-66)', async () => {
    const { keys, find } = setting();
    keys.fails = 'status 500';
    expect(await Promise.all(Array.from({ length: 20 }, (_, i) => find(i % 2 ? 'old' : undefined)))).toEqual(
      Array(20).fill('keys.unavailable'),
    );
    expect(keys.loads).toBe(1);
    keys.fails = null;
    expect(await find('old')).toBe('keys.unavailable');
    expect(keys.loads).toBe(1);
  });

  test('preload() loads once in the background, and hasAttemptedLoad() reports it (F-04)', async () => {
    const { keys, find } = setting();
    expect(keys.source.hasAttemptedLoad()).toBe(false);
    keys.source.preload();
    keys.source.preload();
    expect(keys.source.hasAttemptedLoad()).toBe(false);
    await keys.settled();
    expect([keys.source.hasAttemptedLoad(), await find('old'), keys.loads]).toEqual([true, 'ok', 1]);
    keys.source.preload();
    expect(keys.loads).toBe(1);
    const down = setting();
    down.keys.fails = 'no';
    down.keys.source.preload();
    await down.keys.settled();
    expect(down.keys.source.hasAttemptedLoad()).toBe(true);
  });

  test('no set is usable before the first load, and usableKeySet() starts none', () => {
    const { keys } = setting();
    expect(keys.source.usableKeySet()).toBeNull();
    expect(keys.loads).toBe(0);
  });
});

describe('back-off (C-65, row 3)', () => {
  test.each([
    [0, [0.5, 1, 2, 4, 8, 15, 15]],
    [0.5, [0.75, 1.5, 3, 6, 12, 22.5, 22.5]],
    [1, [1, 2, 4, 8, 16, 30, 30]],
  ])('doubles from 1 s to 30 s, without loads within it; jitter is from half to all of it: %s', async (random, expected) => {
    const { keys, find, clock } = setting({ random: () => random });
    keys.fails = 'status 500';
    for (const seconds of expected) {
      const before = keys.loads;
      await find('old');
      expect(keys.loads).toBe(before + 1);
      clock.advance(seconds * SECOND - 1);
      await find('old');
      expect(keys.loads).toBe(before + 1);
      clock.advance(1);
    }
  });

  test('starts again at 1 s after a success', async () => {
    const { keys, find, clock } = setting();
    keys.fails = 'status 500';
    await find('old');
    clock.advance(SECOND);
    await find('old');
    keys.fails = null;
    clock.advance(2 * SECOND);
    expect(await find('old')).toBe('ok');
    keys.fails = 'status 500';
    clock.advance(100 * MINUTE);
    expect(await find('old')).toBe('keys.unavailable');
    clock.advance(SECOND);
    keys.fails = null;
    expect(await find('old')).toBe('ok');
  });

  test.each([
    [20, 20],
    [9999, 30],
    [0, 1],
  ])('follows Retry-After: %d s become %d', async (retryAfterSeconds, seconds) => {
    const { keys, find, clock } = setting();
    keys.fails = 'status 429';
    keys.retryAfterSeconds = retryAfterSeconds;
    await find('old');
    keys.fails = null;
    clock.advance(seconds * SECOND - 1);
    expect(await find('old')).toBe('keys.unavailable');
    clock.advance(1);
    expect(await find('old')).toBe('ok');
  });

  test('gives its rest as Retry-After', async () => {
    const { keys, clock } = setting();
    keys.fails = 'status 500';
    keys.retryAfterSeconds = 20;
    await keys.source.find('old', undefined);
    clock.advance(5 * SECOND);
    expect(await keys.source.find('old', undefined)).toMatchObject({ ok: false, retryAfterSeconds: 15 });
  });
});

describe('endBackoff()', () => {
  test('lets the next request load at once, and no more than that', async () => {
    const { keys, find } = setting();
    keys.fails = 'status 500';
    for (let i = 0; i < 3; i++) {
      keys.source.endBackoff();
      expect(await find('old')).toBe('keys.unavailable');
      expect(await find('old')).toBe('keys.unavailable');
    }
    expect(keys.loads).toBe(3);
    keys.fails = null;
    expect(await find('old')).toBe('keys.unavailable');
    keys.source.endBackoff();
    expect([await find('old'), keys.loads]).toEqual(['ok', 4]);
    expect(keys.notices.at(-1)).toMatchObject({ event: 'keys.recovered' });
  });

  test('does not shorten the back-off after the next failure', async () => {
    const { keys, find, clock } = setting();
    keys.fails = 'status 500';
    await find('old');
    keys.source.endBackoff();
    await find('old');
    clock.advance(2 * SECOND - 1);
    await find('old');
    expect(keys.loads).toBe(2);
    clock.advance(1);
    await find('old');
    expect(keys.loads).toBe(3);
  });
});

describe('notices', () => {
  test('report each failure with its count, and the recovery once', async () => {
    const { keys, find, clock } = setting();
    keys.fails = 'status 500';
    await find('old');
    clock.advance(SECOND);
    await find('old');
    clock.advance(2 * SECOND);
    keys.fails = null;
    await find('old');
    await find('old');
    expect(keys.notices.map(({ event, level, failures, stale, detail }) => [event, level, failures, stale, detail])).toEqual([
      ['keys.load_failed', 'error', 1, false, 'status 500'],
      ['keys.load_failed', 'error', 2, false, 'status 500'],
      ['keys.recovered', 'info', undefined, undefined, undefined],
    ]);
  });

  test('report a load that throws as a failure', async () => {
    const { keys, find } = setting();
    keys.loadGate = Promise.reject(new Error('a bug'));
    expect(await find('old')).toBe('keys.unavailable');
    expect(keys.notices[0]).toMatchObject({ event: 'keys.load_failed', detail: 'Error: a bug' });
  });
});

test('without a kid all keys are found, without a refetch (row N, C-63)', async () => {
  const { keys, nowSeconds } = setting({ published: [old, fresh] });
  for (let i = 0; i < 3; i++) {
    const found = await keys.source.find(undefined, nowSeconds());
    expect(found.ok && found.value.map((key) => key.kid)).toEqual(['old', 'new']);
  }
  expect(keys.loads).toBe(1);
});

test('all keys of one kid are found (C-62)', async () => {
  const { keys, nowSeconds } = setting({ published: [old, fresh, rsaKey({ kid: 'old' })] });
  const found = await keys.source.find('old', nowSeconds());
  expect(found.ok && found.value.map((key) => key.kid)).toEqual(['old', 'old']);
});
