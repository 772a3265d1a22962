// Makes a principal from claims, for JWT and introspection alike (RFC 9068 section 2.2, RFC 7662
// section 2.2), and checks their dates. The caller verifies that the claims are genuine.

import type { AccessToken, AudienceFacts } from '../core/access-token.js';
import { type ClaimRules, USUAL_CLAIMS } from '../core/claim-rules.js';
import { extended } from '../core/extended.js';
import type { Failure } from '../core/failure.js';
import { tokenClaims, tokenExpired, tokenNotYetValid } from '../core/failures.js';
import { isPresent } from '../core/json.js';
import type { Principal } from '../core/principal.js';
import { ok, type Result } from '../core/result.js';
import { accessEvidence, NO_SCOPE, type RequiredClaims, rejectBinding } from './token-kind.js';

export type Claims = Readonly<Record<string, unknown>>;

/** A date after this (year 5138) is in milliseconds, infinite or nonsense. */
const LATEST_SECONDS = 1e11;

const reject = (detail: string): Failure => tokenClaims({ detail });

const isDate = (value: unknown): value is number =>
  typeof value === 'number' && value >= 0 && value < LATEST_SECONDS;

/**
 * Checks `exp`, `nbf` and `iat` against the clock (RFC 7519 section 4.1); null for dates that pass.
 * `expRequired` is false for introspection, whose responses may omit `exp`.
 */
export function checkDates(
  claims: Claims,
  nowSeconds: number,
  toleranceSeconds: number,
  expRequired: boolean,
): Failure | null {
  const exp = claims.exp ?? undefined;
  const nbf = claims.nbf ?? undefined;
  const iat = claims.iat ?? undefined;
  if (exp === undefined ? expRequired : !isDate(exp)) return reject('exp is missing or not a date');
  if (nbf !== undefined && !isDate(nbf)) return reject('nbf is not a date');
  if (iat !== undefined && !isDate(iat)) return reject('iat is not a date');
  if (exp !== undefined && nowSeconds >= (exp as number) + toleranceSeconds) return tokenExpired();
  if (nbf !== undefined && nowSeconds < (nbf as number) - toleranceSeconds)
    return tokenNotYetValid({ detail: 'nbf' });
  if (iat !== undefined && nowSeconds < (iat as number) - toleranceSeconds)
    return tokenNotYetValid({ detail: 'iat' });
  return null;
}

/** A space-separated string or an array of strings; null for anything else. */
function stringList(value: unknown): readonly string[] | null {
  if (!isPresent(value)) return [];
  if (typeof value === 'string') return value.split(' ').filter((part) => part !== '');
  return Array.isArray(value) && value.every((part) => typeof part === 'string') ? value : null;
}

function scopeList(value: unknown): readonly string[] | null {
  return stringList(value)?.filter((scope) => scope !== NO_SCOPE) ?? null;
}

function audienceOf(value: unknown): readonly string[] | null {
  return typeof value === 'string' ? [value] : stringList(value);
}

/**
 * The first of these claims that is present; null if all are absent. Undefined if one of them is
 * not a string, or is empty.
 */
function firstString(claims: Claims, names: readonly string[]): string | null | undefined {
  let first: string | null = null;
  for (const name of names) {
    const value = claims[name];
    if (!isPresent(value)) continue;
    if (typeof value !== 'string' || value === '') return undefined;
    first ??= value;
  }
  return first;
}

/** Each part carries its length, so that two different principals never get one id. */
const part = (text: string | null): string => (text === null ? '- ' : `${text.length}:${text} `);

/** `tag` names the claim that the subject is from: two claims may have the same text. */
export const principalId = (
  issuer: string | null,
  tenant: string | null,
  tag: 'sub' | 'user' | 'client' | 'token' | 'key',
  subject: string,
): string => `${part(issuer)}${part(tenant)}${tag}:${subject}`;

export interface TokenSource {
  /** The configured issuer. The caller has compared it with the claim. */
  readonly issuer: string;
  readonly method: Principal['method'];
  /** The `typ` header of a JWT; undefined for an opaque token. */
  readonly headerTyp: unknown;
  readonly requiredClaims?: RequiredClaims;
}

/** The facts for the audience rule; a failure where `aud` or the client has a wrong type. */
export function audienceFacts(
  claims: Claims,
  { issuer, headerTyp, requiredClaims = {} }: TokenSource,
  { claims: names = USUAL_CLAIMS, clientOfIssuer = null, audienceIsClient = false }: Rules = {},
): Result<AudienceFacts> {
  const namedClient = firstString(claims, names.client);
  if (namedClient === undefined) return reject(`${names.client.join(', ')}: not a string`);
  const client = clientOfIssuer ?? namedClient;
  const ownAudience = audienceOf(claims.aud);
  if (ownAudience === null) return reject('aud is neither a string nor a list of strings');
  const isForClient = audienceIsClient && !isPresent(claims.aud) && client !== null;
  return ok({
    issuer,
    client,
    audience: isForClient ? [client] : ownAudience,
    // Every ID token has `aud` (OpenID Connect Core section 2).
    evidence: isForClient ? 'marked' : accessEvidence(claims, headerTyp, requiredClaims),
    hasNonce: isPresent(claims.nonce),
    boundToClient: false,
  });
}

type Rules = Partial<ClaimRules>;

export function toAccessToken(
  claims: Claims,
  source: TokenSource,
  rules: Rules = {},
): Result<AccessToken> {
  const { claims: names = USUAL_CLAIMS, requireTenant = false } = rules;
  const subject = firstString(claims, names.subject);
  if (subject === undefined || subject === null)
    return reject(`${names.subject.join(', ')}: the subject is missing or not a string`);
  const tenant = firstString(claims, names.tenant);
  if (tenant === undefined) return reject(`${names.tenant.join(', ')}: not a string`);
  if (tenant === null && requireTenant) return reject(`${names.tenant.join(', ')}: tenant missing`);
  const facts = audienceFacts(claims, source, rules);
  if (!facts.ok) return facts;
  const scopes = names.scopes.map((name) => scopeList(claims[name]));
  if (!scopes.every((list) => list !== null))
    return reject(`${names.scopes.join(', ')}: neither a string nor a list of strings`);
  const binding = rejectBinding(claims);
  if (binding !== null) return binding;
  const { client } = facts.value;
  const isClient = subject === client;
  const { issuer, method } = source;
  const principal: Principal = {
    kind: isClient ? 'client' : 'subject',
    id: principalId(issuer, tenant, isClient ? 'client' : 'sub', subject),
    issuer,
    subject,
    tenant,
    client,
    scopes: scopes.flat(),
    claims,
    expiresAt: typeof claims.exp === 'number' ? claims.exp : null,
    method,
    key: null,
  };
  return ok(extended(facts.value, { principal }));
}
