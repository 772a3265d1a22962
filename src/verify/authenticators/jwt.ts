// Verifies that a JWT is a genuine access token of one issuer (RFC 9068 section 4, RFC 8725). The
// checks that need no key come first, so that a bad token gets 401 even while the issuer is down.
// The audience is checked elsewhere.
import type { AccessToken, AudienceFacts } from '../../core/access-token.js';
import type { ClaimRules } from '../../core/claim-rules.js';
import type { Endpoint } from '../../core/endpoint.js';
import type { Failure } from '../../core/failure.js';
import { tokenAlgorithm, tokenClaims, tokenMalformed } from '../../core/failures.js';
import type { Result } from '../../core/result.js';
import { rejectAlgorithm } from '../algorithms.js';
import {
  audienceFacts,
  type Claims,
  checkDates,
  type TokenSource,
  toAccessToken,
} from '../claims.js';
import type { UnverifiedJws } from '../jws.js';
import {
  type RequiredClaims,
  rejectBinding,
  rejectIntrospectedTyp,
  rejectMissingClaims,
  rejectOtherKind,
  rejectTyp,
  type TypPolicy,
} from '../token-kind.js';

export interface JwtPolicy extends Partial<ClaimRules> {
  readonly issuer: string;
  readonly algorithms: readonly string[];
  /**
   * `at+jwt`: RFC 9068 only. `lenient`: also `JWT` or no `typ`, but never a token that is marked
   * as another kind.
   */
  readonly typ: TypPolicy;
  readonly clockToleranceSeconds: number;
  /**
   * Claims that every access token of this issuer has, and that no ID token has: their only value;
   * true: any value.
   */
  readonly requiredClaims?: RequiredClaims;
}

/** A JWS whose payload is a JSON object. */
export type UnverifiedJwt = UnverifiedJws & { readonly claims: Claims };

export interface Check {
  readonly name: string;
  /** Returns the failure, or null for a token that passes. */
  readonly reject: (token: UnverifiedJwt, policy: JwtPolicy, nowSeconds: number) => Failure | null;
}

const KID_CHARACTERS = 256;
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
    reject: ({ header }, policy) => rejectAlgorithm(header.alg, policy.algorithms),
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
  { name: 'typ', reject: ({ header }, policy) => rejectTyp(header.typ, policy.typ) },
  { name: 'other kinds of token', reject: ({ claims }) => rejectOtherKind(claims) },
  {
    name: 'required claims',
    reject: ({ claims }, { requiredClaims = {} }) => rejectMissingClaims(claims, requiredClaims),
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
  { name: 'typ', reject: ({ header }, policy) => rejectIntrospectedTyp(header.typ, policy.typ) },
  // The JWT says it, even where the response does not.
  { name: 'bound key', reject: ({ claims }) => rejectBinding(claims) },
  ...keylessChecks.filter(({ name }) => CHECKS_OF_KIND.includes(name)),
  {
    name: 'dates',
    reject: ({ claims }, policy, nowSeconds) =>
      checkDates(claims, nowSeconds, policy.clockToleranceSeconds, false),
  },
];

/** Where the claims of a JWT come from, for the facts that they state. */
const sourceOf = (
  { header }: UnverifiedJwt,
  { issuer, requiredClaims = {} }: JwtPolicy,
): TokenSource => ({
  issuer,
  method: 'jwt',
  headerTyp: header.typ,
  requiredClaims,
});

/** The access token that a JWT claims to be. Nothing in it is proven yet. */
export const unverifiedToken = (jwt: UnverifiedJwt, policy: JwtPolicy): Result<AccessToken> =>
  toAccessToken(jwt.claims, sourceOf(jwt, policy), policy);

/** The rule of authorize/, which verify/ may not import: app/runtime.ts passes it in. */
export type AudienceRule = (token: AudienceFacts, endpoint: Endpoint) => Failure | null;

/**
 * Rejects a JWT that names another audience before its issuer is asked: the answer may name more
 * audiences than the token was narrowed to. The answer can still show that it is an access token.
 */
export const foreignBeforeIntrospection = (
  facts: AudienceFacts,
  audience: AudienceRule,
  endpoint: Endpoint,
): Failure | null =>
  facts.audience.length > 0 ? audience({ ...facts, evidence: 'marked' }, endpoint) : null;

/** The facts for the audience rule that a JWT states of itself. Nothing is proven yet. */
export const unverifiedFacts = (jwt: UnverifiedJwt, policy: JwtPolicy): Result<AudienceFacts> =>
  audienceFacts(jwt.claims, sourceOf(jwt, policy), policy);

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
