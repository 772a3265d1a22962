// The upstream gets a JWT about the caller, signed by the gateway. One signature serves a caller for
// most of its life.
import type { Clock } from '../../core/clock.js';
import type { PrincipalCredential } from '../../core/endpoint-runtime.js';
import type { Failure } from '../../core/failure.js';
import { claimMissing } from '../../core/failures.js';
import {
  type Actor,
  IDENTITY_SECONDS,
  type IdentityClaims,
  type SignIdentity,
  type SubjectId,
} from '../../core/identity-token.js';
import { isObject } from '../../core/json.js';
import type { Principal } from '../../core/principal.js';
import { ok, type Result } from '../../core/result.js';
import type { IdentityCredential } from '../../core/upstream-credential.js';

/** For a token that is past its end and within the clock tolerance. */
const LEAST_SECONDS = 15;
/** The rest of its life is for the way to the upstream. */
const REUSED_PART = 0.75;
/** Agents that act for agents (RFC 8693 section 4.1). */
const MOST_ACTORS = 4;
const ACTOR_NAMES = ['sub', 'iss', 'client_id'] as const;

export interface IdentityParts {
  /** `iss` of the JWTs. */
  readonly issuer: string;
  readonly sign: SignIdentity;
  readonly clock: Clock;
}

/** Null: there is no such claim. A failure: the gateway cannot repeat who acts. */
function actorOf(act: unknown, depth = 1): Actor | null | Failure {
  if (act === undefined || act === null) return null;
  const bad = (flaw: string): Failure => claimMissing({ detail: `the claim act ${flaw}` });
  if (!isObject(act)) return bad('is not an object');
  if (depth > MOST_ACTORS) return bad(`names more than ${MOST_ACTORS} actors`);
  const names = ACTOR_NAMES.flatMap((name) => (act[name] == null ? [] : [[name, act[name]]]));
  if (names.length === 0) return bad('names nobody');
  if (names.some(([, value]) => typeof value !== 'string'))
    return bad('has a name that is no text');
  const inner = actorOf(act.act, depth + 1);
  if (inner !== null && 'definition' in inner) return inner;
  return { ...Object.fromEntries(names), ...(inner === null ? {} : { act: inner }) };
}

/** A user of one issuer and a key or a client with the same name are different callers. */
function subjectId({ kind, issuer, subject, id }: Principal): SubjectId {
  return issuer !== null && (kind === 'subject' || kind === 'client')
    ? { format: 'iss_sub', iss: issuer, sub: subject }
    : { format: 'opaque', id };
}

function claimsOf(
  principal: Principal,
  iss: string,
  aud: string,
  iat: number,
): Result<IdentityClaims> {
  const { kind, subject, tenant, client, scopes, expiresAt } = principal;
  const act = actorOf(principal.claims.act);
  if (act !== null && 'definition' in act) return act;
  return ok({
    iss,
    aud,
    ...(kind === 'token' ? {} : { sub: subject }),
    sub_id: subjectId(principal),
    ...(tenant === null ? {} : { tenant }),
    ...(client === null ? {} : { client_id: client }),
    ...(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
    ...(act === null ? {} : { act }),
    iat,
    exp: Math.min(
      iat + IDENTITY_SECONDS,
      Math.max(iat + LEAST_SECONDS, Math.floor(expiresAt ?? Number.POSITIVE_INFINITY)),
    ),
  });
}

interface Signed {
  /** Wall clock. */
  readonly usableUntilMs: number;
  readonly headers: Result<readonly string[]> | Promise<Result<readonly string[]>>;
}

/**
 * By principal: the caches of verified tokens return one object for one token, and forget it with
 * the token.
 */
export function identityCredential(
  { audience }: IdentityCredential,
  { issuer, sign, clock }: IdentityParts,
): PrincipalCredential {
  const signed = new WeakMap<Principal, Signed>();

  function renew(principal: Principal, nowMs: number): Signed['headers'] {
    const claims = claimsOf(principal, issuer, audience, Math.floor(nowMs / 1000));
    if (!claims.ok) return claims;
    const { iat, exp } = claims.value;
    const usableUntilMs = nowMs + (exp - iat) * 1000 * REUSED_PART;
    const headers = sign(claims.value).then((jwt) => {
      const result = ok<readonly string[]>(['authorization', `Bearer ${jwt}`]);
      signed.set(principal, { usableUntilMs, headers: result });
      return result;
    });
    // Calls at the same time wait for one signature.
    signed.set(principal, { usableUntilMs, headers });
    headers.catch(() => signed.delete(principal));
    return headers;
  }

  return {
    headers(principal) {
      const nowMs = clock.wallMs();
      const known = signed.get(principal);
      return known !== undefined && nowMs < known.usableUntilMs
        ? known.headers
        : renew(principal, nowMs);
    },
  };
}
