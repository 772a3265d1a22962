// Decides whether a proven caller's token was made for this endpoint (RFC 8707, RFC 9068 section 4): exact membership, for JWT and
// introspection alike. A pass-through caller has no audience; its upstream judges it.
import type { Endpoint } from '../core/endpoint.js';
import type { Failure } from '../core/failure.js';
import { audienceMismatch } from '../core/failures.js';
import type { Caller, Principal } from '../core/principal.js';

const NOT_LISTED = 'aud is not in the list of this endpoint';
const NAMES_CLIENT =
  'aud names the client and not this endpoint: let the client ask for the resource (RFC 8707); where the issuer never names it, choose its preset, or list this value as its audience (docs/idps.md)';
const NO_EVIDENCE =
  'aud may name a client, and nothing shows an access token, so this could be an ID token: let the issuer write typ at+jwt, token_use access, or a claim scope, scp or permissions; or choose its preset, or let audience be the URL of the endpoint (docs/idps.md)';

/** For the log and `explain`: why none of the names will do. */
function whyNot(
  { audience, issuer, client, accessTokenEvidence }: Principal,
  endpoint: Endpoint,
): string {
  const isListed = (name: string): boolean =>
    endpoint.audience.includes(name) ||
    (endpoint.issuerAudience.get(issuer)?.includes(name) ?? false);
  const isClient = (name: string): boolean =>
    name === client || (client === null && name !== '' && !URL.canParse(name));
  if (!accessTokenEvidence && audience.some((name) => isListed(name) || isClient(name)))
    return NO_EVIDENCE;
  return audience.includes(client as string) ? NAMES_CLIENT : NOT_LISTED;
}

export function checkAudience(caller: Caller, endpoint: Endpoint): Failure | null {
  if (caller.kind === 'pass-through') return null;
  const { audience, issuer, client, accessTokenEvidence, boundToClient } = caller.principal;
  // The issuer calls a token active only for the client that may use it; the configuration vouches that this client is this endpoint's own.
  if (audience.length === 0)
    return boundToClient ? null : audienceMismatch({ detail: 'the token names no audience' });
  const ofIssuer = endpoint.issuerAudience.get(issuer);
  for (const name of audience) {
    if (endpoint.audience.includes(name)) {
      // An ID token has its client as audience: where the name may be a client's, something must show that the token is for access.
      if (accessTokenEvidence || (name !== client && URL.canParse(name))) return null;
    } else if (ofIssuer?.includes(name) && accessTokenEvidence) return null;
  }
  return audienceMismatch({ detail: whyNot(caller.principal, endpoint) });
}
