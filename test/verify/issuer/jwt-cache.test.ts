// How long a verified JWT is cached: until it expires, while its key is usable, for five minutes at
// most.
import { createHash } from 'node:crypto';
import { inspect } from 'node:util';
import { LRUCache } from 'lru-cache';
import { describe, expect, test, vi } from 'vitest';
import { tokenHash } from '../../../src/idp/token-hash.js';
import { createJwtCache } from '../../../src/verify/issuer/jwt-cache.js';
import { rsaKey } from '../../fixtures/mint.js';
import { testClock } from '../../support/clock.js';
import { accessToken } from '../../support/endpoint.js';
import { testKeys } from '../../support/keys.js';

const old = rsaKey({ kid: 'old' });
const fresh = rsaKey({ kid: 'new' });
const MINUTE = 60_000;
const TOKEN = 'eyJhbGciOiJSUzI1NiJ9.e30.c2ln';
const token = accessToken();

/** A cache with one token that was signed by the key `old`. */
async function filled(lifeMs = 60 * MINUTE) {
  const clock = testClock(1_800_000_000_000);
  const keys = testKeys(clock, { published: [old] });
  await keys.source.find('old', undefined);
  const thumbprint = keys.source.usableKeySet()?.keys[0]?.thumbprint as string;
  const cache = createJwtCache(keys.source, clock);
  /** By the hash of the token, as in the bearer authenticator. */
  const get = (text: string) => cache.get(tokenHash(text));
  const put = (text: string, thumbprint: string, validUntilMs: number) =>
    cache.put(tokenHash(text), { token, characters: text.length, thumbprint, validUntilMs });
  put(TOKEN, thumbprint, clock.wallMs() + lifeMs);
  return { clock, keys, get, put, thumbprint };
}

test('gives the result for exactly this token (E-03)', async () => {
  const { get } = await filled();
  expect(get(TOKEN)).toBe(token);
  expect(get(TOKEN)).toBe(token);
  expect(get(`${TOKEN}x`)).toBeUndefined();
  expect(get('')).toBeUndefined();
});

test('ends with the token, by the wall clock (E-03, C-38)', async () => {
  const { get, clock } = await filled(2 * MINUTE);
  clock.advance(2 * MINUTE - 1);
  expect(get(TOKEN)).toBe(token);
  clock.advance(1);
  expect(get(TOKEN)).toBeUndefined();
  clock.setWall(clock.wallMs() - MINUTE);
  expect(get(TOKEN)).toBeUndefined();
});

test('ends after five minutes, whatever the wall clock does (E-06, E-13)', async () => {
  const { get, clock } = await filled();
  clock.advance(5 * MINUTE - 1);
  expect(get(TOKEN)).toBe(token);
  clock.setWall(clock.wallMs() - 4 * MINUTE);
  clock.advance(1);
  expect(get(TOKEN)).toBeUndefined();
});

describe('the keys', () => {
  test('a removed key removes its entries (C-68, E-03)', async () => {
    const { get, clock, keys } = await filled();
    keys.published = [fresh];
    clock.advance(MINUTE);
    await keys.source.find('new', clock.wallMs() / 1000);
    expect(keys.loads).toBe(2);
    expect(get(TOKEN)).toBeUndefined();
  });

  test('a new set with the same key keeps them', async () => {
    const { get, clock, keys } = await filled();
    keys.published = [fresh, old];
    clock.advance(MINUTE);
    await keys.source.find('new', clock.wallMs() / 1000);
    expect([get(TOKEN), get(TOKEN), keys.loads]).toEqual([token, token, 2]);
  });

  test('another key with the same kid does not keep them', async () => {
    const { get, clock, keys } = await filled();
    keys.published = [rsaKey({ kid: 'old' }), fresh];
    clock.advance(MINUTE);
    await keys.source.find('new', clock.wallMs() / 1000);
    expect(get(TOKEN)).toBeUndefined();
  });

  test('an expired set gives no result (row 12)', async () => {
    const { get, put, clock, keys, thumbprint } = await filled(200 * MINUTE);
    keys.fails = 'status 500';
    clock.advance(69 * MINUTE);
    put(TOKEN, thumbprint, clock.wallMs() + 60 * MINUTE);
    expect(get(TOKEN)).toBe(token);
    clock.advance(MINUTE);
    expect(get(TOKEN)).toBeUndefined();
  });

  test('an expired set gives no result for a token that was not read before (row 12)', async () => {
    for (const [minutes, expected] of [
      [0, token],
      [1, undefined],
    ] as const) {
      const { get, put, clock, keys, thumbprint } = await filled(200 * MINUTE);
      keys.fails = 'status 500';
      clock.advance(69 * MINUTE);
      put(TOKEN, thumbprint, clock.wallMs() + 60 * MINUTE);
      clock.advance(minutes * MINUTE);
      expect(get(TOKEN)).toBe(expected);
    }
  });

  test('are read at every hit, which may start a refresh (C-72)', async () => {
    const { get, put, clock, keys, thumbprint } = await filled();
    clock.advance(8 * MINUTE);
    put(TOKEN, thumbprint, clock.wallMs() + MINUTE);
    expect(keys.loads).toBe(1);
    expect(get(TOKEN)).toBe(token);
    await keys.settled();
    expect(keys.loads).toBe(2);
  });

  test('that were never published do not count', async () => {
    const { get, put, clock } = await filled();
    put('other', 'unknown thumbprint', clock.wallMs() + MINUTE);
    expect(get(TOKEN)).toBe(token);
    expect(get('other')).toBeUndefined();
  });
});

test('keeps at most the 10,000 tokens used last (E-02)', async () => {
  const { get, put, clock, thumbprint } = await filled();
  const until = clock.wallMs() + MINUTE;
  for (let i = 0; i < 9_999; i++) put(`token-${i}`, thumbprint, until);
  expect(get(TOKEN)).toBe(token);
  // TOKEN was used last, so one more entry evicts the oldest of the others.
  put('one-more', thumbprint, until);
  expect([get(TOKEN), get('token-0'), get('token-9998')]).toEqual([token, undefined, token]);
});

test('keeps at most 16 MiB of tokens (E-02)', async () => {
  const { get, put, clock, thumbprint } = await filled();
  const until = clock.wallMs() + MINUTE;
  const long = (i: number): string => `${i}-`.padEnd(32 * 1024 - 1, 'x');
  for (let i = 0; i < 512; i++) put(long(i), thumbprint, until);
  expect([get(TOKEN), get(long(0)), get(long(511))]).toEqual([undefined, token, token]);
  put(long(512), thumbprint, until);
  expect([get(long(1)), get(long(512))]).toEqual([undefined, token]);
});

test('keeps the SHA-256 of a token, never the token (C-87, E-14)', async () => {
  const kept = vi.spyOn(LRUCache.prototype, 'set');
  await filled();
  const [key, entry] = kept.mock.lastCall ?? [];
  kept.mockRestore();
  expect(key).toBe(createHash('sha256').update(TOKEN).digest('base64'));
  expect(inspect(entry, { depth: 9 })).not.toContain(TOKEN);
});
