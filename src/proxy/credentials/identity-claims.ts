// Makes the claims of the identity JWT from a principal. Two callers never get the same claims, and
// no value is changed or left out on the way to the upstream.
import type { Failure } from '../../core/failure.js';
import { claimMissing } from '../../core/failures.js';
import {
  type Actor,
  IDENTITY_SECONDS,
  type IdentityClaims,
  type SubjectId,
} from '../../core/identity-token.js';
import { isObject } from '../../core/json.js';
import type { Principal } from '../../core/principal.js';
import { ok, type Result } from '../../core/result.js';
import { SCOPE_TOKEN } from '../../core/scope-token.js';

/** For a token in its last seconds, or past its end and within the clock tolerance. */
const LEAST_SECONDS = 15;
/** Agents that act for agents (RFC 8693 section 4.1). */
const MOST_ACTORS = 10;
const ACTOR_NAMES = ['sub', 'iss', 'client_id'] as const;
/**
 * Bytes of the claims as JSON. The header line with the JWT then has less than 8190 bytes, which
 * gunicorn, Apache httpd and nginx take.
 */
const MOST_BYTES = 5800;
/** Half of a character. Some JSON readers replace it, and so make one name of two. */
const HALF = /\p{Surrogate}/u;

const bad = (claim: string, flaw: string): Failure =>
  claimMissing({ detail: `the identity JWT cannot carry ${claim}: ${flaw}` });

const isFailure = (value: object | null): value is Failure =>
  value !== null && 'definition' in value;

/** Null: the token names no actor. A failure: the gateway cannot repeat who acts. */
function actorOf(act: unknown, depth = 1): Actor | null | Failure {
  if (act === undefined || act === null) return null;
  if (!isObject(act)) return bad('act', 'it is not an object');
  if (depth > MOST_ACTORS) return bad('act', `it names more than ${MOST_ACTORS} actors`);
  const names = ACTOR_NAMES.flatMap((name) => (act[name] == null ? [] : [[name, act[name]]]));
  if (names.length === 0) return bad('act', `an actor has none of ${ACTOR_NAMES.join(', ')}`);
  if (names.some(([, value]) => typeof value !== 'string' || value === '' || HALF.test(value)))
    return bad('act', 'a name in it is not a text');
  const inner = actorOf(act.act, depth + 1);
  if (isFailure(inner)) return inner;
  return { ...Object.fromEntries(names), ...(inner === null ? {} : { act: inner }) };
}

/**
 * Issuer and `sub`, where these two identify the caller. Else the id of the principal. Users of two
 * tenants, a user and a client, or a user and an API key can have one name.
 */
function subjectId({ kind, issuer, tenant, subject, claims, id }: Principal): SubjectId {
  const isPair = kind === 'subject' && tenant === null && claims.sub === subject;
  return isPair && issuer !== null
    ? { format: 'iss_sub', iss: issuer, sub: subject }
    : { format: 'opaque', id };
}

/** Why a claim cannot be sent; null: all can. */
function rejectClaims(claims: IdentityClaims, scopes: readonly string[]): Failure | null {
  if (!scopes.every((scope) => SCOPE_TOKEN.test(scope)))
    return bad('scope', 'a scope has a character that scopes cannot have (RFC 6749 section 3.3)');
  for (const [name, value] of Object.entries(claims))
    if (typeof value === 'string' && HALF.test(value)) return bad(name, 'it is not valid Unicode');
  const bytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));
  if (bytes(claims) <= MOST_BYTES) return null;
  // sub_id repeats other claims.
  const [longest] = Object.entries({ ...claims, sub_id: '' }).sort(
    ([, a], [, b]) => bytes(b) - bytes(a),
  );
  const [name] = longest as [string, unknown];
  return bad(name, 'it makes the JWT too long for a header (8190 bytes)');
}

export interface ClaimsOptions {
  readonly issuer: string;
  readonly audience: string;
  /** Seconds since the epoch. */
  readonly iat: number;
}

export function identityClaims(
  principal: Principal,
  { issuer, audience, iat }: ClaimsOptions,
): Result<IdentityClaims> {
  const { kind, subject, tenant, client, scopes, expiresAt } = principal;
  const act = actorOf(principal.claims.act);
  if (isFailure(act)) return act;
  const end = Math.floor(expiresAt ?? Number.POSITIVE_INFINITY);
  const claims: IdentityClaims = {
    iss: issuer,
    aud: audience,
    ...(kind === 'token' ? {} : { sub: subject }),
    sub_id: subjectId(principal),
    ...(tenant === null ? {} : { tenant }),
    ...(client === null ? {} : { client_id: client }),
    ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
    ...(act === null ? {} : { act }),
    iat,
    exp: Math.min(iat + IDENTITY_SECONDS, Math.max(iat + LEAST_SECONDS, end)),
  };
  return rejectClaims(claims, scopes) ?? ok(claims);
}
