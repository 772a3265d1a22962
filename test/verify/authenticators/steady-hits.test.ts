// One token, sent every few seconds for hours. Its cached result must not outlive its key, its key
// set or its expiry.
import { expect, test } from 'vitest';

import { checkAudience } from '../../../src/authorize/audience.js';
import { createBearerAuthenticator } from '../../../src/verify/authenticators/bearer.js';
import { mintToken, rsaKey } from '../../fixtures/mint.js';
import { testClock } from '../../support/clock.js';
import { endpoint, ISSUER, RESOURCE } from '../../support/endpoint.js';
import { issuerRuntime } from '../../support/issuer.js';
import { testKeys } from '../../support/keys.js';
import { reasonOf } from '../../support/kinds.js';

const old = rsaKey({ kid: 'old' });
const fresh = rsaKey({ kid: 'new' });
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const EVERY = 5 * SECOND;

function caller(lifeMs: number) {
  const clock = testClock(1_800_000_000_000);
  const keys = testKeys(clock, { published: [old, fresh] });
  const policy = { issuer: ISSUER, algorithms: ['RS256'], typ: 'at+jwt', clockToleranceSeconds: 0 } as const;
  const issuers = new Map([[ISSUER, issuerRuntime({ policy, keys: keys.source }, clock)]]);
  const bearer = createBearerAuthenticator(issuers, checkAudience, clock);
  const seconds = Math.floor(clock.wallMs() / SECOND);
  const times = { iat: seconds, nbf: seconds, exp: seconds + lifeMs / SECOND };
  const token = mintToken({ issuer: ISSUER, audience: RESOURCE, key: old, claims: times });
  const send = async () => reasonOf(await bearer.authenticate({ kind: 'bearer', token }, endpoint()));
  /** Sends until the result changes. Returns the time that it took, and the new result. */
  async function until(unchanged: string, limitMs: number): Promise<{ afterMs: number; reason: string }> {
    const start = clock.monotonicMs();
    while (clock.monotonicMs() - start < limitMs) {
      clock.advance(EVERY);
      const reason = await send();
      await keys.settled();
      if (reason !== unchanged) return { afterMs: clock.monotonicMs() - start, reason };
    }
    return { afterMs: clock.monotonicMs() - start, reason: unchanged };
  }
  return { clock, keys, send, until };
}

test('a removed key stops working within ten minutes (C-68, E-03)', async () => {
  const { keys, send, until } = caller(5 * HOUR);
  expect(await send()).toBe('ok');
  expect((await until('ok', HOUR)).reason).toBe('ok');
  keys.published = [fresh];
  const { afterMs, reason } = await until('ok', HOUR);
  expect(reason).toBe('token.key_unknown');
  expect(afterMs).toBeLessThanOrEqual(10 * MINUTE);
});

test('the result is 503 from 70 minutes after the last load of keys (C-67, row 12)', async () => {
  const { keys, send, until } = caller(5 * HOUR);
  expect(await send()).toBe('ok');
  keys.fails = 'connect: refused';
  const { afterMs, reason } = await until('ok', 3 * HOUR);
  expect(reason).toBe('keys.unavailable');
  expect(afterMs).toBe(70 * MINUTE);
  keys.fails = null;
  expect((await until('keys.unavailable', 5 * MINUTE)).reason).toBe('ok');
});

test('the refresh starts early, and a cache hit never waits for it (C-72, row 8)', async () => {
  const { keys, send, until, clock } = caller(5 * HOUR);
  expect(await send()).toBe('ok');
  expect(keys.loads).toBe(1);
  await until('ok', 8 * MINUTE - EVERY);
  expect(keys.loads).toBe(1);
  let release = (): void => {};
  keys.loadGate = new Promise((resolve) => {
    release = resolve;
  });
  clock.advance(EVERY);
  expect(await send()).toBe('ok');
  expect(keys.loads).toBe(2);
  expect(await send()).toBe('ok');
  release();
  await keys.settled();
});

test('the token stops working when it expires (C-38, E-03)', async () => {
  const { send, until } = caller(30 * MINUTE);
  expect(await send()).toBe('ok');
  expect(await until('ok', HOUR)).toEqual({ afterMs: 30 * MINUTE, reason: 'token.expired' });
});
