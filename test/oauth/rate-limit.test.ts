// Events of one name within a minute.
import { describe, expect, test } from 'vitest';
import { createRateLimit } from '../../src/oauth/rate-limit.js';
import { testClock } from '../support/clock.js';

describe('a limit', () => {
  test('lets its number of events pass in any minute, and says how long to wait', () => {
    const clock = testClock();
    const limit = createRateLimit(2, 10, clock);
    expect(limit.take('a')).toBe(0);
    clock.advance(20_000);
    expect(limit.take('a')).toBe(0);
    expect(limit.take('a')).toBe(40_000);
    clock.advance(39_999);
    expect(limit.take('a')).toBe(1);
    clock.advance(1);
    // The first event is a minute old now. The second one still counts.
    expect(limit.take('a')).toBe(0);
    expect(limit.take('a')).toBe(20_000);
  });

  test('counts each name apart, and no refused event', () => {
    const clock = testClock();
    const limit = createRateLimit(1, 10, clock);
    expect([limit.take('a'), limit.take('a'), limit.take('b')]).toEqual([0, 60_000, 0]);
    clock.advance(30_000);
    expect([limit.take('a'), limit.take('b')]).toEqual([30_000, 30_000]);
    clock.advance(30_000);
    expect([limit.take('a'), limit.take('b')]).toEqual([0, 0]);
  });

  test('remembers a bounded number of names, the latest ones', () => {
    const limit = createRateLimit(1, 3, testClock());
    for (let i = 0; i < 1_000; i++) limit.take(`name-${i}`);
    expect(limit.take('name-999')).toBeGreaterThan(0);
    expect(limit.take('name-998')).toBeGreaterThan(0);
    expect(limit.take('name-1')).toBe(0);
  });
});
