// The supply of issued tokens: its cache, single flight, the renewal ahead, remembered rejections.
import { beforeEach, describe, expect, test } from 'vitest';
import type { Failure } from '../../../src/core/failure.js';
import { exchangeGatewayRejected, exchangeRefused, exchangeUnavailable } from '../../../src/core/failures.js';
import { ok, type Result } from '../../../src/core/result.js';
import type { IssuedToken } from '../../../src/proxy/credentials/issued-token.js';
import { createTokenSupply, type TokenSupply } from '../../../src/proxy/credentials/token-supply.js';
import { type TestClock, testClock } from '../../support/clock.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
let clock: TestClock;
let supply: TokenSupply;
let asked: boolean[];
let hold: Promise<void> | undefined;
/** The next answers. Without one: a new token for `lifeMs`. */
let next: (Failure | Error)[];
let lifeMs: number;

beforeEach(() => {
  clock = testClock();
  supply = createTokenSupply({ clock, random: () => 1, remembered: [exchangeRefused] });
  asked = [];
  hold = undefined;
  next = [];
  lifeMs = 5 * MINUTE;
});

async function ask(isKnown: boolean): Promise<Result<IssuedToken>> {
  asked.push(isKnown);
  const count = asked.length;
  await hold;
  const planned = next.shift();
  if (planned instanceof Error) throw planned;
  return planned ?? ok({ accessToken: `issued-${count}`, endsAtMs: clock.wallMs() + lifeMs });
}

/** The token or the reason. */
async function get(key = 'a', callerEndsInMs: number | null = null): Promise<string> {
  const found = await supply.headers(key, callerEndsInMs === null ? null : clock.wallMs() + callerEndsInMs, ask);
  return found.ok ? found.value.join(' ') : found.definition.reason;
}
const bearer = (count: number): string => `authorization Bearer issued-${count}`;
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the cache', () => {
  test('serves a token until five seconds before its end', async () => {
    expect([await get(), await get()]).toEqual([bearer(1), bearer(1)]);
    hold = new Promise(() => {});
    clock.advance(295 * SECOND - 1);
    expect(await get()).toBe(bearer(1));
    hold = undefined;
  });
  test('serves it at once, without a promise', async () => {
    await get();
    expect(supply.headers('a', null, ask)).not.toBeInstanceOf(Promise);
  });
  test('has one token for each key (E-07)', async () => {
    expect([await get('a'), await get('b'), await get('a')]).toEqual([bearer(1), bearer(2), bearer(1)]);
  });
  test('never serves it past the end of the caller (C-128)', async () => {
    expect(await get('a', 60 * SECOND)).toBe(bearer(1));
    clock.advance(55 * SECOND);
    expect(await get('a', 5 * SECOND)).toBe(bearer(2));
  });
  test('never serves it past its end where the wall clock is set forward', async () => {
    await get();
    clock.setWall(clock.wallMs() + 10 * MINUTE);
    expect(await get()).toBe(bearer(2));
  });
  test('does not serve it longer where the wall clock is set back', async () => {
    await get();
    clock.setWall(clock.wallMs() - 60 * MINUTE);
    clock.advance(295 * SECOND);
    expect(await get()).toBe(bearer(2));
  });
  test('does not keep a token that ends within five seconds', async () => {
    lifeMs = 4 * SECOND;
    expect([await get(), await get()]).toEqual([bearer(1), bearer(2)]);
  });
});

describe('single flight', () => {
  test('50 calls at once are one request', async () => {
    const all = await Promise.all(Array.from({ length: 50 }, () => get()));
    expect([new Set(all), asked.length]).toEqual([new Set([bearer(1)]), 1]);
  });
  test('an exception reaches the calls, and the next call asks anew', async () => {
    next = [new Error('a bug')];
    await expect(get()).rejects.toThrow('a bug');
    expect(await get()).toBe(bearer(2));
  });
});

describe('a renewal ahead', () => {
  test('starts after 80 % of the life, one at a time, while the old token serves', async () => {
    await get();
    clock.advance(236 * SECOND - 1);
    await get();
    expect(asked.length).toBe(1);
    clock.advance(1);
    let release = (): void => {};
    hold = new Promise((resolve) => {
      release = resolve;
    });
    expect([await get(), await get(), asked]).toEqual([bearer(1), bearer(1), [false, true]]);
    release();
    await settled();
    expect([await get(), asked.length]).toEqual([bearer(2), 2]);
  });
  test.each([
    ['a failure of the server', exchangeUnavailable()],
    ['a rejection of the gateway', exchangeGatewayRejected()],
    ['a rejection of the token', exchangeRefused()],
    ['a bug', new Error('a bug')],
  ])('after %s the old token serves, and the next tries wait 1, 2, 4 seconds', async (_what, failure) => {
    await get();
    next = [failure, failure, failure];
    clock.advance(236 * SECOND);
    for (const [waitMs, total] of [
      [1 * SECOND, 2],
      [2 * SECOND, 3],
      [4 * SECOND, 4],
    ] as const) {
      expect(await get()).toBe(bearer(1));
      await settled();
      clock.advance(waitMs - 1);
      expect([await get(), asked.length]).toEqual([bearer(1), total]);
      clock.advance(1);
    }
    await get();
    await settled();
    expect(await get()).toBe(bearer(5));
  });
  test('does not happen where the caller ends first', async () => {
    await get('a', 2 * MINUTE);
    clock.advance(114 * SECOND);
    expect([await get('a', 6 * SECOND), asked.length]).toEqual([bearer(1), 1]);
  });
});

describe('a rejection', () => {
  test('of this token is remembered for five seconds, and for this token alone', async () => {
    next = [exchangeRefused()];
    expect([await get(), await get(), await get('b'), asked.length]).toEqual([
      'exchange.refused',
      'exchange.refused',
      bearer(2),
      2,
    ]);
    clock.advance(5 * SECOND - 1);
    expect(await get()).toBe('exchange.refused');
    clock.advance(1);
    expect(await get()).toBe(bearer(3));
  });
  test.each([exchangeUnavailable(), exchangeGatewayRejected()])(
    'that is a failure of the server is not remembered',
    async (failure) => {
      next = [failure];
      expect([await get(), await get()]).toEqual([failure.definition.reason, bearer(2)]);
    },
  );
});

describe('the upstream rejects a token', () => {
  test('the next call gets a new one, at most once within five seconds', async () => {
    await get();
    supply.drop('a');
    expect(await get()).toBe(bearer(2));
    supply.drop('a');
    expect(await get()).toBe(bearer(2));
    clock.advance(5 * SECOND);
    supply.drop('a');
    expect(await get()).toBe(bearer(3));
  });
  test('other tokens stay', async () => {
    await get('b');
    supply.drop('a');
    expect(await get('b')).toBe(bearer(1));
  });
});

test('a caller is known for ten minutes after its token', async () => {
  await get();
  clock.advance(295 * SECOND);
  await get();
  clock.advance(295 * SECOND + 10 * MINUTE);
  await get();
  expect(asked).toEqual([false, true, false]);
});
