// The headers that announce the end of a credential.
import { expect, test } from 'vitest';
import type { Caller } from '../../src/core/principal.js';
import { announceSunset } from '../../src/http/sunset.js';
import { apiKey, KEY, keyCaller, keyRule, passThroughCaller, principal, tokenRule } from '../support/endpoint.js';
import { exchange } from '../support/exchange.js';

const sunsetMs = Date.parse('2027-06-30');
const ENDING = ['deprecation', '@0', 'sunset', 'Wed, 30 Jun 2027 00:00:00 GMT'];

test.each<[string, Caller, string[]]>([
  ['an API key with a sunset', keyCaller(apiKey(KEY, { sunsetMs })), ENDING],
  ['its bridge token', keyCaller(apiKey(KEY, { sunsetMs }), 'bridge'), ENDING],
  ['a pass-through scheme with a sunset', passThroughCaller('k', { ...tokenRule, sunsetMs }), ENDING],
  ['a pass-through header with a sunset', passThroughCaller('k', { ...keyRule, sunsetMs }), ENDING],
  ['an API key without one', keyCaller(), []],
  ['a pass-through credential without one', passThroughCaller(), []],
  ['a token, whatever its own end', principal({ expiresAt: 1_800_000_000 }), []],
])('%s', (_who, caller, headers) => {
  const asked = exchange();
  announceSunset(asked, caller);
  expect(asked.responseHeaders).toEqual(['x-request-id', 'request-1', ...headers]);
});

test('each date is that of its own caller', () => {
  const dates = ['2027-06-30', '2028-02-29', '2027-06-30'].map((day) => {
    const asked = exchange();
    announceSunset(asked, keyCaller(apiKey(KEY, { sunsetMs: Date.parse(day) })));
    return asked.responseHeaders.at(-1);
  });
  expect(dates).toEqual([ENDING[3], 'Tue, 29 Feb 2028 00:00:00 GMT', ENDING[3]]);
});
