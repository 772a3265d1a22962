// Unknown kids: the bucket of refetches, and a fetch that another token caused.
import { describe, expect, test } from 'vitest';
import { reasonOf } from '../../support/kinds.js';
import { loaded, MINUTE, SECOND } from '../../support/loaded-keys.js';

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
