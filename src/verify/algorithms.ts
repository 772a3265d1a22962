// Compares the names of JWS algorithms, and tells for which keys each one is (RFC 7518 section
// 3.1, RFC 8037, RFC 9864).
import type { Failure } from '../core/failure.js';
import { tokenAlgorithm } from '../core/failures.js';

/** The members of a JWK that decide for which algorithms it is. */
export interface KeyForm {
  readonly kty?: unknown;
  readonly crv?: unknown;
}

const KEY_TYPE: Readonly<Record<string, string>> = { RS: 'RSA', PS: 'RSA', ES: 'EC', Ed: 'OKP' };
/** The only curve of an algorithm (RFC 7518 section 3.4). The gateway uses no Ed448. */
const CURVE: Readonly<Record<string, string>> = {
  ES256: 'P-256',
  ES384: 'P-384',
  ES512: 'P-521',
  EdDSA: 'Ed25519',
  Ed25519: 'Ed25519',
};

/** RFC 9864 gives EdDSA with the curve Ed25519 a name of its own. */
const oneName = (algorithm: string): string => (algorithm === 'Ed25519' ? 'EdDSA' : algorithm);

/** True if both names mean the same algorithm. Names are case-sensitive. */
export const isSameAlgorithm = (one: string, other: string): boolean =>
  oneName(one) === oneName(other);

/** True if a key of this type and curve is for the algorithm. */
export const fitsAlgorithm = ({ kty, crv }: KeyForm, algorithm: string): boolean =>
  kty !== undefined &&
  KEY_TYPE[algorithm.slice(0, 2)] === kty &&
  (CURVE[algorithm] === undefined || CURVE[algorithm] === crv);

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
