// Checks that a token that its issuer calls active may serve as an access token of that issuer now
// (RFC 7662 sections 2.2 and 4; C-84, active but unfit tokens). The checks run on every response
// and on every cache hit. Audience and scope are checked elsewhere.

import type { AccessToken } from '../../core/access-token.js';
import type { ClaimRules } from '../../core/claim-rules.js';
import type { Failure } from '../../core/failure.js';
import { tokenClaims } from '../../core/failures.js';
import { isPresent } from '../../core/json.js';
import { nearMiss, nearMissText } from '../../core/near-miss.js';
import { quoted } from '../../core/quoted.js';
import { ok, type Result } from '../../core/result.js';
import { type Claims, checkDates, principalId, toAccessToken } from '../claims.js';
import { rejectOtherKind } from '../token-kind.js';

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

const QUOTED_CHARACTERS = 200;

function otherIssuer(iss: string, issuer: string): string {
  const near = nearMiss(iss, [issuer], true);
  const hint = near === null ? '' : `; ${nearMissText(near)}`;
  return `iss ${quoted(iss, QUOTED_CHARACTERS)} of the response is another issuer${hint}`;
}

/** The first failure is the result. */
export const activeChecks: readonly Check[] = [
  {
    name: 'issuer',
    reject: ({ iss }, { issuer }) =>
      !isPresent(iss) || iss === issuer
        ? null
        : tokenClaims({ detail: otherIssuer(String(iss), issuer) }),
  },
  {
    name: 'token_type',
    reject: ({ token_type: type }) =>
      !isPresent(type) || (typeof type === 'string' && TOKEN_TYPES.has(type.toLowerCase()))
        ? null
        : tokenClaims({ detail: 'token_type is not that of a bearer access token' }),
  },
  { name: 'other kinds of token', reject: rejectOtherKind },
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
 * The access token that the claims describe. Without a subject, `username` names the resource owner
 * (RFC 7662 section 2.2). Without both, the caller could be any user of the client. Then `key`, the
 * hash of the token, is part of the id, so that two users never have one id.
 */
export function activeToken(
  claims: Claims,
  policy: ActivePolicy,
  key: string,
): Result<AccessToken> {
  const { issuer, claims: names } = policy;
  const source = { issuer, method: 'introspection', headerTyp: undefined } as const;
  const named = (subject: readonly string[]): Result<AccessToken> =>
    toAccessToken(claims, source, { ...policy, claims: { ...names, subject } });
  const isNamed = (all: readonly string[]): boolean => all.some((name) => isPresent(claims[name]));
  if (isNamed(names.subject)) return named(names.subject);
  const isUser = isPresent(claims.username);
  const token = named(isUser ? ['username'] : names.client);
  if (!token.ok) return token;
  const { subject, tenant } = token.value.principal;
  const id = isUser
    ? principalId(issuer, tenant, 'user', subject)
    : principalId(issuer, tenant, 'token', `${key} ${subject}`);
  const kind = isUser ? 'user' : 'token';
  return ok({ ...token.value, principal: { ...token.value.principal, kind, id } });
}
