// Which failures count as guesses, whose addresses count together, and what passes above the limit.
import { describe, expect, test } from 'vitest';
import { type Counter, createMemoryCounter } from '../../../src/authorize/limits/counter.js';
import { createGuessLimit } from '../../../src/authorize/limits/guesses.js';
import { memoryLimiter } from '../../../src/authorize/limits/process-limiters.js';
import type { Failure } from '../../../src/core/failure.js';
import * as failures from '../../../src/core/failures.js';
import { testClock } from '../../support/clock.js';

const RATE = { ratePerMinute: 2, burst: 2, windowSeconds: 60 };
const unknown = (): boolean => false;
const known = (): boolean => true;

function guesses(counter?: Counter) {
  const clock = testClock();
  let limited = 0;
  const limit = createGuessLimit(RATE, {
    deployment: 'https://mcp.example.com',
    counter: counter ?? createMemoryCounter(memoryLimiter(), clock),
    clock,
    onLimited: () => void limited++,
  });
  const fail = async (address: string, failure: Failure = failures.tokenSignature()): Promise<string> =>
    (await limit.failed(address, failure)).definition.reason;
  const blocked = (address: string, isKnown = unknown): string | undefined => limit.blocked(address, isKnown)?.definition.reason;
  return { fail, blocked, clock, limit, limited: () => limited };
}

test('the failure above the limit is 429, and unknown credentials of the address are not verified', async () => {
  const { fail, blocked, clock, limited } = guesses();
  expect(blocked('192.0.2.1')).toBeUndefined();
  expect([await fail('192.0.2.1'), blocked('192.0.2.1')]).toEqual(['token.signature', undefined]);
  expect([await fail('192.0.2.1'), blocked('192.0.2.1')]).toEqual(['token.signature', 'rate.limited']);
  // An API key takes no work, so it is looked up and fails.
  expect(await fail('192.0.2.1', failures.keyUnknown())).toBe('rate.limited');
  expect(limited()).toBe(2);
  expect(blocked('192.0.2.1', known)).toBeUndefined();
  expect(blocked('192.0.2.2')).toBeUndefined();
  clock.advance(60_001);
  expect(blocked('192.0.2.1')).toBeUndefined();
});

test('the answer says when the window ends', async () => {
  const { fail, limit } = guesses();
  await fail('192.0.2.1');
  await fail('192.0.2.1');
  const rejected = limit.blocked('192.0.2.1', unknown);
  expect(rejected).toMatchObject({ detail: 'failed_credentials: 2 in 60 s', retryAfterSeconds: expect.any(Number) });
  expect(rejected?.data?.retryAfterMs).toBeGreaterThan(59_000);
});

describe('counted', () => {
  const kinds = Object.values(failures).filter((make) => typeof make === 'function') as (() => Failure)[];
  const counted = [
    'key.unknown',
    'token.algorithm',
    'token.claims',
    'token.inactive',
    'token.issuer',
    'token.key_unknown',
    'token.malformed',
    'token.signature',
    'token.type',
  ];
  test('these reasons alone', async () => {
    const found: string[] = [];
    for (const make of kinds) {
      const { fail, blocked } = guesses();
      for (let i = 0; i < 2; i++) await fail('192.0.2.1', make());
      if (blocked('192.0.2.1') !== undefined) found.push(make().definition.reason);
    }
    expect(found.sort()).toEqual(counted);
  });

  test('no token for which its issuer vouches', async () => {
    const { fail, blocked } = guesses();
    const vouched = { issuer: 'https://a.example', subject: 'a', client: null, audience: [], method: 'introspection' } as const;
    for (let i = 0; i < 3; i++) await fail('192.0.2.1', failures.tokenClaims({ vouched: vouched as never }));
    expect(blocked('192.0.2.1')).toBeUndefined();
  });
});

test.each([
  ['2001:db8:1:2::1', '2001:db8:1:2:ffff::9', true],
  ['2001:db8:1:2::1', '2001:db8:1:3::1', false],
  ['192.0.2.1', '::ffff:192.0.2.1', false],
])('%s and %s count together: %s', async (first, second, isShared) => {
  const { fail, blocked } = guesses();
  await fail(first);
  await fail(second);
  expect(blocked(first) !== undefined).toBe(isShared);
});

test('without a store that counts, the failure stays what it is', async () => {
  const { fail, blocked } = guesses({ add: () => Promise.resolve(null) });
  for (let i = 0; i < 3; i++) expect(await fail('192.0.2.1')).toBe('token.signature');
  expect(blocked('192.0.2.1')).toBeUndefined();
});
