// Reads the usable keys of a published key set (RFC 7517, RFC 8725bis section 3.1). An RSA key has
// at least 2048 bits, exponent 65537 and no known weakness. Private, symmetric and malformed keys
// are skipped, and the rest of the set stays usable.
import { createPublicKey } from 'node:crypto';
import type { JWK } from 'jose';
import { calculateJwkThumbprint } from 'jose/jwk/thumbprint';
import { isObject } from '../../core/json.js';
import {
  fitsAlgorithm,
  isForEncryption,
  isSameAlgorithm,
  otherName,
  whyWrongCurve,
} from '../algorithms.js';
import { prepareKey, type SignatureKey } from '../signature.js';

export interface VerifyKey {
  readonly kid: string | null;
  /**
   * The key, prepared for each algorithm with which the gateway uses it. This is the `alg` of the
   * JWK. Without one, these are all configured algorithms of its type.
   */
  readonly byAlgorithm: ReadonlyMap<string, SignatureKey>;
  /** SHA-256 thumbprint (RFC 7638): the same key keeps it when the set is fetched again. */
  readonly thumbprint: string;
}

/** The key for this algorithm, by any of its names; undefined if the key is not for it. */
export const keyFor = ({ byAlgorithm }: VerifyKey, algorithm: string): SignatureKey | undefined =>
  byAlgorithm.get(algorithm) ?? byAlgorithm.get(otherName(algorithm));

export interface KeySet {
  readonly keys: readonly VerifyKey[];
  readonly thumbprints: ReadonlySet<string>;
}

const MAX_KEYS = 32;
/** Most reasons for skipped keys in one line of the log. */
const REASONS = 32;
const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];
/** Issuers publish keys for encryption beside the others, as Keycloak does in every realm. */
const FOR_OTHER_USE = 'not for signatures';

/**
 * Small primes, each with the residues that a modulus of a weak key (CVE-2017-15361, ROCA) can
 * have: the powers of 65537. An attacker can factor a modulus that has such a residue for every
 * prime, and can then sign. One in 10^8 other keys matches by chance.
 */
const ROCA: readonly (readonly [prime: bigint, residues: ReadonlySet<bigint>])[] = Array.from(
  { length: 167 },
  (_, at) => at + 1,
)
  .filter(
    (number) =>
      number > 2 &&
      Array.from({ length: number - 2 }, (_, at) => at + 2).every((by) => number % by !== 0),
  )
  .map(BigInt)
  .map((prime) => {
    const residues = new Set([1n]);
    for (let power = 65537n % prime; power !== 1n; power = (power * 65537n) % prime)
      residues.add(power);
    return [prime, residues] as const;
  });

/**
 * The Ed25519 keys of small order, without the sign: their y as hex digits, also in a second
 * encoding. Anyone can make signatures that such a key verifies.
 */
const SMALL_ORDER: ReadonlySet<string> = new Set([
  '00'.repeat(32),
  `01${'00'.repeat(31)}`,
  `ec${'ff'.repeat(30)}7f`,
  `ed${'ff'.repeat(30)}7f`,
  `ee${'ff'.repeat(30)}7f`,
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
]);

function whyWeakPoint({ kty, x }: JWK): string | null {
  if (kty !== 'OKP' || typeof x !== 'string') return null;
  const y = Buffer.from(x, 'base64url');
  // The first bit of the last byte is the sign.
  if (y.length === 32) y[31] = (y[31] as number) & 0x7f;
  return SMALL_ORDER.has(y.toString('hex')) ? 'Ed25519 key of small order' : null;
}

/** The algorithms of the list for which the key is. */
function algorithmsOf(jwk: JWK, algorithms: readonly string[]): readonly string[] {
  const { alg } = jwk;
  return algorithms.filter(
    (algorithm) =>
      fitsAlgorithm(jwk, algorithm) && (alg === undefined || isSameAlgorithm(alg, algorithm)),
  );
}

function whyUnusable(jwk: JWK): string | null {
  if (PRIVATE.some((member) => member in jwk)) return 'private or symmetric';
  if (jwk.use !== undefined && jwk.use !== 'sig') return FOR_OTHER_USE;
  if (isForEncryption(jwk.alg)) return FOR_OTHER_USE;
  if (jwk.key_ops !== undefined && !(Array.isArray(jwk.key_ops) && jwk.key_ops.includes('verify')))
    return 'not for verifying';
  if (jwk.kid !== undefined && typeof jwk.kid !== 'string') return 'kid is not a string';
  if (jwk.kty !== 'RSA') return whyWrongCurve(jwk) ?? whyWeakPoint(jwk);
  if (typeof jwk.n !== 'string' || typeof jwk.e !== 'string') return 'RSA members missing';
  const modulus = Buffer.from(jwk.n, 'base64url');
  let bits = modulus.length * 8;
  for (const byte of modulus) {
    bits -= byte === 0 ? 8 : Math.clz32(byte) - 24;
    if (byte !== 0) break;
  }
  if (bits < 2048) return `RSA of ${bits} bits`;
  const exponent = Buffer.from(jwk.e, 'base64url')
    .toString('hex')
    .replace(/^(00)+/, '');
  if (exponent !== '010001') return 'RSA exponent other than 65537';
  const number = BigInt(`0x${modulus.toString('hex')}`);
  return ROCA.every(([prime, residues]) => residues.has(number % prime))
    ? 'RSA key that can be factored (ROCA)'
    : null;
}

async function importKey(
  published: object,
  algorithms: readonly string[],
): Promise<VerifyKey | string> {
  // Some issuers write null for a member that a key does not have.
  const jwk: JWK = Object.fromEntries(
    Object.entries(published).filter(([, value]) => value !== null),
  );
  const unusable = whyUnusable(jwk);
  if (unusable !== null) return unusable;
  const own = algorithmsOf(jwk, algorithms);
  if (own.length === 0) return 'no accepted algorithm';
  try {
    const { kid = null, kty, n, e, crv, x, y } = jwk;
    const members = Object.fromEntries(
      Object.entries({ kty, n, e, crv, x, y }).filter(([, value]) => value !== undefined),
    );
    const key = createPublicKey({ key: members, format: 'jwk' });
    const byAlgorithm = new Map(own.map((algorithm) => [algorithm, prepareKey(key, algorithm)]));
    return { kid, byAlgorithm, thumbprint: await calculateJwkThumbprint(members) };
  } catch {
    return 'cannot be imported';
  }
}

function listed(reasons: readonly string[]): readonly string[] {
  const others = reasons.length - REASONS;
  return others > 0 ? [...reasons.slice(0, REASONS), `and ${others} more`] : reasons;
}

export type ReadKeySet =
  | {
      readonly ok: true;
      readonly set: KeySet;
      /** Why other keys are not used. */
      readonly skipped: readonly string[];
      /** True if all skipped keys are for another use, so that the operator has nothing to do. */
      readonly isUsual: boolean;
    }
  | { readonly ok: false; readonly detail: string; readonly isKeySet: boolean };

/**
 * Returns the usable keys of a fetched document, at most the first 32. A set without a usable key
 * is a failure, not an empty set.
 */
export async function readKeySet(
  document: unknown,
  algorithms: readonly string[],
): Promise<ReadKeySet> {
  if (!isObject(document) || !Array.isArray(document.keys))
    return { ok: false, detail: 'not a key set', isKeySet: false };
  const keys: VerifyKey[] = [];
  const reasons: string[] = [];
  for (const [at, jwk] of document.keys.entries()) {
    if (keys.length === MAX_KEYS) {
      reasons.push(`${document.keys.length - at} after the first ${MAX_KEYS} usable keys`);
      break;
    }
    const imported = isObject(jwk) ? await importKey(jwk, algorithms) : 'not an object';
    if (typeof imported === 'string') reasons.push(imported);
    else keys.push(imported);
  }
  const skipped = listed(reasons);
  if (keys.length === 0) {
    const detail = `no usable key (${skipped.join(', ') || 'empty set'})`;
    return { ok: false, detail, isKeySet: true };
  }
  return {
    ok: true,
    set: { keys, thumbprints: new Set(keys.map((key) => key.thumbprint)) },
    skipped,
    isUsual: reasons.every((reason) => reason === FOR_OTHER_USE),
  };
}
