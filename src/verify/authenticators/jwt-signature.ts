// Verifies the signature of a JWT with the published keys of its issuer (RFC 7515 section 5.2).
import type { CryptoKey } from 'jose';
import * as errors from 'jose/errors';
import { compactVerify } from 'jose/jws/compact/verify';
import type { Failure } from '../../core/failure.js';
import {
  tokenAlgorithm,
  tokenKeyUnknown,
  tokenMalformed,
  tokenSignature,
} from '../../core/failures.js';
import { ok, type Result } from '../../core/result.js';
import { type KeySet, keyFor, type VerifyKey } from '../issuer/jwk-set.js';
import type { KeySource } from '../issuer/jwks.js';
import type { UnverifiedJwt } from './jwt.js';

/**
 * Keys may share a kid, and a token or a key may have none (RFC 7515 section 4.1.4, RFC 7517
 * section 4.5). Each key that is tried costs a verification.
 */
const MAX_KEYS_TRIED = 4;

const JOSE_FAILURES: Readonly<Record<string, () => Failure>> = {
  ERR_JWS_INVALID: () => tokenMalformed(),
  ERR_JWT_INVALID: () => tokenMalformed(),
  ERR_JOSE_ALG_NOT_ALLOWED: () => tokenAlgorithm(),
  ERR_JOSE_NOT_SUPPORTED: () => tokenAlgorithm(),
};

type SignedHeader = { readonly alg: string; readonly kid?: string | undefined };

/** Why none of the keys verifies the signature, for the log. */
function noKeyVerifies({ alg, kid }: SignedHeader, fitting: number): string {
  const keys = fitting === 1 ? '1 published key' : `${fitting} published keys`;
  const which = `for alg ${alg}${kid === undefined ? ', and the token has no kid' : ' and this kid'}`;
  const tried = fitting > MAX_KEYS_TRIED ? `; the gateway tried ${MAX_KEYS_TRIED} of them` : '';
  return `the signature fails with ${keys} ${which}${tried}`;
}

/**
 * The thumbprint of the key that signed the token. Verifies with jose, whose webcrypto works on the
 * thread pool. A callback to crypto.verify would halve the cost of a forged signature. But the code
 * of jose is audited, and a verified token is cached.
 */
async function signedBy(
  token: string,
  header: SignedHeader,
  keys: readonly VerifyKey[],
): Promise<Result<string>> {
  const { alg, kid } = header;
  const fitting = keys.filter((key) => keyFor(key, alg) !== undefined);
  for (const key of fitting.slice(0, MAX_KEYS_TRIED)) {
    try {
      await compactVerify(token, keyFor(key, alg) as CryptoKey, { algorithms: [alg] });
      return ok(key.thumbprint);
    } catch (error) {
      if (error instanceof errors.JWSSignatureVerificationFailed) continue;
      const known = error instanceof errors.JOSEError ? JOSE_FAILURES[error.code] : undefined;
      if (known === undefined) throw error;
      return known();
    }
  }
  if (fitting.length > 0) return tokenSignature({ detail: noKeyVerifies(header, fitting.length) });
  const which = kid === undefined ? 'key' : 'key with this kid';
  return tokenKeyUnknown({ detail: `no published ${which} is for alg ${alg}` });
}

/** Other callers may replace the set while a token waits. It fails after this many sets. */
const MAX_NEWER_SETS = 3;

/** `before`: the failure with all keys of the set that the gateway has, which are `tried`. */
async function signedByNewer(
  token: string,
  { claims, header }: UnverifiedJwt,
  keys: KeySource,
  tried: readonly VerifyKey[],
  before: Failure,
): Promise<Result<string>> {
  let last: Result<string> = before;
  for (let i = 0, known = tried; i < MAX_NEWER_SETS; i++) {
    const newer = await keys.findNewer(known, claims.iat as number | undefined);
    if (newer === null) return last;
    if (!newer.ok) return newer;
    known = newer.value.keys;
    last = await signedBy(token, header as SignedHeader, known);
    if (last.ok || newer.value.isFinal) return last;
  }
  return last;
}

/** A token without kid names no key. Its key may be newer than the set (C-66, rotated keys). */
async function verifyWithoutKid(
  token: string,
  jwt: UnverifiedJwt,
  keys: KeySource,
): Promise<Result<string>> {
  const found = await keys.find(undefined, jwt.claims.iat as number | undefined);
  if (!found.ok) return found;
  const signed = await signedBy(token, jwt.header as SignedHeader, found.value);
  return signed.ok ? signed : signedByNewer(token, jwt, keys, found.value, signed);
}

/** The kid of a key is optional too: a key without one may have signed any token of the issuer. */
async function verifyWithKid(
  token: string,
  { claims, header }: UnverifiedJwt,
  keys: KeySource,
): Promise<Result<string>> {
  const signed = header as SignedHeader;
  const byNameless = (set: KeySet | null): Promise<Result<string>> =>
    signedBy(token, signed, set?.keys.filter(({ kid }) => kid === null) ?? []);
  const set = keys.peekKeySet();
  const isPublished = set?.keys.some(({ kid }) => kid === signed.kid);
  // Before a fetch for the kid: such an issuer never publishes one.
  const early = isPublished ? null : await byNameless(set);
  // `usableKeySet` starts the refresh that is due by age.
  if (early?.ok && keys.usableKeySet() !== null) return early;
  const found = await keys.find(signed.kid, claims.iat as number | undefined);
  if (found.ok) return signedBy(token, signed, found.value);
  const latest = keys.peekKeySet();
  const late = latest === set ? early : await byNameless(latest);
  return late?.ok ? late : found;
}

/** Verifies the signature with a key of the issuer. Returns the thumbprint of that key. */
export function verifySignature(
  token: string,
  jwt: UnverifiedJwt,
  keys: KeySource,
): Promise<Result<string>> {
  const verify = jwt.header.kid === undefined ? verifyWithoutKid : verifyWithKid;
  return verify(token, jwt, keys);
}
