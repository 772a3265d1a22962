// The parts in which two almost equal URLs differ.
import { expect, test } from 'vitest';
import { nearMiss, nearMissText } from '../../src/core/near-miss.js';

const ISSUER = 'https://auth.example.com/acme';
const TENANT = 'https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555';

test.each<[string, string, string]>([
  ['https://auth.example.com/acme/', ISSUER, 'the slash at the end'],
  ['https://auth.example.com', 'https://auth.example.com/', 'the slash at the end'],
  ['http://auth.example.com/acme', ISSUER, 'the scheme (http, https)'],
  ['HTTPS://auth.example.com/acme', ISSUER, 'capital letters of the scheme'],
  ['https://Auth.example.com/acme', ISSUER, 'capital letters of the host'],
  ['https://auth.example.com/Acme', ISSUER, 'capital letters of the path'],
  ['https://auth.example.com:443/acme', ISSUER, 'the port (:443)'],
  ['http://auth.example.com:80/', 'http://auth.example.com/', 'the port (:80)'],
  ['http://auth.example.com:80/acme/', ISSUER, 'the scheme (http, https) and the port (:80) and the slash at the end'],
  [`${TENANT}/v2.0`, TENANT, '/v2.0 at the end'],
  [`${TENANT}/`, `${TENANT}/v2.0`, '/v2.0 at the end and the slash at the end'],
  ['https://auth.example.com/other', ISSUER, 'the path'],
])('%s and %s differ only in %s', (value, known, parts) => {
  const near = nearMiss(value, ['https://elsewhere.example.com', known], true);
  expect(near === null ? null : nearMissText(near)).toBe(`it differs from "${known}" only in ${parts}`);
});

test.each([
  'https://auth.example.com.evil.example/acme',
  'https://auth.example.com:8443/acme',
  'https://auth.example.com/acme?x',
  'https://user@auth.example.com/acme',
  'urn:acme',
  '',
  `https://auth.example.com/${'a'.repeat(5_000)}`,
  ISSUER,
])('%s is not near', (value) => expect(nearMiss(value, [ISSUER], true)).toBeNull());

test('another path is near only where the caller says so, and the nearest wins', () => {
  expect(nearMiss('https://auth.example.com/b', [ISSUER], false)).toBeNull();
  const known = ['http://auth.example.com/acme', ISSUER, 'https://auth.example.com/b'];
  expect(nearMiss(`${ISSUER}/`, known, true)?.known).toBe(ISSUER);
});

test('another port is near only where the caller says so', () => {
  const other = 'https://auth.example.com:8443/acme';
  expect(nearMiss(other, [ISSUER], true)).toBeNull();
  expect(nearMiss(other, [ISSUER], false, true)?.differs).toEqual(['the port']);
  expect(nearMiss(`${other}/b`, [ISSUER], false, true)).toBeNull();
});
