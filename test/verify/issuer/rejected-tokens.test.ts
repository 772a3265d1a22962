// The gateway remembers a token that no key verifies, and forgets it soon or with a new key set.
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { tokenSignature } from '../../../src/core/failures.js';
import { createRejectedTokens } from '../../../src/verify/issuer/rejected-tokens.js';
import { rsaKey } from '../../fixtures/mint.js';
import { key, mint, OTHER, otherKey, setting } from '../../support/bearer-setting.js';
import { testClock } from '../../support/clock.js';
import { testKeys } from '../../support/keys.js';

async function rejectedTokens() {
  const clock = testClock();
  const keys = testKeys(clock, { published: [key] });
  await keys.source.preload();
  const rejected = createRejectedTokens(keys.source, clock);
  const set = () => keys.source.peekKeySet() ?? expect.fail('no keys');
  return { clock, keys, rejected, set };
}

describe('a remembered rejection', () => {
  const failure = tokenSignature();

  test('counts for less than five seconds', async () => {
    const { clock, rejected, set } = await rejectedTokens();
    rejected.put('hash', failure, set());
    clock.advance(4_999);
    expect(rejected.get('hash')).toBe(failure);
    expect(rejected.get('another')).toBeUndefined();
    clock.advance(1);
    expect(rejected.get('hash')).toBeUndefined();
  });

  test('counts for its set only', async () => {
    const { rejected, keys, set } = await rejectedTokens();
    const before = set();
    await keys.source.find('unknown', undefined);
    expect(set()).not.toBe(before);
    rejected.put('hash', failure, before);
    expect(rejected.get('hash')).toBeUndefined();
    rejected.put('hash', failure, set());
    expect(rejected.get('hash')).toBe(failure);
  });

  test('does not count when no keys are usable: the caller gets 503', async () => {
    const { clock, rejected, keys, set } = await rejectedTokens();
    clock.advance(4_199_000);
    rejected.put('hash', failure, set());
    keys.fails = 'status 500';
    expect(rejected.get('hash')).toBe(failure);
    clock.advance(1_000);
    expect(rejected.get('hash')).toBeUndefined();
  });

  test('is one of a thousand: the oldest goes first', async () => {
    const { rejected, set } = await rejectedTokens();
    for (let i = 0; i < 1_001; i++) rejected.put(`hash ${i}`, failure, set());
    expect([rejected.get('hash 0'), rejected.get('hash 1'), rejected.get('hash 1000')]).toEqual([undefined, failure, failure]);
  });
});

describe('a forged token that comes again', () => {
  const verified = vi.fn();
  beforeEach(() => {
    verified.mockReset();
    const { verify } = crypto;
    vi.spyOn(crypto, 'verify').mockImplementation(((...args: Parameters<typeof verify>) => {
      verified();
      return verify(...args);
    }) as typeof verify);
    syncBuiltinESMExports();
  });
  afterEach(() => {
    vi.restoreAllMocks();
    syncBuiltinESMExports();
  });
  const checks = (): number => verified.mock.calls.length;

  /** The keys are loaded: a rejection during a load of keys is not remembered. */
  async function loaded(...from: Parameters<typeof setting>) {
    const made = setting(...from);
    await Promise.all([made.mine.source.preload(), made.theirs.source.preload()]);
    return made;
  }

  test('is checked once, and rejected for the same reason in the same words', async () => {
    const { authenticate } = await loaded();
    const token = mint({ key: otherKey });
    const first = await authenticate(token);
    expect(first).toMatchObject({ ok: false, definition: { reason: 'token.signature' }, unverified: { sub: 'alice' } });
    expect(await authenticate(token)).toEqual(first);
    expect(checks()).toBe(1);
    expect(await authenticate(mint({ key: otherKey, claims: { sub: 'bob' } }))).toMatchObject({ ok: false });
    expect(checks()).toBe(2);
  });

  test('is checked again after five seconds', async () => {
    const { clock, reason } = await loaded();
    const token = mint({ key: otherKey });
    expect([await reason(token), await reason(token)]).toEqual(['token.signature', 'token.signature']);
    clock.advance(5_000);
    expect([await reason(token), checks()]).toEqual(['token.signature', 2]);
  });

  test('is good at once when the issuer published its key meanwhile (C-66, rotated keys)', async () => {
    const { reason, mine } = await loaded();
    const token = mint({ key: otherKey });
    expect(await reason(token)).toBe('token.signature');
    const rotated = rsaKey({ kid: 'new' });
    mine.published = [otherKey, rotated];
    expect([await reason(token), checks()]).toEqual(['token.signature', 1]);
    // Any token with the new kid makes the gateway fetch the keys.
    expect(await reason(mint({ key: rotated }))).toBe('ok');
    expect(await reason(token)).toBe('ok');
  });

  test('is not remembered for another issuer, nor where its key is unknown', async () => {
    const { reason } = await loaded();
    expect(await reason(mint({ issuer: OTHER }))).toBe('token.signature');
    expect(await reason(mint())).toBe('ok');
    const unknown = mint({ key: rsaKey({ kid: 'x' }), claims: { iat: 1 } });
    expect([await reason(unknown), await reason(unknown), checks()]).toEqual(['token.key_unknown', 'token.key_unknown', 2]);
  });

  test('still expires: the checks without keys come first', async () => {
    const { clock, reason } = await loaded();
    const token = mint({ key: otherKey, claims: { exp: clock.wallMs() / 1000 + 1 } });
    expect(await reason(token)).toBe('token.signature');
    clock.advance(32_000);
    expect([await reason(token), checks()]).toEqual(['token.expired', 1]);
  });

  test('is introspected each time where its issuer is configured so', async () => {
    const { reason, introspected } = await loaded({ other: { verify: 'jwt-then-introspection' } });
    const token = mint({ issuer: OTHER, key });
    expect([await reason(token), await reason(token)]).toEqual(['ok', 'ok']);
    expect([introspected.length, checks()]).toEqual([2, 1]);
  });
});
