// Verifies the signature of a JWT with the published keys of its issuer (RFC 7515 section 5.2).
import type { Failure } from '../../core/failure.js';
import { tokenKeyUnknown, tokenSignature } from '../../core/failures.js';
import { andThen, type MaybeLater } from '../../core/maybe-later.js';
import { ok, type Result } from '../../core/result.js';
import { type KeySet, keyFor, type VerifyKey } from '../issuer/jwk-set.js';
import type { KeySource } from '../issuer/jwks.js';
import { isSignedBy, type SignatureKey, type SignedText, signedTextOf } from '../signature.js';
import type { UnverifiedJwt } from './jwt.js';

/**
 * Keys may share a kid, and a token or a key may have none (RFC 7515 section 4.1.4, RFC 7517
 * section 4.5). Each key that is tried costs a verification.
 */
const MAX_KEYS_TRIED = 4;

type SignedHeader = { readonly alg: string; readonly kid?: string | undefined };

/** Why none of the keys verifies the signature, for the log. */
function noKeyVerifies({ alg, kid }: SignedHeader, fitting: number): string {
  const keys = fitting === 1 ? '1 published key' : `${fitting} published keys`;
  const which = `for alg ${alg}${kid === undefined ? ', and the token has no kid' : ' and this kid'}`;
  const tried = fitting > MAX_KEYS_TRIED ? `; the gateway tried ${MAX_KEYS_TRIED} of them` : '';
  return `the signature fails with ${keys} ${which}${tried}`;
}

/** The first of the keys that signed the token; null: none did. One key is tried at a time. */
function signerOf(
  signed: SignedText,
  alg: string,
  [key, ...others]: readonly VerifyKey[],
): MaybeLater<VerifyKey | null> {
  if (key === undefined) return null;
  return andThen(isSignedBy(signed, keyFor(key, alg) as SignatureKey), (isSigner) =>
    isSigner ? key : signerOf(signed, alg, others),
  );
}

/** The thumbprint of the key that signed the token. */
function signedBy(
  signed: SignedText,
  header: SignedHeader,
  keys: readonly VerifyKey[],
): MaybeLater<Result<string>> {
  const { alg, kid } = header;
  const fitting = keys.filter((key) => keyFor(key, alg) !== undefined);
  if (fitting.length === 0) {
    const which = kid === undefined ? 'key' : 'key with this kid';
    return tokenKeyUnknown({ detail: `no published ${which} is for alg ${alg}` });
  }
  return andThen(signerOf(signed, alg, fitting.slice(0, MAX_KEYS_TRIED)), (signer) =>
    signer === null
      ? tokenSignature({ detail: noKeyVerifies(header, fitting.length) })
      : ok(signer.thumbprint),
  );
}

/** Other callers may replace the set while a token waits. It fails after this many sets. */
const MAX_NEWER_SETS = 3;

/** `before`: the failure with all keys of the set that the gateway has, which are `tried`. */
async function signedByNewer(
  signed: SignedText,
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
    last = await signedBy(signed, header as SignedHeader, known);
    if (last.ok || newer.value.isFinal) return last;
  }
  return last;
}

/** A token without kid names no key. Its key may be newer than the set (C-66, rotated keys). */
async function verifyWithoutKid(
  signed: SignedText,
  jwt: UnverifiedJwt,
  keys: KeySource,
): Promise<Result<string>> {
  const found = await keys.find(undefined, jwt.claims.iat as number | undefined);
  if (!found.ok) return found;
  const by = await signedBy(signed, jwt.header as SignedHeader, found.value);
  return by.ok ? by : signedByNewer(signed, jwt, keys, found.value, by);
}

/** The kid of a key is optional too: a key without one may have signed any token of the issuer. */
async function verifyUnknownKid(
  signed: SignedText,
  { claims, header }: UnverifiedJwt,
  keys: KeySource,
  set: KeySet | null,
): Promise<Result<string>> {
  const named = header as SignedHeader;
  const byNameless = (set: KeySet | null): MaybeLater<Result<string>> =>
    signedBy(signed, named, set?.keys.filter(({ kid }) => kid === null) ?? []);
  // Before a fetch for the kid: such an issuer never publishes one.
  const early = await byNameless(set);
  if (early.ok && keys.usableKeySet() !== null) return early;
  const found = await keys.find(named.kid, claims.iat as number | undefined);
  if (found.ok) return signedBy(signed, named, found.value);
  const latest = keys.peekKeySet();
  const late = latest === set ? early : await byNameless(latest);
  return late.ok ? late : found;
}

function verifyWithKid(
  signed: SignedText,
  jwt: UnverifiedJwt,
  keys: KeySource,
): MaybeLater<Result<string>> {
  const named = jwt.header as SignedHeader;
  const set = keys.peekKeySet();
  const published = set?.keys.filter(({ kid }) => kid === named.kid) ?? [];
  // `usableKeySet` starts the refresh that is due by age.
  return published.length > 0 && keys.usableKeySet() === set
    ? signedBy(signed, named, published)
    : verifyUnknownKid(signed, jwt, keys, set);
}

/**
 * Verifies the signature with a key of the issuer. Returns the thumbprint of that key: at once
 * where the gateway has the key and the check is short.
 */
export function verifySignature(
  token: string,
  jwt: UnverifiedJwt,
  keys: KeySource,
): MaybeLater<Result<string>> {
  const verify = jwt.header.kid === undefined ? verifyWithoutKid : verifyWithKid;
  return verify(signedTextOf(token), jwt, keys);
}
