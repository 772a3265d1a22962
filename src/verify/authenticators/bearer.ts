// Authenticates bearer tokens at one endpoint: first from the caches of its issuers, then by the
// verifier that select-verifier.ts names. A rejected token is never tried another way
// (C-95, no second attempt).
import type { AccessEvidence, AccessToken, AudienceFacts } from '../../core/access-token.js';
import type { Clock } from '../../core/clock.js';
import type { BearerCredential } from '../../core/credential.js';
import type { Endpoint } from '../../core/endpoint.js';
import type { Authenticator } from '../../core/endpoint-runtime.js';
import {
  keysRefetchLimited,
  keysUnavailable,
  tokenKeyUnknown,
  tokenMalformed,
  tokenSignature,
} from '../../core/failures.js';
import { andThen, type MaybeLater } from '../../core/maybe-later.js';
import type { Principal } from '../../core/principal.js';
import { ok, type Result } from '../../core/result.js';
import { tokenHash } from '../../idp/token-hash.js';
import type { IssuerRuntime } from '../issuer/issuer-runtime.js';
import { withKeyPlaces } from '../key-places.js';
import { withClaims, withToken } from '../presented-token.js';
import { inProofSlot, proofSlots } from '../proof-slots.js';
import { createSelectVerifier, type Selection } from '../select-verifier.js';
import { rejectMissingClaims } from '../token-kind.js';
import {
  type AudienceRule,
  checksBeforeIntrospection,
  checkWithoutKeys,
  foreignBeforeIntrospection,
  type JwtPolicy,
  type UnverifiedJwt,
  unverifiedFacts,
} from './jwt.js';

/** After these failures `jwt-then-introspection` introspects. Every other failure is final. */
const INTROSPECT_AFTER = new Set([
  tokenKeyUnknown.definition,
  tokenSignature.definition,
  keysUnavailable.definition,
  keysRefetchLimited.definition,
]);

type Verified = Result<AccessToken>;

/** The facts and the end that an introspected JWT states of itself. Its dates passed the check. */
interface Stated {
  readonly facts: AudienceFacts;
  readonly expiresAt: number | null;
}

const statedBy = ({ claims: { exp } }: UnverifiedJwt, facts: AudienceFacts): Stated => ({
  facts,
  expiresAt: typeof exp === 'number' ? exp : null,
});

const STRENGTH: readonly AccessEvidence[] = ['none', 'scoped', 'marked'];
const strongest = (a: AccessEvidence, b: AccessEvidence): AccessEvidence =>
  STRENGTH.indexOf(a) > STRENGTH.indexOf(b) ? a : b;

/** `issuers`: those that the endpoint accepts, by issuer identifier. */
export function createBearerAuthenticator(
  issuers: ReadonlyMap<string, IssuerRuntime>,
  audience: AudienceRule,
  clock: Clock,
): Authenticator<BearerCredential> {
  const selectVerifier = createSelectVerifier(issuers);
  const caches = [...issuers.values()].map(({ jwtCache }) => jwtCache);
  const introspecting = [...issuers.values()].filter(({ introspect }) => introspect !== null);
  /** One object for each introspected token whose end only the JWT states. */
  const bounded = new WeakMap<Principal, Principal>();

  function withEnd(principal: Principal, expiresAt: number | null): Principal {
    if (principal.expiresAt !== null || expiresAt === null) return principal;
    const known = bounded.get(principal);
    if (known !== undefined) return known;
    const ending = { ...principal, expiresAt };
    bounded.set(principal, ending);
    return ending;
  }

  function acceptToken(token: AccessToken, endpoint: Endpoint): Result<Principal> {
    const foreign = audience(token, endpoint);
    return foreign === null ? ok(token.principal) : withToken(foreign, token);
  }

  function accept(
    verified: Verified,
    { issuer, jwt }: Selection,
    endpoint: Endpoint,
  ): Result<Principal> {
    const accepted = verified.ok ? acceptToken(verified.value, endpoint) : verified;
    if (accepted.ok || jwt === null) return accepted;
    return withClaims(accepted, jwt.claims, issuer.policy.claims?.client);
  }

  /**
   * Adds what the introspected JWT states of itself to the answer of the issuer. The JWT must be
   * for this endpoint too: an answer may name more audiences than the token was narrowed to.
   */
  function complete(
    verified: Verified,
    stated: Stated | null,
    policy: JwtPolicy,
    endpoint: Endpoint,
  ): Verified {
    if (!verified.ok) return verified;
    const answer = verified.value;
    if (stated === null) {
      const { requiredClaims = {} } = policy;
      const missing = rejectMissingClaims(answer.principal.claims, requiredClaims);
      if (missing !== null) return withToken(missing, answer);
      const isMarked = Object.keys(requiredClaims).length > 0;
      return isMarked ? ok({ ...answer, evidence: 'marked' }) : verified;
    }
    const { facts, expiresAt } = stated;
    const evidence = strongest(answer.evidence, facts.evidence);
    const hasNonce = answer.hasNonce || facts.hasNonce;
    const names = facts.audience.length > 0;
    const foreign = names ? audience({ ...facts, evidence, hasNonce }, endpoint) : null;
    const principal = withEnd(answer.principal, expiresAt);
    if (foreign !== null) return withToken(foreign, answer);
    return ok({ ...answer, principal, evidence, hasNonce });
  }

  /** `stated`: what a JWT states of itself; null for an opaque token. */
  function introspect(
    issuer: IssuerRuntime,
    token: string,
    stated: Stated | null,
    endpoint: Endpoint,
  ): MaybeLater<Verified> {
    if (issuer.introspect === null)
      return tokenMalformed({ detail: 'no introspection is configured' });
    return andThen(issuer.introspect(token), (answer) =>
      complete(answer, stated, issuer.policy, endpoint),
    );
  }

  function introspectJwt(
    issuer: IssuerRuntime,
    token: string,
    jwt: UnverifiedJwt,
    endpoint: Endpoint,
  ): MaybeLater<Verified> {
    for (const check of checksBeforeIntrospection) {
      const rejection = check.reject(jwt, issuer.policy, clock.wallMs() / 1000);
      if (rejection !== null) return rejection;
    }
    const facts = unverifiedFacts(jwt, issuer.policy);
    if (!facts.ok) return facts;
    const foreign = foreignBeforeIntrospection(facts.value, audience, endpoint);
    return foreign ?? introspect(issuer, token, statedBy(jwt, facts.value), endpoint);
  }

  function verifyJwt(
    key: string,
    token: string,
    issuer: IssuerRuntime,
    jwt: UnverifiedJwt,
    endpoint: Endpoint,
  ): MaybeLater<Verified> {
    const unverified = checkWithoutKeys(jwt, issuer.policy, clock.wallMs() / 1000);
    if (!unverified.ok) return unverified;
    // A token for another audience causes no fetch of keys.
    const mismatch = audience(unverified.value, endpoint);
    if (mismatch !== null) return mismatch;
    const verified = issuer.verifyJwt(key, token, jwt, unverified.value);
    if (issuer.verify !== 'jwt-then-introspection') return verified;
    return andThen(verified, (result) =>
      !result.ok && INTROSPECT_AFTER.has(result.definition)
        ? introspect(issuer, token, statedBy(jwt, unverified.value), endpoint)
        : result,
    );
  }

  function verify(
    key: string,
    token: string,
    { issuer, jwt }: Selection,
    endpoint: Endpoint,
  ): MaybeLater<Verified> {
    if (jwt === null) return introspect(issuer, token, null, endpoint);
    if (issuer.verify === 'introspection') return introspectJwt(issuer, token, jwt, endpoint);
    return verifyJwt(key, token, issuer, jwt, endpoint);
  }

  function fromCache(key: string): AccessToken | null {
    for (const cache of caches) {
      const cached = cache.get(key);
      if (cached !== undefined) return cached;
    }
    return null;
  }

  const isIntrospected = (key: string): boolean =>
    introspecting.some(({ introspect }) => introspect?.isKnown?.(key) === true);

  /** The work for a token that is not in a cache of JWTs. */
  function prove(key: string, token: string, endpoint: Endpoint): MaybeLater<Result<Principal>> {
    const selected = selectVerifier(token);
    if (!selected.ok) return withKeyPlaces(selected, endpoint);
    const verified = verify(key, token, selected.value, endpoint);
    return andThen(verified, (result) => accept(result, selected.value, endpoint));
  }

  return {
    isKnown({ token }) {
      const key = tokenHash(token);
      return fromCache(key) !== null || isIntrospected(key);
    },
    authenticate({ token }, endpoint, client) {
      const key = tokenHash(token);
      const known = fromCache(key);
      if (known !== null) {
        proofSlots.knownCaller();
        return acceptToken(known, endpoint);
      }
      if (isIntrospected(key)) {
        proofSlots.knownCaller();
        return prove(key, token, endpoint);
      }
      return inProofSlot(client, () => {
        // While it waited, another request may have proven it.
        const since = fromCache(key);
        return since === null ? prove(key, token, endpoint) : acceptToken(since, endpoint);
      });
    },
  };
}
