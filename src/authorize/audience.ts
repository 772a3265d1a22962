// Checks that an access token was made for this endpoint (RFC 8707, RFC 9068 section 4). Every
// authenticator calls this one rule: exact membership in the list of the endpoint.
import type { AudienceFacts } from '../core/access-token.js';
import type { Endpoint } from '../core/endpoint.js';
import type { Failure } from '../core/failure.js';
import { audienceMismatch, tokenType } from '../core/failures.js';
import { nearMiss, nearMissText } from '../core/near-miss.js';
import { quoted } from '../core/quoted.js';

const QUOTED_CHARACTERS = 80;
const shown = (name: string): string => quoted(name, QUOTED_CHARACTERS);

const NO_EVIDENCE =
  'may be a client, and nothing shows an access token, so it could be an ID token. Let the issuer ' +
  'write typ at+jwt, token_use access, idtyp app or scopes. Or name a claim that only its access ' +
  'tokens have in requiredClaims.';

const NO_AUDIENCE =
  'the token names no audience: let the client ask for the resource (RFC 8707), or let the issuer ' +
  'write aud';

const NONCE = 'a nonce marks an ID token, and nothing shows an access token';

/** True for a name that can be the identifier of a client: it is the client, or not a URL. */
const mayBeClient = (name: string, client: string | null): boolean =>
  name === client || !URL.canParse(name);

function mismatch({ audience, client, issuer }: AudienceFacts, endpoint: Endpoint): Failure {
  const [first] = audience;
  if (first === undefined) return audienceMismatch({ detail: NO_AUDIENCE });
  if (client !== null && audience.includes(client)) {
    const detail =
      `aud names the client ${shown(client)} and not this endpoint. Let the client ask for the ` +
      `resource (RFC 8707). An issuer that never names it needs audience: [${shown(client)}].`;
    return audienceMismatch({ detail });
  }
  const accepted = [...endpoint.audience, ...(endpoint.issuerAudience.get(issuer) ?? [])];
  const near = nearMiss(first, accepted, false);
  const hint = near === null ? '' : `, and ${nearMissText(near)}`;
  const detail =
    `aud ${shown(first)} is not an audience of this endpoint or of the issuer${hint}. Let the ` +
    'client ask for the resource (RFC 8707). Or list this aud in audience, if it means this ' +
    'server alone.';
  return audienceMismatch({ detail });
}

/**
 * Membership comes first, then evidence. An ID token has its client as audience, so a name that
 * can be a client needs a sign that the token is for access. A nonce weakens the sign of scopes.
 */
export function checkAudience(token: AudienceFacts, endpoint: Endpoint): Failure | null {
  const { audience, evidence, hasNonce, boundToClient, issuer, client } = token;
  // The issuer calls such a token active for one client only, and the operator states that this
  // client is the endpoint's own.
  if (audience.length === 0 && boundToClient)
    return hasNonce && evidence === 'none' ? tokenType({ detail: NONCE }) : null;
  const ofIssuer = endpoint.issuerAudience.get(issuer);
  let doubtful: string | null = null;
  for (const name of audience) {
    const isOwn = endpoint.audience.includes(name);
    if (!isOwn && !ofIssuer?.includes(name)) continue;
    if (evidence === 'marked' || (evidence === 'scoped' && !hasNonce)) return null;
    // One sign is doubtful here: the scopes beside a nonce, or none without a nonce.
    const isResource = isOwn && !mayBeClient(name, client);
    if (isResource && (evidence === 'scoped' || !hasNonce)) return null;
    doubtful = name;
  }
  if (doubtful === null) return mismatch(token, endpoint);
  if (hasNonce) return tokenType({ detail: NONCE });
  return audienceMismatch({ detail: `aud ${shown(doubtful)} ${NO_EVIDENCE}` });
}
