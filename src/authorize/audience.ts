// Checks that an access token was issued for this endpoint (RFC 8707, RFC 9068 section 4). Every
// authenticator uses this one rule: exact membership in the list of the endpoint.
import type { AccessToken } from '../core/access-token.js';
import type { Endpoint } from '../core/endpoint.js';
import type { Failure } from '../core/failure.js';
import { audienceMismatch } from '../core/failures.js';

const NOT_LISTED = 'aud is not in the list of this endpoint';
const NAMES_CLIENT =
  'aud names the client and not this endpoint. Let the client request the resource (RFC 8707). ' +
  'If the issuer never names it, choose its preset, or list this value as its audience ' +
  '(docs/idps.md)';
const NO_EVIDENCE =
  'aud may name a client, and nothing shows an access token, so this could be an ID token. Let ' +
  'the issuer write typ at+jwt, token_use access, or a claim scope, scp or permissions. Or ' +
  'choose its preset, or let audience be the URL of the endpoint (docs/idps.md)';

/** The detail for the log and for `explain`. */
function mismatchDetail(
  { audience, accessTokenEvidence, principal: { issuer, client } }: AccessToken,
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

/** Null: the token is for this endpoint. */
export function checkAudience(token: AccessToken, endpoint: Endpoint): Failure | null {
  const { audience, accessTokenEvidence, boundToClient, principal } = token;
  // The issuer calls such a token active for one client only, and the operator states that this
  // client is the endpoint's own.
  if (audience.length === 0)
    return boundToClient ? null : audienceMismatch({ detail: 'the token names no audience' });
  const ofIssuer = endpoint.issuerAudience.get(principal.issuer);
  for (const name of audience) {
    if (endpoint.audience.includes(name)) {
      // The audience of an ID token is its client. Where the name may be that of a client, the
      // token has to show that it is an access token.
      if (accessTokenEvidence || (name !== principal.client && URL.canParse(name))) return null;
    } else if (ofIssuer?.includes(name) && accessTokenEvidence) return null;
  }
  return audienceMismatch({ detail: mismatchDetail(token, endpoint) });
}
