// The form of a token, before any check.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { containsJws, shapeOf } from '../../src/verify/jws.js';
import { mintToken, rsaKey } from '../fixtures/mint.js';

const part = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
const HEADER = part({ alg: 'RS256' });
const CLAIMS = part({ iss: 'x' });
const JWS = `${HEADER}.${CLAIMS}.c2ln`;

describe('a JWS (C-40)', () => {
  test('gives header and claims', () => {
    expect(shapeOf(JWS)).toEqual({ kind: 'jws', header: { alg: 'RS256' }, claims: { iss: 'x' } });
  });

  test('is the token that an issuer mints', () => {
    const token = mintToken({ issuer: 'https://a.example', audience: 'b', key: rsaKey() });
    expect(shapeOf(token)).toMatchObject({
      kind: 'jws',
      header: { alg: 'RS256', typ: 'at+jwt' },
      claims: { iss: 'https://a.example', aud: 'b' },
    });
  });

  test.each([
    ['not JSON', part('{')],
    ['an array', part('[1]')],
    ['null', part('null')],
    ['a string', part('"x"')],
    ['not UTF-8', Buffer.from([0x7b, 0xff, 0x7d]).toString('base64url')],
    ['a byte order mark', part('\ufeff{}')],
  ])('whose payload is %s has no claims', (_what, payload) => {
    expect(shapeOf(`${HEADER}.${payload}.c2ln`)).toMatchObject({ kind: 'jws', claims: null });
  });

  test.each([1, null, ['none'], {}])('with alg %j is a malformed JWS, not an opaque token (C-95)', (alg) => {
    expect(shapeOf(`${part({ alg })}.${CLAIMS}.c2ln`)).toMatchObject({ kind: 'jws', header: { alg } });
    expect(containsJws(`x.${part({ alg })}.${CLAIMS}`)).toBe(true);
  });

  test('with a duplicate name has the last value, as JSON.parse reads it (C-43)', () => {
    expect(shapeOf(`${HEADER}.${part('{"aud":"a","aud":"b"}')}.c2ln`)).toMatchObject({ claims: { aud: 'b' } });
  });
});

test('a header that is remembered keeps no token in memory (C-87, no raw token)', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const heapMb = (): number => {
    collect();
    return process.memoryUsage().heapUsed / (1 << 20);
  };
  const before = heapMb();
  for (let i = 0; i < 40; i++) {
    const token = `${part({ alg: 'RS256', kid: `remembered ${i}` })}.${'A'.repeat(1 << 20)}.c2ln`;
    expect(shapeOf(Buffer.from(token).toString()).kind).toBe('jws');
  }
  expect(heapMb() - before).toBeLessThan(20);
});

describe('opaque', () => {
  test.each([
    ['a word', 'ory_at_0123456789'],
    ['a UUID', '5f0c3a0e-0000-4000-8000-000000000000'],
    ['two parts', `${HEADER}.${CLAIMS}`],
    ['four parts', `${JWS}.x`],
    ['six parts', `${JWS}.x.y.z`],
    ['three words without a JOSE header (C-97)', 'a.b.c'],
    ['no payload', `${HEADER}..c2ln`],
    ['no header', `.${CLAIMS}.c2ln`],
    ['only dots', '..'],
    ['padding', `${HEADER}=.${CLAIMS}.c2ln`],
    ['unused bits in the signature (S10)', `${HEADER}.${CLAIMS}.c2l`],
    ['unused bits in the payload', `${HEADER}.e31.c2ln`],
    ['an incomplete last byte', `${HEADER}.${CLAIMS}.c2lnA`],
    ['the base64 alphabet', `${HEADER}.${CLAIMS}.c2/n`],
    ['white space', `${HEADER}.${CLAIMS}.c2ln `],
    ['a header without alg', `${part({ typ: 'JWT' })}.${CLAIMS}.c2ln`],
    ['a header that is an array', `${part([{ alg: 'RS256' }])}.${CLAIMS}.c2ln`],
    ['a header that is not UTF-8', `${Buffer.from('{"alg":"RS256","x":"\xff"}', 'latin1').toString('base64url')}.${CLAIMS}.c2ln`],
    ['JSON serialization', '{"payload":"e30","protected":"e30","signature":""}'],
    ['nothing', ''],
  ])('%s is not a JWS (C-40)', (_what, token) => {
    expect(shapeOf(JWS).kind).toBe('jws');
    expect(shapeOf(token).kind).toBe('opaque');
  });
});

describe('encrypted', () => {
  test.each([
    ['all parts', `${part({ alg: 'RSA-OAEP', enc: 'A256GCM' })}.a.b.c.d`],
    ['an empty key, as direct encryption has', `${part({ alg: 'dir', enc: 'A256GCM' })}..b.c.d`],
    ['an unreadable header', 'a.b.c.d.e'],
  ])('five parts: %s (C-40, C-44)', (_what, token) => {
    expect(shapeOf(token)).toEqual({ kind: 'encrypted' });
  });
});

describe('a JOSE header within a text (C-102)', () => {
  const shortest = part('{"alg":""}');
  test.each([
    ['a JWS', JWS],
    ['one in quotes', `token="${JWS}", x=y`],
    ['an unsigned one', `${HEADER}.${CLAIMS}.`],
    ['an encrypted one', `${part({ alg: 'dir', enc: 'A256GCM' })}..b.c.d`],
    ['the shortest', `${shortest}.`],
    ['one after parts without a header', `a.b.${CLAIMS}.${JWS}`],
  ])('is found in %s', (_what, text) => expect(containsJws(text)).toBe(true));

  test.each(['', '.', 'a.b.c', 'v1.0123456789abcdef.x', `${CLAIMS}.${CLAIMS}.x`, shortest, HEADER, `${HEADER} .x`])(
    'is not found in %j',
    (text) => {
      expect(containsJws(text)).toBe(false);
    },
  );

  test('is found or not found quickly, in any text', () => {
    const started = performance.now();
    for (const text of [
      'a'.repeat(32_000),
      'a.'.repeat(16_000),
      `${'a'.repeat(16_000)}!${'a'.repeat(15_000)}`,
      `${shortest}x.`.repeat(2_000),
    ])
      containsJws(text);
    expect(performance.now() - started).toBeLessThan(500);
  });
});
