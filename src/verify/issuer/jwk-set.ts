// Reads the usable keys of a published key set (RFC 7517, RFC 8725bis section 3.1). Each key has
// one algorithm. An RSA key has at least 2048 bits, exponent 65537 and no known weakness. Private,
// symmetric and malformed keys are skipped, and the rest of the set stays usable.
import { type CryptoKey, calculateJwkThumbprint, importJWK, type JWK } from 'jose';
import { isObject } from '../../core/json.js';

export interface VerifyKey {
  readonly kid: string | null;
  /** The only algorithm with which the gateway uses this key. */
  readonly algorithm: string;
  /** SHA-256 thumbprint (RFC 7638): the same key keeps it when the set is fetched again. */
  readonly thumbprint: string;
  readonly key: CryptoKey;
}

export interface KeySet {
  readonly keys: readonly VerifyKey[];
  readonly thumbprints: ReadonlySet<string>;
}

const MAX_KEYS = 32;
const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];
const KEY_TYPE: Readonly<Record<string, string>> = { RS: 'RSA', PS: 'RSA', ES: 'EC', Ed: 'OKP' };
/** Each ECDSA algorithm has one curve (RFC 7518 section 3.4). */
const CURVE: Readonly<Record<string, string>> = { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' };

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

const fits = (jwk: JWK, algorithm: string): boolean =>
  KEY_TYPE[algorithm.slice(0, 2)] === jwk.kty &&
  (CURVE[algorithm] === undefined || CURVE[algorithm] === jwk.crv);

/** The `alg` of the JWK, else the first configured algorithm that it fits; null if none fits. */
function algorithmOf(jwk: JWK, algorithms: readonly string[]): string | null {
  const { alg } = jwk;
  if (alg !== undefined) return algorithms.includes(alg) && fits(jwk, alg) ? alg : null;
  return algorithms.find((algorithm) => fits(jwk, algorithm)) ?? null;
}

function whyUnusable(jwk: JWK): string | null {
  if (PRIVATE.some((member) => member in jwk)) return 'private or symmetric';
  if (jwk.use !== undefined && jwk.use !== 'sig') return 'not for signatures';
  if (jwk.key_ops !== undefined && !(Array.isArray(jwk.key_ops) && jwk.key_ops.includes('verify')))
    return 'not for verifying';
  if (jwk.kid !== undefined && typeof jwk.kid !== 'string') return 'kid is not a string';
  if (jwk.kty !== 'RSA') return null;
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

async function importKey(jwk: JWK, algorithms: readonly string[]): Promise<VerifyKey | string> {
  const unusable = whyUnusable(jwk);
  if (unusable !== null) return unusable;
  const algorithm = algorithmOf(jwk, algorithms);
  if (algorithm === null) return 'no accepted algorithm';
  try {
    const { kid, kty, n, e, crv, x, y } = jwk;
    const members = Object.fromEntries(
      Object.entries({ kty, n, e, crv, x, y }).filter(([, value]) => value !== undefined),
    );
    const key = (await importJWK(members, algorithm)) as CryptoKey;
    return { kid: kid ?? null, algorithm, thumbprint: await calculateJwkThumbprint(members), key };
  } catch {
    return 'cannot be imported';
  }
}

/**
 * Returns the usable keys of a fetched document, and why others were skipped. A set without a
 * usable key is a failure, not an empty set.
 */
export async function readKeySet(
  document: unknown,
  algorithms: readonly string[],
): Promise<
  | { readonly ok: true; readonly set: KeySet; readonly skipped: readonly string[] }
  | { readonly ok: false; readonly detail: string }
> {
  if (!isObject(document) || !Array.isArray(document.keys))
    return { ok: false, detail: 'not a key set' };
  if (document.keys.length > MAX_KEYS) return { ok: false, detail: `more than ${MAX_KEYS} keys` };
  const keys: VerifyKey[] = [];
  const skipped: string[] = [];
  for (const jwk of document.keys) {
    const imported = isObject(jwk) ? await importKey(jwk as JWK, algorithms) : 'not an object';
    if (typeof imported === 'string') skipped.push(imported);
    else keys.push(imported);
  }
  if (keys.length === 0)
    return { ok: false, detail: `no usable key (${skipped.join(', ') || 'empty set'})` };
  return {
    ok: true,
    set: { keys, thumbprints: new Set(keys.map((key) => key.thumbprint)) },
    skipped,
  };
}
