// Authenticates access tokens of the bridge. A token stands for its API key: the gateway looks the
// key up at each use. So the token has the scopes that the key has now, and ends with the key.
import { LRUCache } from 'lru-cache';
import type { AudienceFacts } from '../../core/access-token.js';
import type { ApiKey, ApiKeys } from '../../core/api-key.js';
import type { BridgeClaims } from '../../core/bridge-token.js';
import type { BearerCredential } from '../../core/credential.js';
import type { Endpoint } from '../../core/endpoint.js';
import type { Authenticator } from '../../core/endpoint-runtime.js';
import { tokenExpired, tokenInactive } from '../../core/failures.js';
import { andThen, type MaybeLater } from '../../core/maybe-later.js';
import type { Principal } from '../../core/principal.js';
import { ok, type Result } from '../../core/result.js';
import { tokenHash } from '../../idp/token-hash.js';
import { type BridgeVerifierDependencies, createBridgeVerifier } from '../bridge-verifier.js';
import { withKeyPlaces } from '../key-places.js';
import { inProofSlot, proofSlots } from '../proof-slots.js';
import { keyPrincipal, rejectKey } from './api-key.js';
import type { AudienceRule } from './jwt.js';

/** Verified tokens that are kept, and the characters of all of them. */
const ENTRIES = 10_000;
const CHARACTERS = 16 * 1024 * 1024;

interface VerifiedToken {
  readonly claims: BridgeClaims;
  readonly facts: AudienceFacts;
  /** The caller, with the entry of the registry that the last use found. */
  principal: Principal | null;
}

export interface BridgeTokenDependencies extends BridgeVerifierDependencies {
  readonly apiKeys: ApiKeys;
}

/** Creates the authenticator of an endpoint. All of them share one cache of verified tokens. */
export type BridgeTokens = (audience: AudienceRule) => Authenticator<BearerCredential>;

function verifiedToken(claims: BridgeClaims): VerifiedToken {
  const { iss: issuer, client_id: client, aud: audience } = claims;
  // Its typ marks an access token.
  const marks = { evidence: 'marked', hasNonce: false, boundToClient: false } as const;
  return { claims, facts: { issuer, client, audience, ...marks }, principal: null };
}

/** One object for each token, so that the log finds its template again. */
function principalOf(verified: VerifiedToken, key: ApiKey): Principal {
  if (verified.principal?.key === key) return verified.principal;
  const principal = keyPrincipal(key);
  const expiresAt = Math.min(verified.claims.exp, principal.expiresAt ?? Number.POSITIVE_INFINITY);
  verified.principal = { ...principal, expiresAt, method: 'bridge' };
  return verified.principal;
}

export function createBridgeTokens(dependencies: BridgeTokenDependencies): BridgeTokens {
  const { apiKeys, clock } = dependencies;
  const verify = createBridgeVerifier(dependencies);
  const cache = new LRUCache<string, VerifiedToken>({ max: ENTRIES, maxSize: CHARACTERS });

  /** The checks of every use, also of a token from the cache; the key as it is now. */
  function keyOf(
    { claims, facts }: VerifiedToken,
    endpoint: Endpoint,
    audience: AudienceRule,
  ): Result<ApiKey> {
    const nowMs = clock.wallMs();
    // Without a tolerance, so that no stream is opened for a token that has ended.
    if (nowMs >= claims.exp * 1000) return tokenExpired();
    const key = apiKeys.named(claims.sub, claims.key);
    if (key === null)
      return tokenInactive({ detail: 'its API key was removed, or its name has another key now' });
    return audience(facts, endpoint) ?? rejectKey(key, endpoint, nowMs, 'bridge') ?? ok(key);
  }

  function accept(
    verified: VerifiedToken,
    endpoint: Endpoint,
    audience: AudienceRule,
  ): Result<Principal> {
    const key = keyOf(verified, endpoint, audience);
    if (key.ok) return ok(principalOf(verified, key.value));
    const { sub: name, aud, key: keyFingerprint } = verified.claims;
    const vouched = { issuer: null, subject: name, client: name, audience: aud, keyFingerprint };
    return { ...key, vouched: { ...vouched, method: 'bridge' } };
  }

  /** The work for a token that is not in the cache. */
  function prove(
    hash: string,
    token: string,
    endpoint: Endpoint,
    audience: AudienceRule,
  ): MaybeLater<Result<Principal>> {
    return andThen(verify(token), (claims) => {
      if (!claims.ok) return withKeyPlaces(claims, endpoint);
      // Calls at the same time get one principal.
      const verified = cache.get(hash) ?? verifiedToken(claims.value);
      cache.set(hash, verified, { size: token.length });
      return accept(verified, endpoint, audience);
    });
  }

  return (audience) => ({
    isKnown: ({ token }) => cache.has(tokenHash(token)),
    authenticate({ token }, endpoint, client) {
      const hash = tokenHash(token);
      const cached = cache.get(hash);
      if (cached !== undefined) {
        proofSlots.knownCaller();
        return accept(cached, endpoint, audience);
      }
      return inProofSlot(client, () => prove(hash, token, endpoint, audience));
    },
  });
}
