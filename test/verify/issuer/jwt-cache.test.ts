// How long a good verdict may be reused: never past its date, its keys or five minutes.
import { createHash } from 'node:crypto';
import { inspect } from 'node:util';
import { LRUCache } from 'lru-cache';
import { describe, expect, test, vi } from 'vitest';
import { ok } from '../../../src/core/result.js';
import { createJwtCache } from '../../../src/verify/issuer/jwt-cache.js';
import { rsaKey } from '../../fixtures/mint.js';
import { testClock } from '../../support/clock.js';
import { principal } from '../../support/endpoint.js';
import { testKeys } from '../../support/keys.js';

const old = rsaKey({ kid: 'old' });
const fresh = rsaKey({ kid: 'new' });
const MINUTE = 60_000;
const TOKEN = 'eyJhbGciOiJSUzI1NiJ9.e30.c2ln';
const verdict = ok(principal());

/** A cache that has just learned a verdict that was signed by the key `old`. */
async function learned(lifeMs = 60 * MINUTE) {
  const clock = testClock(1_800_000_000_000);
  const keys = testKeys(clock, { published: [old] });
  await keys.source.find('old', undefined);
  const thumbprint = keys.source.usable()?.keys[0]?.thumbprint as string;
  const verdicts = createJwtCache(clock);
  verdicts.put(TOKEN, verdict, keys.source, thumbprint, clock.wallMs() + lifeMs);
  return { clock, keys, verdicts, thumbprint };
}

test('is given for the very token, and for no other (E-03)', async () => {
  const { verdicts } = await learned();
  expect(verdicts.get(TOKEN)).toBe(verdict);
  expect(verdicts.get(TOKEN)).toBe(verdict);
  expect(verdicts.get(`${TOKEN}x`)).toBeUndefined();
  expect(verdicts.get('')).toBeUndefined();
});

test('ends with the token, by the wall clock (E-03, C-38)', async () => {
  const { verdicts, clock } = await learned(2 * MINUTE);
  clock.advance(2 * MINUTE - 1);
  expect(verdicts.get(TOKEN)).toBe(verdict);
  clock.advance(1);
  expect(verdicts.get(TOKEN)).toBeUndefined();
  clock.setWall(clock.wallMs() - MINUTE);
  expect(verdicts.get(TOKEN)).toBeUndefined();
});

test('lives five minutes at most, whatever the wall clock does (E-06, E-13)', async () => {
  const { verdicts, clock } = await learned();
  clock.advance(5 * MINUTE - 1);
  expect(verdicts.get(TOKEN)).toBe(verdict);
  clock.setWall(clock.wallMs() - 4 * MINUTE);
  clock.advance(1);
  expect(verdicts.get(TOKEN)).toBeUndefined();
});

describe('the keys', () => {
  test('a key that was removed takes its verdicts along (C-68, E-03)', async () => {
    const { verdicts, clock, keys } = await learned();
    keys.published = [fresh];
    clock.advance(MINUTE);
    await keys.source.find('new', clock.wallMs() / 1000);
    expect(keys.loads).toBe(2);
    expect(verdicts.get(TOKEN)).toBeUndefined();
  });

  test('a set that is fetched again with the same key keeps them', async () => {
    const { verdicts, clock, keys } = await learned();
    keys.published = [fresh, old];
    clock.advance(MINUTE);
    await keys.source.find('new', clock.wallMs() / 1000);
    expect([verdicts.get(TOKEN), verdicts.get(TOKEN), keys.loads]).toEqual([verdict, verdict, 2]);
  });

  test('another key of the same kid is another key', async () => {
    const { verdicts, clock, keys } = await learned();
    keys.published = [rsaKey({ kid: 'old' }), fresh];
    clock.advance(MINUTE);
    await keys.source.find('new', clock.wallMs() / 1000);
    expect(verdicts.get(TOKEN)).toBeUndefined();
  });

  test('an expired set gives none, and the same token is judged anew (row 12)', async () => {
    const { verdicts, clock, keys, thumbprint } = await learned(200 * MINUTE);
    keys.fails = 'status 500';
    clock.advance(69 * MINUTE);
    verdicts.put(TOKEN, verdict, keys.source, thumbprint, clock.wallMs() + 60 * MINUTE);
    expect(verdicts.get(TOKEN)).toBe(verdict);
    clock.advance(MINUTE);
    expect(verdicts.get(TOKEN)).toBeUndefined();
  });

  test('an expired set gives none that was never asked for before either (row 12)', async () => {
    for (const [minutes, expected] of [
      [0, verdict],
      [1, undefined],
    ] as const) {
      const { verdicts, clock, keys, thumbprint } = await learned(200 * MINUTE);
      keys.fails = 'status 500';
      clock.advance(69 * MINUTE);
      verdicts.put(TOKEN, verdict, keys.source, thumbprint, clock.wallMs() + 60 * MINUTE);
      clock.advance(minutes * MINUTE);
      expect(verdicts.get(TOKEN)).toBe(expected);
    }
  });

  test('are touched by every hit, which may start a refresh (C-72)', async () => {
    const { verdicts, clock, keys, thumbprint } = await learned();
    clock.advance(8 * MINUTE);
    verdicts.put(TOKEN, verdict, keys.source, thumbprint, clock.wallMs() + MINUTE);
    expect(keys.loads).toBe(1);
    expect(verdicts.get(TOKEN)).toBe(verdict);
    await keys.settled();
    expect(keys.loads).toBe(2);
  });

  test('that nobody ever published never count', async () => {
    const { verdicts, clock, keys } = await learned();
    verdicts.put('other', verdict, keys.source, 'no such thumbprint', clock.wallMs() + MINUTE);
    expect(verdicts.get(TOKEN)).toBe(verdict);
    expect(verdicts.get('other')).toBeUndefined();
  });
});

test('keeps no more than 10,000, those used last (E-02)', async () => {
  const { verdicts, clock, keys, thumbprint } = await learned();
  const until = clock.wallMs() + MINUTE;
  for (let i = 0; i < 9_999; i++) verdicts.put(`token-${i}`, verdict, keys.source, thumbprint, until);
  expect(verdicts.get(TOKEN)).toBe(verdict);
  // TOKEN was used last, so one more pushes out the oldest of the others.
  verdicts.put('one-more', verdict, keys.source, thumbprint, until);
  expect([verdicts.get(TOKEN), verdicts.get('token-0'), verdicts.get('token-9998')]).toEqual([verdict, undefined, verdict]);
});

test('keeps no more than 16 MiB of tokens, whose claims it holds (E-02)', async () => {
  const { verdicts, clock, keys, thumbprint } = await learned();
  const until = clock.wallMs() + MINUTE;
  const long = (i: number): string => `${i}-`.padEnd(32 * 1024 - 1, 'x');
  for (let i = 0; i < 512; i++) verdicts.put(long(i), verdict, keys.source, thumbprint, until);
  expect([verdicts.get(TOKEN), verdicts.get(long(0)), verdicts.get(long(511))]).toEqual([undefined, verdict, verdict]);
  verdicts.put(long(512), verdict, keys.source, thumbprint, until);
  expect([verdicts.get(long(1)), verdicts.get(long(512))]).toEqual([undefined, verdict]);
});

test('keeps the SHA-256 of a token, never the token (C-87, E-14)', async () => {
  const kept = vi.spyOn(LRUCache.prototype, 'set');
  await learned();
  const [key, entry] = kept.mock.lastCall ?? [];
  kept.mockRestore();
  expect(key).toBe(createHash('sha256').update(TOKEN).digest('base64'));
  expect(inspect(entry, { depth: 9 })).not.toContain(TOKEN);
});
