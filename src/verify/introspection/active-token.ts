// Decides whether a token that its issuer calls active may be taken for an access token of that issuer now (RFC 7662 sections 2.2 and 4,
// C-84). Asked of each answer, and again of each remembered one. Never decides about audience or scope.

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
  /** The refusal, or null. */
  readonly refuse: (claims: Claims, policy: ActivePolicy, nowSeconds: number) => Failure | null;
}

const ACCESS = 'access_token';
/** Also what some servers write instead of the type that RFC 6749 section 7.1 means. A DPoP token is no bearer token (C-110). */
const TOKEN_TYPES = new Set(['bearer', ACCESS, `urn:ietf:params:oauth:token-type:${ACCESS}`]);
const TOKEN_USES = new Set(['access', ACCESS]);
/** Keycloak's own word for the kind of a token. */
const OTHER_TYPS = new Set(['refresh', 'offline', 'id', 'logout']);

const isOneOf = (words: ReadonlySet<string>, value: unknown): boolean =>
  typeof value === 'string' && words.has(value.toLowerCase());

/** The first refusal is the answer. */
export const activeChecks: readonly Check[] = [
  {
    name: 'issuer',
    refuse: ({ iss }, { issuer }) =>
      iss === undefined || iss === issuer
        ? null
        : tokenClaims({ detail: 'iss of the answer is another issuer' }),
  },
  {
    name: 'token_type',
    refuse: ({ token_type }) =>
      token_type === undefined || isOneOf(TOKEN_TYPES, token_type)
        ? null
        : tokenClaims({ detail: 'token_type is not that of a bearer access token' }),
  },
  {
    name: 'token_use',
    refuse: ({ token_use }) =>
      token_use === undefined || isOneOf(TOKEN_USES, token_use)
        ? null
        : tokenClaims({ detail: 'token_use is not that of an access token' }),
  },
  {
    name: 'typ',
    refuse: ({ typ }) =>
      isOneOf(OTHER_TYPS, typ)
        ? tokenClaims({ detail: 'typ is that of another kind of token' })
        : null,
  },
  {
    name: 'dates',
    refuse: (claims, { clockToleranceSeconds }, nowSeconds) =>
      checkDates(claims, nowSeconds, clockToleranceSeconds, false),
  },
];

export function rejectActive(
  claims: Claims,
  policy: ActivePolicy,
  nowSeconds: number,
): Failure | null {
  for (const check of activeChecks) {
    const refusal = check.refuse(claims, policy, nowSeconds);
    if (refusal !== null) return refusal;
  }
  return null;
}

/** A token without a subject is that of the client itself: the client stands for it, and `subjectKind` says so. */
export function activeToken(claims: Claims, policy: ActivePolicy): Result<AccessToken> {
  const { issuer, claims: names } = policy;
  return toAccessToken(claims, issuer, 'introspection', true, {
    ...policy,
    claims: { ...names, subject: [...names.subject, ...names.client] },
  });
}
