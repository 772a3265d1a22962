// The limits of the token endpoint: grants of a key, failures of an address and of all clients.
import { describe, expect, test } from 'vitest';
import { createGrantLimits } from '../../../src/oauth/bridge/rate-limit.js';
import { testClock } from '../../support/clock.js';
import { apiKey } from '../../support/grants.js';

describe('the limits of the bridge', () => {
  test('10 grants of one key, whatever another key does', () => {
    const limits = createGrantLimits(testClock());
    const [a, b] = [apiKey('a'), apiKey('b')];
    for (let i = 0; i < 10; i++) expect(limits.grant(a)).toBe(0);
    expect([limits.grant(a), limits.grant(b)]).toEqual([60_000, 0]);
  });

  test('10 failures of one address; more of them take nothing from other addresses', () => {
    const limits = createGrantLimits(testClock());
    for (let i = 0; i < 10; i++) expect(limits.failure('192.0.2.1')).toBe(0);
    for (let i = 0; i < 10_000; i++) expect(limits.failure('192.0.2.1')).toBe(60_000);
    for (let i = 0; i < 10; i++) expect(limits.failure('192.0.2.2')).toBe(0);
  });

  test.each([
    ['2001:db8:1:2::1', '2001:db8:1:2:ffff::9', '2001:db8:1:3::1'],
    ['2001:db8::1', '2001:db8:0:0:5:6:7:8', '2001:db8:0:1::1'],
    ['::1', '::2', '::ffff:192.0.2.1'],
    ['::ffff:192.0.2.1', '::ffff:192.0.2.1', '::ffff:192.0.2.2'],
  ])('%s and %s are one client, %s is another', (one, same, other) => {
    const limits = createGrantLimits(testClock());
    for (let i = 0; i < 10; i++) expect(limits.failure(one)).toBe(0);
    expect([limits.failure(same), limits.failure(other)]).toEqual([60_000, 0]);
  });

  test('100 failures of all addresses', () => {
    const limits = createGrantLimits(testClock());
    for (let i = 0; i < 100; i++) expect(limits.failure(`192.0.2.${i}`)).toBe(0);
    expect(limits.failure('198.51.100.1')).toBe(60_000);
  });
});
