// Checks that a token that its issuer calls active may serve as an access token of that issuer now
// (RFC 7662 sections 2.2 and 4; C-84, active but unfit tokens). The checks run on every response
// and on every cache hit. Audience and scope are checked elsewhere.

import type { AccessToken } from '../../core/access-token.js';
import type { ClaimRules } from '../../core/claim-rules.js';
import type { Failure } from '../../core/failure.js';
import { tokenClaims } from '../../core/failures.js';
import type { Result } from '../../core/result.js';
import { type Claims, checkDates, toAccessToken } from '../claims.js';

export interface ActivePolicy extends ClaimRules {
  readonly issuer: string;
  readonly clockToleranceSeconds: number;
}

interface Check {
  readonly name: string;
  /** Returns the failure, or null for claims that pass. */
  readonly reject: (claims: Claims, policy: ActivePolicy, nowSeconds: number) => Failure | null;
}

const ACCESS = 'access_token';
/**
 * `bearer` is the type of RFC 6749 section 7.1. Some servers write one of the others for it.
 * A DPoP token is not a bearer token (C-110, key-bound tokens).
 */
const TOKEN_TYPES = new Set(['bearer', ACCESS, `urn:ietf:params:oauth:token-type:${ACCESS}`]);
const TOKEN_USES = new Set(['access', ACCESS]);
/** Values of Keycloak's `typ` claim that mark another kind of token. */
const OTHER_TYPS = new Set(['refresh', 'offline', 'id', 'logout']);

const isOneOf = (words: ReadonlySet<string>, value: unknown): boolean =>
  typeof value === 'string' && words.has(value.toLowerCase());

/** The first failure is the result. */
export const activeChecks: readonly Check[] = [
  {
    name: 'issuer',
    reject: ({ iss }, { issuer }) =>
      iss === undefined || iss === issuer
        ? null
        : tokenClaims({ detail: 'iss of the response is another issuer' }),
  },
  {
    name: 'token_type',
    reject: ({ token_type }) =>
      token_type === undefined || isOneOf(TOKEN_TYPES, token_type)
        ? null
        : tokenClaims({ detail: 'token_type is not that of a bearer access token' }),
  },
  {
    name: 'token_use',
    reject: ({ token_use }) =>
      token_use === undefined || isOneOf(TOKEN_USES, token_use)
        ? null
        : tokenClaims({ detail: 'token_use is not that of an access token' }),
  },
  {
    name: 'typ',
    reject: ({ typ }) =>
      isOneOf(OTHER_TYPS, typ)
        ? tokenClaims({ detail: 'typ is that of another kind of token' })
        : null,
  },
  {
    name: 'dates',
    reject: (claims, { clockToleranceSeconds }, nowSeconds) =>
      checkDates(claims, nowSeconds, clockToleranceSeconds, false),
  },
];

/** Returns the first failure of `activeChecks`, or null. `nowSeconds`: wall clock, since 1970. */
export function rejectActive(
  claims: Claims,
  policy: ActivePolicy,
  nowSeconds: number,
): Failure | null {
  for (const check of activeChecks) {
    const rejection = check.reject(claims, policy, nowSeconds);
    if (rejection !== null) return rejection;
  }
  return null;
}

/**
 * The access token that the claims describe. A token without a subject belongs to the client
 * itself: the client becomes the subject (A-53, client-credentials tokens).
 */
export function activeToken(claims: Claims, policy: ActivePolicy): Result<AccessToken> {
  const { issuer, claims: names } = policy;
  return toAccessToken(claims, issuer, 'introspection', true, {
    ...policy,
    claims: { ...names, subject: [...names.subject, ...names.client] },
  });
}
