// The table of JWS algorithms: how the gateway verifies each one, and the keys that it is for. Also
// compares their names (RFC 7518 section 3.1, RFC 8037, RFC 9864).
import { constants, type SigningOptions } from 'node:crypto';
import type { Failure } from '../core/failure.js';
import { tokenAlgorithm } from '../core/failures.js';

/** The members of a JWK that decide for which algorithms it is. */
export interface KeyForm {
  readonly kty?: unknown;
  readonly crv?: unknown;
}

/** How the gateway verifies the signatures of one algorithm, and the keys that it is for. */
export interface Algorithm {
  readonly keyType: 'RSA' | 'EC' | 'OKP';
  /** The only curve of the algorithm; null for RSA. */
  readonly curve: string | null;
  /** Null: the algorithm hashes the text itself. */
  readonly digest: string | null;
  /** The length of every signature; null: that of the modulus. */
  readonly signatureBytes: number | null;
  /** Options of node:crypto. The defaults would take signatures of other forms, too. */
  readonly options: SigningOptions;
}

const { RSA_PKCS1_PADDING, RSA_PKCS1_PSS_PADDING } = constants;

const pkcs1 = (digest: string): Algorithm => ({
  keyType: 'RSA',
  curve: null,
  digest,
  signatureBytes: null,
  options: { padding: RSA_PKCS1_PADDING },
});

/** The salt is exactly as long as the digest (RFC 7518 section 3.5). */
const pss = (digest: string, saltLength: number): Algorithm => ({
  ...pkcs1(digest),
  options: { padding: RSA_PKCS1_PSS_PADDING, saltLength },
});

/** A signature is two numbers of the length of the curve, not DER (RFC 7518 section 3.4). */
const ecdsa = (digest: string, curve: string, signatureBytes: number): Algorithm => ({
  keyType: 'EC',
  curve,
  digest,
  signatureBytes,
  options: { dsaEncoding: 'ieee-p1363' },
});

/** The gateway uses no Ed448. */
const ed25519: Algorithm = {
  keyType: 'OKP',
  curve: 'Ed25519',
  digest: null,
  signatureBytes: 64,
  options: {},
};

/** Every algorithm that the gateway verifies (RFC 7518 section 3.1, RFC 8037, RFC 9864). */
const ALGORITHMS: ReadonlyMap<string, Algorithm> = new Map([
  ['RS256', pkcs1('sha256')],
  ['RS384', pkcs1('sha384')],
  ['RS512', pkcs1('sha512')],
  ['PS256', pss('sha256', 32)],
  ['PS384', pss('sha384', 48)],
  ['PS512', pss('sha512', 64)],
  ['ES256', ecdsa('sha256', 'P-256', 64)],
  ['ES384', ecdsa('sha384', 'P-384', 96)],
  ['ES512', ecdsa('sha512', 'P-521', 132)],
  ['EdDSA', ed25519],
  ['Ed25519', ed25519],
]);

/** Undefined for a name that the gateway does not verify. */
export const algorithmOf = (name: unknown): Algorithm | undefined => ALGORITHMS.get(name as string);

/** RFC 9864 gives EdDSA with the curve Ed25519 a name of its own. */
export const otherName = (algorithm: string): string =>
  algorithm === 'Ed25519' ? 'EdDSA' : algorithm === 'EdDSA' ? 'Ed25519' : algorithm;

/** True if both names mean the same algorithm. Names are case-sensitive. */
export const isSameAlgorithm = (one: string, other: string): boolean =>
  one === other || one === otherName(other);

/** True if a key of this type and curve is for the algorithm. */
export function fitsAlgorithm({ kty, crv }: KeyForm, algorithm: string): boolean {
  const found = algorithmOf(algorithm);
  if (found === undefined || found.keyType !== kty) return false;
  return found.curve === null || found.curve === crv;
}

/** Why the curve of a key is wrong: an OKP key needs Ed25519, an EC key that of its `alg`. */
export function whyWrongCurve({ kty, crv, alg }: KeyForm & { alg?: unknown }): string | null {
  if (kty === 'OKP') return crv === ed25519.curve ? null : 'OKP curve other than Ed25519';
  const named = algorithmOf(alg);
  const isOtherCurve = kty === 'EC' && named?.keyType === 'EC' && named.curve !== crv;
  return isOtherCurve ? 'EC curve other than that of its alg' : null;
}

/** Names of algorithms for encryption, which a key can have in its `alg` (RFC 7518 section 4.1). */
export const isForEncryption = (algorithm: unknown): boolean =>
  typeof algorithm === 'string' && /^(RSA|ECDH|A\d{3}|dir$|PBES2|HPKE)/.test(algorithm);

/** Callers choose this text, and it goes to the log. */
const PRINTABLE_NAME = /^[A-Za-z0-9.+_-]{1,20}$/;

function unacceptable(alg: unknown): string {
  if (typeof alg !== 'string' || !PRINTABLE_NAME.test(alg))
    return 'alg does not have the form of a name';
  if (/^none$/i.test(alg)) return `alg ${alg}: the token has no signature`;
  if (/^HS\d/.test(alg))
    return (
      `alg ${alg}: only the issuer can verify such a token; ` +
      'it may be a refresh token, such as one of Keycloak'
    );
  return `alg ${alg} is not in \`algorithms\` of this issuer`;
}

/** Rejects a token whose `alg` is not in the list; null for one that is. */
export function rejectAlgorithm(alg: unknown, accepted: readonly string[]): Failure | null {
  if (typeof alg === 'string' && accepted.some((one) => isSameAlgorithm(one, alg))) return null;
  return tokenAlgorithm({ detail: unacceptable(alg) });
}
