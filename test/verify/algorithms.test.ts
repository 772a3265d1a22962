// Names of algorithms: the keys that they fit, two names of one, and rejections in the log.
import { describe, expect, test } from 'vitest';
import { fitsAlgorithm, isForEncryption, isSameAlgorithm, rejectAlgorithm } from '../../src/verify/algorithms.js';

const detailOf = (alg: unknown, accepted: string[] = ['RS256']): string | undefined => {
  const rejection = rejectAlgorithm(alg, accepted);
  if (rejection === null) return undefined;
  expect(rejection.definition.reason).toBe('token.algorithm');
  return rejection.detail;
};

describe('the algorithm of a token (C-32)', () => {
  test.each<[string, string[]]>([
    ['RS256', ['RS256']],
    ['RS512', ['RS256', 'RS512']],
    ['EdDSA', ['EdDSA']],
    ['Ed25519', ['EdDSA']],
    ['EdDSA', ['Ed25519']],
    ['Ed25519', ['Ed25519']],
  ])('%s is accepted by %j', (alg, accepted) => expect(detailOf(alg, accepted)).toBeUndefined());

  test.each<[unknown, string]>([
    ['RS512', 'alg RS512 is not in `algorithms` of this issuer'],
    ['PS256', 'alg PS256 is not in `algorithms` of this issuer'],
    ['Ed25519', 'alg Ed25519 is not in `algorithms` of this issuer'],
    ['rs256', 'alg rs256 is not in `algorithms` of this issuer'],
    ['none', 'alg none: the token has no signature'],
    ['NoNe', 'alg NoNe: the token has no signature'],
    ['', 'alg does not have the form of a name'],
    [undefined, 'alg does not have the form of a name'],
    [['RS256'], 'alg does not have the form of a name'],
    ['RS256\n{"level":"error"}', 'alg does not have the form of a name'],
    ['x'.repeat(21), 'alg does not have the form of a name'],
  ])('%j is rejected, and the detail names it where it is a name', (alg, detail) => expect(detailOf(alg)).toBe(detail));

  test.each(['HS256', 'HS384', 'HS512'])('%s: the detail says which token that may be, and never to add it', (alg) => {
    expect(detailOf(alg)).toBe(
      `alg ${alg}: only the issuer can verify such a token; it may be a refresh token, such as one of Keycloak`,
    );
  });
});

test.each([
  ['EdDSA', 'Ed25519', true],
  ['Ed25519', 'EdDSA', true],
  ['RS256', 'RS256', true],
  ['EdDSA', 'Ed448', false],
  ['EdDSA', 'eddsa', false],
  ['RS256', 'RS512', false],
])('%s and %s mean the same: %s', (one, other, same) => expect(isSameAlgorithm(one, other)).toBe(same));

test.each<[string, object, boolean]>([
  ['RS512', { kty: 'RSA' }, true],
  ['PS256', { kty: 'RSA' }, true],
  ['ES256', { kty: 'EC', crv: 'P-256' }, true],
  ['ES256', { kty: 'EC', crv: 'P-384' }, false],
  ['ES256', { kty: 'EC', crv: 'secp256k1' }, false],
  ['ES256', { kty: 'EC' }, false],
  ['Ed25519', { kty: 'OKP', crv: 'Ed25519' }, true],
  ['EdDSA', { kty: 'OKP', crv: 'X25519' }, false],
  ['EdDSA', { kty: 'OKP', crv: 'Ed448' }, false],
  ['HS256', { kty: 'oct' }, false],
  ['XX256', {}, false],
])('%s fits the key %j: %s (C-33)', (algorithm, key, fits) => expect(fitsAlgorithm(key, algorithm)).toBe(fits));

test.each([
  ['RSA-OAEP', true],
  ['RSA-OAEP-256', true],
  ['RSA1_5', true],
  ['ECDH-ES', true],
  ['A256KW', true],
  ['A256GCM', true],
  ['dir', true],
  ['RS256', false],
  ['ES256', false],
  ['EdDSA', false],
  ['HS256', false],
  [undefined, false],
  [5, false],
])('%s is for encryption: %s (RFC 7518 section 4.1)', (algorithm, encrypts) => expect(isForEncryption(algorithm)).toBe(encrypts));
