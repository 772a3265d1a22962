// A pass-through credential, which the upstream verifies: forwarded unchanged, but never a JWT, and
// not after its sunset.
import { describe, expect, test } from 'vitest';
import type { Caller } from '../../../src/core/principal.js';
import type { Result } from '../../../src/core/result.js';
import { createPassThroughAuthenticator } from '../../../src/verify/authenticators/pass-through.js';
import { mintToken, rsaKey } from '../../fixtures/mint.js';
import { testClock } from '../../support/clock.js';
import { endpoint, keyRule, legacy, tokenRule } from '../../support/endpoint.js';
import { reasonOf } from '../../support/kinds.js';

const clock = testClock();
const JWS = mintToken({ issuer: 'https://a.example', audience: 'b', key: rsaKey() });
const JWE = `${Buffer.from('{"alg":"dir","enc":"A256GCM"}').toString('base64url')}..a.b.c`;
const authenticate = (key: string, rule = tokenRule) =>
  createPassThroughAuthenticator(clock).authenticate(legacy(key, rule), endpoint()) as Result<Caller>;

test.each(['abc', '9944b09199c62bcf9418ad846dd0e4bbdfc6ee4b', 'a.b.c', 'v1.abc', 'token="abc"', 'a,b', 'dG9rZW4='])(
  '%s is forwarded unchanged (C-101)',
  (key) => {
    const credential = legacy(key);
    expect(createPassThroughAuthenticator(clock).authenticate(credential, endpoint())).toEqual({
      ok: true,
      value: { kind: 'pass-through', credential },
    });
  },
);

describe('a JWT under a pass-through scheme is rejected (C-102)', () => {
  test.each([
    ['alone', JWS],
    ['in quotes', `"${JWS}"`],
    ['as a parameter', `token=${JWS}`],
    ['as a quoted parameter', `token="${JWS}", x=y`],
    ['after a second scheme', `Bearer ${JWS}`],
    ['after a tab', `x\t${JWS}`],
    ['after a comma', `x,${JWS}`],
    ['after a semicolon', `x;${JWS}`],
    ['in single quotes', `'${JWS}'`],
    ['encrypted', JWE],
    ['unsigned', `${JWS.slice(0, JWS.lastIndexOf('.'))}.`],
    ['with a bad signature, which is not verified', `${JWS.slice(0, JWS.lastIndexOf('.'))}.c2ln`],
  ])('%s', (_how, key) => {
    expect(reasonOf(authenticate('abc'))).toBe('ok');
    expect(reasonOf(authenticate(key))).toBe('audience.legacy');
    expect(reasonOf(authenticate(key, keyRule))).toBe('audience.legacy');
  });
});

test('its audience is not checked: the upstream verifies it (C-100)', () => {
  expect(reasonOf(authenticate('abc'))).toBe('ok');
});

describe('the sunset (C-107)', () => {
  const sunsetMs = Date.parse('2027-06-30');
  const at = (day: string) =>
    reasonOf(
      createPassThroughAuthenticator(testClock(Date.parse(day))).authenticate(
        legacy('abc', { ...tokenRule, sunsetMs }),
        endpoint(),
      ) as Result<Caller>,
    );
  test('is the first day on which it is rejected', () => {
    expect(at('2027-06-29T23:59:59.999Z')).toBe('ok');
    expect(at('2027-06-30T00:00:00.000Z')).toBe('key.sunset');
    expect(at('2030-01-01')).toBe('key.sunset');
  });
});
