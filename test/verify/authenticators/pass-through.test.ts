// A legacy credential that the upstream verifies: handed on as it came, but no tunnel and not past its day.
import { describe, expect, test } from 'vitest';
import type { Caller } from '../../../src/core/principal.js';
import type { Result } from '../../../src/core/result.js';
import { createPassThroughAuthenticator } from '../../../src/verify/authenticators/pass-through.js';
import { mintToken, rsaKey } from '../../fixtures/mint.js';
import { testClock } from '../../support/clock.js';
import { endpoint, keyRule, legacy, tokenRule } from '../../support/endpoint.js';
import { kindOf } from '../../support/kinds.js';

const clock = testClock();
const JWS = mintToken({ issuer: 'https://a.example', audience: 'b', key: rsaKey() });
const JWE = `${Buffer.from('{"alg":"dir","enc":"A256GCM"}').toString('base64url')}..a.b.c`;
const judge = (key: string, rule = tokenRule) =>
  createPassThroughAuthenticator(clock).authenticate(legacy(key, rule), endpoint()) as Result<Caller>;

test.each(['abc', '9944b09199c62bcf9418ad846dd0e4bbdfc6ee4b', 'a.b.c', 'v1.abc', 'token="abc"', 'a,b', 'dG9rZW4='])(
  '%s is handed on untouched (C-101)',
  (key) => {
    const credential = legacy(key);
    expect(createPassThroughAuthenticator(clock).authenticate(credential, endpoint())).toEqual({
      ok: true,
      value: { kind: 'pass-through', credential },
    });
  },
);

describe('a JWT under a legacy scheme is refused (C-102)', () => {
  test.each([
    ['bare', JWS],
    ['in quotes', `"${JWS}"`],
    ['as a parameter', `token=${JWS}`],
    ['as a quoted parameter', `token="${JWS}", x=y`],
    ['behind a second scheme', `Bearer ${JWS}`],
    ['behind a tab', `x\t${JWS}`],
    ['behind a comma', `x,${JWS}`],
    ['behind a semicolon', `x;${JWS}`],
    ['in single quotes', `'${JWS}'`],
    ['encrypted', JWE],
    ['unsigned', `${JWS.slice(0, JWS.lastIndexOf('.'))}.`],
    ['with a bad signature, which nobody would look at', `${JWS.slice(0, JWS.lastIndexOf('.'))}.c2ln`],
  ])('%s', (_how, key) => {
    expect(kindOf(judge('abc'))).toBe('ok');
    expect(kindOf(judge(key))).toBe('audience.legacy');
    expect(kindOf(judge(key, keyRule))).toBe('audience.legacy');
  });
});

test('no audience is asked of it: its upstream verifies it (C-100)', () => {
  expect(kindOf(judge('abc'))).toBe('ok');
});

describe('the day on which it ends (C-107)', () => {
  const sunsetMs = Date.parse('2027-06-30');
  const at = (day: string) =>
    kindOf(
      createPassThroughAuthenticator(testClock(Date.parse(day))).authenticate(
        legacy('abc', { ...tokenRule, sunsetMs }),
        endpoint(),
      ) as Result<Caller>,
    );
  test('is the first on which it is refused', () => {
    expect(at('2027-06-29T23:59:59.999Z')).toBe('ok');
    expect(at('2027-06-30T00:00:00.000Z')).toBe('key.sunset');
    expect(at('2030-01-01')).toBe('key.sunset');
  });
});
