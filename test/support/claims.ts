// Good claims for the tests of claims, and the access token from a changed copy of them.
import type { ClaimRules } from '../../src/core/claim-rules.js';
import { type Claims, checkDates, toAccessToken } from '../../src/verify/claims.js';
import type { RequiredClaims } from '../../src/verify/token-kind.js';
import { flat } from './endpoint.js';
import { reasonOf } from './kinds.js';

export const NOW = 1_800_000_000;
/** The reason of the check of dates at that time. */
export const checked = (claims: Claims, tolerance = 30, expRequired = true): string =>
  reasonOf(checkDates(claims, NOW, tolerance, expRequired));

export const good = { iss: 'i', sub: 'alice', aud: 'a', exp: NOW, client_id: 'cli', scope: 'x y' };
/** The access token from the changed claims, or the reason of the failure. */
export const made = (changes: Claims = {}, typ = true, rules: Partial<ClaimRules> = {}, requiredClaims: RequiredClaims = {}) => {
  const claims = Object.fromEntries(Object.entries({ ...good, ...changes }).filter(([, value]) => value !== undefined));
  const headerTyp = typ ? 'at+jwt' : undefined;
  const result = toAccessToken(claims, { issuer: 'i', method: 'jwt', headerTyp, requiredClaims }, rules);
  return result.ok ? flat(result.value) : reasonOf(result);
};
