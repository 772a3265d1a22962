// Decides whether a proven caller's token was made for this endpoint (RFC 8707, RFC 9068 section 4): exact membership, for JWT and
// introspection alike. A pass-through caller has no audience; its upstream judges it.
import type { Endpoint } from '../core/endpoint.js';
import { audienceMismatch, type Failure } from '../core/failure.js';
import type { Caller } from '../core/principal.js';

export function checkAudience(caller: Caller, endpoint: Endpoint): Failure | null {
  if (caller.kind === 'pass-through') return null;
  const { audience, issuer, client, accessTokenEvidence, boundToClient } = caller.principal;
  // The issuer calls a token active only for the client that may use it; the configuration vouches that this client is this endpoint's own.
  if (audience.length === 0) return boundToClient ? null : audienceMismatch({ detail: 'the token names no audience' });
  const ofIssuer = endpoint.issuerAudience.get(issuer);
  for (const name of audience) {
    if (endpoint.audience.includes(name)) {
      // An ID token has its client as audience: where the name may be a client's, something must show that the token is for access.
      if (accessTokenEvidence || (name !== client && URL.canParse(name))) return null;
    } else if (ofIssuer?.includes(name) && accessTokenEvidence) return null;
  }
  return audienceMismatch({ detail: 'aud is not in the list of this endpoint' });
}
