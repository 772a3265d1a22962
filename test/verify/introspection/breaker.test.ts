// When a dependency in trouble is left alone, and when it is asked again.
import { describe, expect, test } from 'vitest';
import { createBreaker } from '../../../src/verify/introspection/breaker.js';
import { testClock } from '../../support/clock.js';

function setting() {
  const clock = testClock();
  const told: string[] = [];
  const breaker = createBreaker(clock, (state) => told.push(state));
  const fails = (times: number, retryAfterSeconds = 1): void => {
    for (let i = 0; i < times; i++) breaker.leave(false, retryAfterSeconds);
  };
  return { clock, told, breaker, fails };
}

describe('closed', () => {
  test('asks, however often it fails with a success between', () => {
    const { breaker, fails, told } = setting();
    for (let i = 0; i < 3; i++) {
      fails(4);
      breaker.leave(true, 0);
    }
    expect([breaker.enter(), told]).toEqual([0, []]);
  });

  test('opens at the fifth failure in a row', () => {
    const { breaker, fails, told } = setting();
    fails(4);
    expect(breaker.enter()).toBe(0);
    fails(1);
    expect([breaker.enter(), told]).toEqual([5000, ['open']]);
  });
});

describe('open', () => {
  test('says how long, and asks one question after that', () => {
    const { breaker, fails, clock } = setting();
    fails(5);
    clock.advance(4999);
    expect(breaker.enter()).toBe(1);
    clock.advance(1);
    expect([breaker.enter(), breaker.enter(), breaker.enter()]).toEqual([0, 1000, 1000]);
  });

  test('closes for all when that one works', () => {
    const { breaker, fails, clock, told } = setting();
    fails(5);
    clock.advance(5000);
    expect(breaker.enter()).toBe(0);
    breaker.leave(true, 0);
    expect([breaker.enter(), breaker.enter(), told]).toEqual([0, 0, ['open', 'closed']]);
    fails(4);
    expect(breaker.enter()).toBe(0);
  });

  test('stays open when it fails, and is told once', () => {
    const { breaker, fails, clock, told } = setting();
    fails(5);
    clock.advance(5000);
    expect(breaker.enter()).toBe(0);
    fails(1);
    expect([breaker.enter(), told]).toEqual([5000, ['open']]);
    clock.advance(5000);
    expect([breaker.enter(), breaker.enter()]).toEqual([0, 1000]);
  });

  test('is not held longer by failures of questions from before', () => {
    const { breaker, fails, clock } = setting();
    fails(5);
    clock.advance(3000);
    fails(20);
    expect(breaker.enter()).toBe(2000);
  });

  test('closes by a late answer: it shows the dependency to be there', () => {
    const { breaker, fails, told } = setting();
    fails(5);
    breaker.leave(true, 0);
    expect([breaker.enter(), told]).toEqual([0, ['open', 'closed']]);
  });

  test.each([
    [2, 5000],
    [12, 12_000],
    [3600, 30_000],
  ])('keeps to a Retry-After of %s s within bounds', (seconds, expected) => {
    const { breaker, fails } = setting();
    fails(5, seconds);
    expect(breaker.enter()).toBe(expected);
  });
});
