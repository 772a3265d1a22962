// When the breaker stops requests to a failing endpoint, and when it lets them through again.
import { describe, expect, test } from 'vitest';
import { createBreaker } from '../../src/idp/breaker.js';
import { testClock } from '../support/clock.js';

function setting() {
  const clock = testClock();
  const changes: string[] = [];
  const breaker = createBreaker(clock, (state) => changes.push(state));
  const fails = (times: number, retryAfterSeconds = 1): void => {
    for (let i = 0; i < times; i++) breaker.leave(false, retryAfterSeconds);
  };
  return { clock, changes, breaker, fails };
}

describe('closed', () => {
  test('lets requests through while successes come between the failures', () => {
    const { breaker, fails, changes } = setting();
    for (let i = 0; i < 3; i++) {
      fails(4);
      breaker.leave(true, 0);
    }
    expect([breaker.enter(), changes]).toEqual([0, []]);
  });

  test('opens at the fifth failure in a row', () => {
    const { breaker, fails, changes } = setting();
    fails(4);
    expect(breaker.enter()).toBe(0);
    fails(1);
    expect([breaker.enter(), changes]).toEqual([5000, ['open']]);
  });
});

describe('open', () => {
  test('gives the wait, and lets one request through after it', () => {
    const { breaker, fails, clock } = setting();
    fails(5);
    clock.advance(4999);
    expect(breaker.enter()).toBe(1);
    clock.advance(1);
    expect([breaker.enter(), breaker.enter(), breaker.enter()]).toEqual([0, 1000, 1000]);
  });

  test('closes when that request succeeds', () => {
    const { breaker, fails, clock, changes } = setting();
    fails(5);
    clock.advance(5000);
    expect(breaker.enter()).toBe(0);
    breaker.leave(true, 0);
    expect([breaker.enter(), breaker.enter(), changes]).toEqual([0, 0, ['open', 'closed']]);
    fails(4);
    expect(breaker.enter()).toBe(0);
  });

  test('stays open when that request fails, and reports only once', () => {
    const { breaker, fails, clock, changes } = setting();
    fails(5);
    clock.advance(5000);
    expect(breaker.enter()).toBe(0);
    fails(1);
    expect([breaker.enter(), changes]).toEqual([5000, ['open']]);
    clock.advance(5000);
    expect([breaker.enter(), breaker.enter()]).toEqual([0, 1000]);
  });

  test('is not extended by late failures', () => {
    const { breaker, fails, clock } = setting();
    fails(5);
    clock.advance(3000);
    fails(20);
    expect(breaker.enter()).toBe(2000);
  });

  test('closes after a late success: the endpoint works', () => {
    const { breaker, fails, changes } = setting();
    fails(5);
    breaker.leave(true, 0);
    expect([breaker.enter(), changes]).toEqual([0, ['open', 'closed']]);
  });

  test.each([
    [2, 5000],
    [12, 12_000],
    [3600, 30_000],
  ])('follows a Retry-After of %s s within bounds', (seconds, expected) => {
    const { breaker, fails } = setting();
    fails(5, seconds);
    expect(breaker.enter()).toBe(expected);
  });
});

describe('failures of one caller', () => {
  const failsAs = ({ breaker }: ReturnType<typeof setting>, caller: string, times = 1): void => {
    for (let i = 0; i < times; i++) breaker.leave(false, 0, caller);
  };

  test('never stop another caller', () => {
    const all = setting();
    failsAs(all, 'a', 100);
    expect([all.breaker.enter('b'), all.breaker.enter(), all.changes]).toEqual([0, 0, []]);
    for (const caller of ['b', 'c', 'd']) failsAs(all, caller);
    expect(all.changes).toEqual([]);
    failsAs(all, 'e');
    expect([all.breaker.enter('f'), all.changes]).toEqual([5000, ['open']]);
  });

  test('stop that caller from the fifth on, for five seconds', () => {
    const all = setting();
    failsAs(all, 'a', 4);
    expect(all.breaker.enter('a')).toBe(0);
    failsAs(all, 'a');
    expect([all.breaker.enter('a'), all.breaker.waitMs('a'), all.breaker.enter('b')]).toEqual([5000, 5000, 0]);
    all.clock.advance(5000);
    expect(all.breaker.enter('a')).toBe(0);
    all.breaker.leave(true, 0, 'a');
    expect(all.breaker.enter('a')).toBe(0);
  });

  test('do not keep an open breaker open for others', () => {
    const all = setting();
    for (const caller of ['a', 'b', 'c', 'd', 'e']) failsAs(all, caller);
    all.clock.advance(5000);
    expect(all.breaker.enter('a')).toBe(0);
    failsAs(all, 'a');
    // The next probe is one of another caller, at once.
    expect([all.breaker.enter('a'), all.breaker.enter('f')]).toEqual([5000, 0]);
    failsAs(all, 'f');
    expect([all.breaker.enter('g'), all.breaker.enter('a')]).toEqual([5000, 5000]);
    all.clock.advance(5000);
    expect(all.breaker.enter('g')).toBe(0);
    all.breaker.leave(true, 0, 'g');
    expect([all.breaker.enter('a'), all.changes]).toEqual([0, ['open', 'closed']]);
  });
});

describe('a success that another breaker saw', () => {
  const opened = (retryAfterSeconds = 30) => {
    const all = setting();
    all.fails(5, retryAfterSeconds);
    return all;
  };

  test('with an active token closes it', () => {
    const { breaker, changes } = opened();
    breaker.hearOfSuccess(true);
    expect([breaker.enter(), breaker.enter(), changes]).toEqual([0, 0, ['open', 'closed']]);
  });

  test('with an inactive token ends the wait, and one request goes out', () => {
    const { breaker, changes, fails } = opened();
    breaker.hearOfSuccess(false);
    expect([breaker.enter(), breaker.enter(), changes]).toEqual([0, 1000, ['open']]);
    fails(1);
    expect(breaker.enter()).toBe(5000);
  });

  test('does not lengthen a wait that is over', () => {
    const { breaker, clock } = opened();
    clock.advance(30_000);
    breaker.hearOfSuccess(false);
    expect(breaker.enter()).toBe(0);
  });

  test('does not forget failures while it is closed', () => {
    const { breaker, fails, changes } = setting();
    fails(4);
    breaker.hearOfSuccess(true);
    fails(1);
    expect([breaker.enter(), changes]).toEqual([5000, ['open']]);
  });
});
