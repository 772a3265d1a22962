// A token without kid whose key the issuer published after the last fetch of its keys (C-63, C-66).
import { describe, expect, test } from 'vitest';
import { verifySignature } from '../../../src/verify/authenticators/jwt-signature.js';
import { shapeOf } from '../../../src/verify/jws.js';
import { type Mint, mintToken, rsaKey, type SigningKey } from '../../fixtures/mint.js';
import { testClock } from '../../support/clock.js';
import { ISSUER, RESOURCE } from '../../support/endpoint.js';
import { testKeys } from '../../support/keys.js';
import { reasonOf } from '../../support/kinds.js';

const SECOND = 1000;
const [before, after, forger] = [rsaKey({ kid: 'a' }), rsaKey({ kid: 'b' }), rsaKey({ kid: 'a' })] as const;

/** A source that has just loaded the key `before`. The tokens have no kid. */
async function rotating(clockToleranceSeconds = 0) {
  const clock = testClock(1_800_000_000_000);
  const keys = testKeys(clock, { published: [before], clockToleranceSeconds });
  async function reason(
    key: SigningKey,
    changes: Partial<Mint> = {},
    header: Mint['header'] = { kid: undefined },
  ): Promise<string> {
    const claims = { iat: clock.wallMs() / 1000, ...changes.claims };
    const token = mintToken({ issuer: ISSUER, audience: RESOURCE, key, ...changes, claims, header });
    const jwt = shapeOf(token);
    if (jwt.kind !== 'jws' || jwt.claims === null) throw new Error('not a JWT');
    return reasonOf(await verifySignature(token, { ...jwt, claims: jwt.claims }, keys.source));
  }
  expect([await reason(before), keys.loads]).toEqual(['ok', 1]);
  clock.advance(5 * SECOND);
  return { clock, keys, reason };
}

describe('a token without kid, signed with a key that is newer than the key set', () => {
  test('is good at once, and one fetch serves all that wait', async () => {
    const { keys, reason } = await rotating();
    keys.published = [after];
    const reasons = await Promise.all(Array.from({ length: 20 }, () => reason(after)));
    expect([new Set(reasons), keys.loads]).toEqual([new Set(['ok']), 2]);
    expect([await reason(after), await reason(before), keys.loads]).toEqual(['ok', 'token.signature', 3]);
  });

  test('is good also where the old key stays published, and where the new one has another algorithm', async () => {
    const { keys, reason } = await rotating();
    keys.published = [before, after];
    expect([await reason(after), await reason(before), keys.loads]).toEqual(['ok', 'ok', 2]);
  });

  test('gets 503 while no refetch is left, and passes with the next one', async () => {
    const { clock, keys, reason } = await rotating();
    expect([await reason(forger), await reason(forger), keys.loads]).toEqual(['token.signature', 'token.signature', 3]);
    keys.published = [after];
    const claims = { iat: clock.wallMs() / 1000 };
    expect([await reason(after, { claims }), keys.loads]).toEqual(['keys.refetch_limited', 3]);
    clock.advance(30 * SECOND);
    expect([await reason(after, { claims }), keys.loads]).toEqual(['ok', 4]);
  });

  test('gets 503 while the issuer is down, and old keys still verify', async () => {
    const { keys, reason } = await rotating();
    keys.fails = 'status 500';
    expect([await reason(after), await reason(after), keys.loads]).toEqual(['keys.unavailable', 'keys.unavailable', 2]);
    expect(await reason(before)).toBe('ok');
  });

  test('decides nothing by a fetch that began before the token was issued', async () => {
    const { clock, keys, reason } = await rotating();
    let release = (): void => {};
    keys.loadGate = new Promise((resolve) => {
      release = resolve;
    });
    clock.advance(500 * SECOND);
    expect(await reason(before)).toBe('ok');
    expect(keys.loads).toBe(2);
    clock.advance(2 * SECOND);
    const waiting = reason(after);
    keys.loadGate = null;
    Object.defineProperty(keys, 'published', { get: () => (keys.loads < 3 ? [before] : [after]) });
    release();
    expect([await waiting, keys.loads]).toEqual(['ok', 3]);
  });
});

describe('a forged token without kid', () => {
  test.each([
    ['older than the key set', 5 * SECOND, 0, 1],
    ['older than the key set and the clock tolerance', 40 * SECOND, 30, 1],
    ['within the clock tolerance', 10 * SECOND, 30, 2],
  ])('%s: 401', async (_what, ageMs, toleranceSeconds, loads) => {
    const { clock, keys, reason } = await rotating(toleranceSeconds);
    const claims = { iat: (clock.wallMs() - 5 * SECOND - ageMs) / 1000 };
    expect([await reason(forger, { claims }), keys.loads]).toEqual(['token.signature', loads]);
  });

  test('causes no more fetches than a flood of unknown kids', async () => {
    const { keys, reason } = await rotating();
    for (let i = 0; i < 200; i++) await reason(forger);
    expect(keys.loads).toBe(3);
    expect(await reason(before)).toBe('ok');
  });

  test('with a kid that is published is 401 without a fetch', async () => {
    const { keys, reason } = await rotating();
    expect([await reason(forger, {}, {}), keys.loads]).toEqual(['token.signature', 1]);
  });
});
