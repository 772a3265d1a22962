// Decides whether a JWT is a genuine access token of one issuer (RFC 9068 section 4, RFC 8725). Everything that can be refused without
// keys is refused first, so that a bad token stays 401 while the issuer is down. Never decides whether it is for this endpoint.
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
  /** `at+jwt`: RFC 9068 only. `lenient`: also `JWT` or none, but never what is marked as another kind of token. */
  readonly typ: 'at+jwt' | 'lenient';
  readonly clockToleranceSeconds: number;
  /** Claims that mark an access token of this issuer, with the only value that each may have. */
  readonly requiredClaims?: Readonly<Record<string, string>>;
}

/** A JWS whose payload is what a JWT has: an object. */
export type UnverifiedJwt = UnverifiedJws & { readonly claims: Claims };

export interface Check {
  readonly name: string;
  /** The refusal, or null. */
  readonly reject: (token: UnverifiedJwt, policy: JwtPolicy, nowSeconds: number) => Failure | null;
}

const KID_CHARACTERS = 256;
/** Duplicate kids are legal (RFC 7517 section 4.5); trying them all is not free. */
const KEYS_TRIED = 4;
const ACCESS_TOKEN_TYP = new Set(['at+jwt', 'application/at+jwt']);

const typOf = (header: Readonly<Record<string, unknown>>): unknown =>
  typeof header.typ === 'string' ? header.typ.toLowerCase() : header.typ;

/** The checks that need no key, in order. The first refusal is the answer. */
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
        : tokenAlgorithm({ detail: 'alg is not in the list of this issuer' }),
  },
  {
    name: 'critical headers',
    // We understand no extension; `b64` changes what is signed (RFC 7797).
    reject: ({ header }) =>
      header.crit === undefined && header.b64 === undefined
        ? null
        : tokenMalformed({ detail: 'crit or b64 header' }),
  },
  {
    name: 'kid',
    reject: ({ header: { kid } }) =>
      kid === undefined || (typeof kid === 'string' && kid.length <= KID_CHARACTERS)
        ? null
        : tokenMalformed({ detail: 'kid' }),
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
      const mark = ['nonce', 'at_hash', 'c_hash', 'events'].find(
        (name) => claims[name] !== undefined,
      );
      return mark === undefined
        ? null
        : tokenType({ detail: `${mark} marks another kind of token` });
    },
  },
  {
    name: 'marks of an access token',
    reject: ({ claims }, { requiredClaims = {} }) => {
      const lacking = Object.keys(requiredClaims).find(
        (name) => claims[name] !== requiredClaims[name],
      );
      return lacking === undefined
        ? null
        : tokenType({ detail: `${lacking} is not that of an access token` });
    },
  },
  {
    name: 'dates',
    reject: ({ claims }, policy, nowSeconds) =>
      checkDates(claims, nowSeconds, policy.clockToleranceSeconds, true),
  },
];

const KINDS = ['other kinds of token', 'marks of an access token'];

/** What holds of a JWT whoever judges it. Its claims are read unverified, and only to say no before the issuer is asked. */
export const checksBeforeAsking: readonly Check[] = [
  {
    name: 'algorithm',
    reject: ({ header: { alg } }) =>
      typeof alg === 'string' && alg.toLowerCase() !== 'none'
        ? null
        : tokenAlgorithm({ detail: 'an unsigned JWT' }),
  },
  ...keylessChecks.filter(({ name }) => KINDS.includes(name)),
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
  const typIsAccessToken = ACCESS_TOKEN_TYP.has(typOf(header) as string);
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
 * By jose, whose webcrypto works on the thread pool. A callback to crypto.verify would halve the cost of a forged signature, but what jose
 * adds is audited, and a token that is sent again is not verified again.
 */
async function signedBy(token: string, keys: readonly VerifyKey[]): Promise<Result<VerifyKey>> {
  for (const key of keys.slice(0, KEYS_TRIED)) {
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
  const key = await signedBy(token, candidates);
  return key.ok ? ok(key.value.thumbprint) : key;
}
