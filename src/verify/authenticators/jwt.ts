// Verifies that a JWT is a genuine access token of one issuer (RFC 9068 section 4, RFC 8725). The
// checks that need no key come first, so that a bad token gets 401 even while the issuer is down.
// The audience is checked elsewhere.
import { compactVerify, errors } from 'jose';
import type { AccessToken } from '../../core/access-token.js';
import type { ClaimRules } from '../../core/claim-rules.js';
import type { Failure } from '../../core/failure.js';
import {
  tokenAlgorithm,
  tokenClaims,
  tokenKeyUnknown,
  tokenMalformed,
  tokenSignature,
  tokenType,
} from '../../core/failures.js';
import { ok, type Result } from '../../core/result.js';
import { type Claims, checkDates, toAccessToken } from '../claims.js';
import type { VerifyKey } from '../issuer/jwk-set.js';
import type { KeySource } from '../issuer/jwks.js';
import type { UnverifiedJws } from '../jws.js';

export interface JwtPolicy extends Partial<ClaimRules> {
  readonly issuer: string;
  readonly algorithms: readonly string[];
  /**
   * `at+jwt`: RFC 9068 only. `lenient`: also `JWT` or no `typ`, but never a token that is marked
   * as another kind.
   */
  readonly typ: 'at+jwt' | 'lenient';
  readonly clockToleranceSeconds: number;
  /** Claims that every access token of this issuer has: their only value; true: any value. */
  readonly requiredClaims?: Readonly<Record<string, string | true>>;
}

/** A JWS whose payload is a JSON object. */
export type UnverifiedJwt = UnverifiedJws & { readonly claims: Claims };

export interface Check {
  readonly name: string;
  /** Returns the failure, or null for a token that passes. */
  readonly reject: (token: UnverifiedJwt, policy: JwtPolicy, nowSeconds: number) => Failure | null;
}

const KID_CHARACTERS = 256;
/** Keys may share a kid (RFC 7517 section 4.5). Each key that is tried costs a verification. */
const MAX_KEYS_TRIED = 4;
const ACCESS_TOKEN_TYP = new Set(['at+jwt', 'application/at+jwt']);

const typOf = (header: Readonly<Record<string, unknown>>): unknown =>
  typeof header.typ === 'string' ? header.typ.toLowerCase() : header.typ;

/** The checks that need no key, in order. The first failure is the result. */
export const keylessChecks: readonly Check[] = [
  {
    name: 'issuer',
    reject: ({ claims }, policy) =>
      claims.iss === policy.issuer
        ? null
        : tokenClaims({ detail: 'iss is not the configured issuer' }),
  },
  {
    name: 'algorithm',
    reject: ({ header }, policy) =>
      policy.algorithms.includes(header.alg as string)
        ? null
        : tokenAlgorithm({ detail: 'alg is not an algorithm of this issuer' }),
  },
  {
    name: 'critical headers',
    // The gateway supports no extension. `b64` changes the signed bytes (RFC 7797).
    reject: ({ header }) =>
      header.crit === undefined && header.b64 === undefined
        ? null
        : tokenMalformed({ detail: 'a crit or b64 header' }),
  },
  {
    name: 'kid',
    reject: ({ header: { kid } }) =>
      kid === undefined || (typeof kid === 'string' && kid.length <= KID_CHARACTERS)
        ? null
        : tokenMalformed({ detail: `kid is not a string of at most ${KID_CHARACTERS} characters` }),
  },
  {
    name: 'typ',
    reject: ({ header }, policy) => {
      const typ = typOf(header);
      if (ACCESS_TOKEN_TYP.has(typ as string)) return null;
      if (policy.typ === 'lenient' && (typ === undefined || typ === 'jwt')) return null;
      return tokenType({ detail: 'typ is not that of an access token' });
    },
  },
  {
    name: 'other kinds of token',
    reject: ({ claims }) => {
      if (claims.token_use === 'id') return tokenType({ detail: 'token_use is id' });
      const marker = ['nonce', 'at_hash', 'c_hash', 'events'].find(
        (name) => claims[name] !== undefined,
      );
      return marker === undefined
        ? null
        : tokenType({ detail: `${marker} marks another kind of token` });
    },
  },
  {
    name: 'required claims',
    reject: ({ claims }, { requiredClaims = {} }) => {
      const failed = Object.keys(requiredClaims).find((name) => {
        const claim = Object.hasOwn(claims, name) ? (claims[name] ?? undefined) : undefined;
        return requiredClaims[name] === true ? claim === undefined : claim !== requiredClaims[name];
      });
      return failed === undefined
        ? null
        : tokenType({ detail: `${failed} is not that of an access token` });
    },
  },
  {
    name: 'dates',
    reject: ({ claims }, policy, nowSeconds) =>
      checkDates(claims, nowSeconds, policy.clockToleranceSeconds, true),
  },
];

const CHECKS_OF_KIND = ['other kinds of token', 'required claims'];

/**
 * The checks that every JWT must pass before the gateway introspects it. The claims are unverified
 * here: they can only cause a rejection.
 */
export const checksBeforeIntrospection: readonly Check[] = [
  {
    name: 'algorithm',
    reject: ({ header: { alg } }) =>
      typeof alg === 'string' && alg.toLowerCase() !== 'none'
        ? null
        : tokenAlgorithm({ detail: 'an unsigned JWT' }),
  },
  ...keylessChecks.filter(({ name }) => CHECKS_OF_KIND.includes(name)),
  {
    name: 'dates',
    reject: ({ claims }, policy, nowSeconds) =>
      checkDates(claims, nowSeconds, policy.clockToleranceSeconds, false),
  },
];

/** The access token that a JWT claims to be. Nothing in it is proven yet. */
export const unverifiedToken = (
  { claims, header }: UnverifiedJwt,
  policy: JwtPolicy,
): Result<AccessToken> => {
  const typIsAccessToken =
    ACCESS_TOKEN_TYP.has(typOf(header) as string) ||
    // `required claims` has passed: the operator, or the preset, says that these show access.
    Object.keys(policy.requiredClaims ?? {}).length > 0;
  return toAccessToken(claims, policy.issuer, 'jwt', typIsAccessToken, policy);
};

/** Rejects everything that can be rejected without keys, so that no outage hides a bad token. */
export function checkWithoutKeys(
  jwt: UnverifiedJwt,
  policy: JwtPolicy,
  nowSeconds: number,
): Result<AccessToken> {
  for (const check of keylessChecks) {
    const rejection = check.reject(jwt, policy, nowSeconds);
    if (rejection !== null) return rejection;
  }
  return unverifiedToken(jwt, policy);
}

const JOSE_FAILURES: Readonly<Record<string, () => Failure>> = {
  ERR_JWS_INVALID: () => tokenMalformed(),
  ERR_JWT_INVALID: () => tokenMalformed(),
  ERR_JOSE_ALG_NOT_ALLOWED: () => tokenAlgorithm(),
  ERR_JOSE_NOT_SUPPORTED: () => tokenAlgorithm(),
};

/**
 * Verifies with jose, whose webcrypto works on the thread pool. A callback to crypto.verify would
 * halve the cost of a forged signature. But the code of jose is audited, and a verified token is
 * cached.
 */
async function findSigningKey(
  token: string,
  keys: readonly VerifyKey[],
): Promise<Result<VerifyKey>> {
  for (const key of keys.slice(0, MAX_KEYS_TRIED)) {
    try {
      await compactVerify(token, key.key, { algorithms: [key.algorithm] });
      return ok(key);
    } catch (error) {
      if (error instanceof errors.JWSSignatureVerificationFailed) continue;
      const known = error instanceof errors.JOSEError ? JOSE_FAILURES[error.code] : undefined;
      if (known === undefined) throw error;
      return known();
    }
  }
  return tokenSignature();
}

/** Verifies the signature with a key of the issuer. Returns the thumbprint of that key. */
export async function verifySignature(
  token: string,
  { claims, header }: UnverifiedJwt,
  keys: KeySource,
): Promise<Result<string>> {
  const found = await keys.find(header.kid as string | undefined, claims.iat as number | undefined);
  if (!found.ok) return found;
  const candidates = found.value.filter((key) => key.algorithm === header.alg);
  if (candidates.length === 0)
    return tokenKeyUnknown({ detail: 'no key with this kid is for this alg' });
  // Without a kid there must be only one candidate (C-63, key choice).
  if (header.kid === undefined && candidates.length > 1)
    return tokenKeyUnknown({ detail: 'no kid, and several keys' });
  const key = await findSigningKey(token, candidates);
  return key.ok ? ok(key.value.thumbprint) : key;
}
