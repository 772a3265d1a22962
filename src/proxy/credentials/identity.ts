// The upstream gets a JWT about the caller, which the gateway signs. One signature serves a caller
// for most of the life of the JWT.
import type { Clock } from '../../core/clock.js';
import type { PrincipalCredential } from '../../core/endpoint-runtime.js';
import type { SignIdentity } from '../../core/identity-token.js';
import type { Principal } from '../../core/principal.js';
import { ok, type Result } from '../../core/result.js';
import type { IdentityCredential } from '../../core/upstream-credential.js';
import { identityClaims } from './identity-claims.js';

/** The rest of its life is for the way to the upstream. */
const REUSED_PART = 0.75;

export interface IdentityParts {
  /** `iss` of the JWTs. */
  readonly issuer: string;
  readonly sign: SignIdentity;
  readonly clock: Clock;
}

type Headers = Result<readonly string[]>;

interface Signed {
  /** Wall clock. An earlier time means that the clock was set back. */
  readonly fromMs: number;
  readonly untilMs: number;
  /** Monotonic clock: a wall clock that is set back must not lengthen the use of a JWT. */
  readonly monotonicUntilMs: number;
  headers: Headers | Promise<Headers>;
}

/**
 * By principal: each authenticator returns one object for one credential while it remembers it, and
 * forgets both together.
 */
export function identityCredential(
  { audience }: IdentityCredential,
  { issuer, sign, clock }: IdentityParts,
): PrincipalCredential {
  const signed = new WeakMap<Principal, Signed>();

  function isUsable({ fromMs, untilMs, monotonicUntilMs }: Signed): boolean {
    const nowMs = clock.wallMs();
    return nowMs >= fromMs && nowMs < untilMs && clock.monotonicMs() < monotonicUntilMs;
  }

  function renew(principal: Principal): Signed['headers'] {
    const fromMs = clock.wallMs();
    const claims = identityClaims(principal, { issuer, audience, iat: Math.floor(fromMs / 1000) });
    if (!claims.ok) return claims;
    const { iat, exp } = claims.value;
    const usedMs = (exp - iat) * 1000 * REUSED_PART;
    const headers = sign(claims.value).then((jwt) => ok(['authorization', `Bearer ${jwt}`]));
    const untilMs = fromMs + usedMs;
    const monotonicUntilMs = clock.monotonicMs() + usedMs;
    // Calls at the same time wait for one signature.
    const entry: Signed = { fromMs, untilMs, monotonicUntilMs, headers };
    signed.set(principal, entry);
    headers.then(
      (result) => {
        entry.headers = result;
      },
      () => {
        if (signed.get(principal) === entry) signed.delete(principal);
      },
    );
    return headers;
  }

  return {
    headers(principal) {
      const known = signed.get(principal);
      return known !== undefined && isUsable(known) ? known.headers : renew(principal);
    },
  };
}
