// Decides which keys of a published set can be used (RFC 7517, RFC 8725bis section 3.1): one algorithm per key, no private or symmetric
// key, RSA of at least 2048 bits with exponent 65537 and no known weakness. Junk is skipped key by key. Never decides when a set is fetched.
import { type CryptoKey, calculateJwkThumbprint, importJWK, type JWK } from 'jose';
import { isObject } from '../../core/json.js';

export interface VerifyKey {
  readonly kid: string | null;
  /** The one algorithm this key is used with. */
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
 * Small primes, each with the residues that a modulus of the weak generator of CVE-2017-15361 (ROCA) can leave: the powers of 65537. A
 * modulus that leaves one of them for every prime can be factored, so that anybody may sign; one in 10^8 others does so by chance.
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

/** The JWK's own `alg`, else the first configured algorithm that it fits; null if it can serve none of them. */
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
  if (jwk.kid !== undefined && typeof jwk.kid !== 'string') return 'kid is no string';
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

/** The usable keys of a fetched document, or why it is none: a set without a usable key is a failure, not an empty set. */
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
    const imported = isObject(jwk) ? await importKey(jwk as JWK, algorithms) : 'no object';
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
