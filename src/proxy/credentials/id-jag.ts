// Gets a token of the upstream's own authorization server for a caller (cross-app access). The
// caller's issuer returns an ID-JAG for the caller's token, and that server accepts the ID-JAG
// (draft-ietf-oauth-identity-assertion-authz-grant sections 4.3 and 4.4). Caches neither.
import type { Failure } from '../../core/failure.js';
import { exchangeUnavailable } from '../../core/failures.js';
import type { ExchangeCredential, IdJagServer } from '../../core/upstream-credential.js';
import type { MetadataSource } from '../../idp/metadata.js';
import { requireOffer } from '../../idp/offered-metadata.js';
import { tokenHash } from '../../idp/token-hash.js';
import { type Exchange, exchangeForm, JWT_BEARER } from './exchange.js';
import { ID_JAG_TYPE, type IdJag, isIdJag, readIdJag } from './id-jag-assertion.js';
import { readIssued } from './issued-token.js';
import { createTokenClient, type TokenClientDependencies } from './token-client.js';

/** An exchange that asks for an ID-JAG. */
export interface IdJagExchange extends ExchangeCredential {
  readonly idJag: IdJagServer;
}

export interface IdJagParts extends TokenClientDependencies {
  /** The metadata of the issuer of the caller. Null: the operator configured `tokenUrl`. */
  readonly issuerMetadata: MetadataSource | null;
  /** The metadata of the server that accepts the ID-JAG. Not read with `idJag.tokenUrl`. */
  readonly serverMetadata: MetadataSource;
  /** The name of the endpoint, for notices. */
  readonly endpoint: string;
}

const FIELD = 'upstream.credential.idJag';
/** The members of the metadata of each server (sections 7.1 and 7.2 of the draft). */
const ISSUES = { member: 'identity_chaining_requested_token_types_supported', value: ID_JAG_TYPE };
const ACCEPTS = {
  member: 'authorization_grant_profiles_supported',
  value: 'urn:ietf:params:oauth:grant-profile:id-jag',
};

/**
 * Names the resource and the scopes again, as MCP requires it for each token request. It names
 * those that the issuer granted: the server would reject a request for more.
 */
function assertionForm({ resource, scopes }: IdJagExchange, idJag: IdJag): URLSearchParams {
  const form = new URLSearchParams({ grant_type: JWT_BEARER, assertion: idJag.assertion });
  for (const name of idJag.resource.length > 0 ? idJag.resource : resource)
    form.append('resource', name);
  const granted = idJag.scope?.split(' ').filter((one) => one !== '') ?? scopes;
  // The issuer may grant more than the operator wants for this upstream.
  const wanted = scopes.length === 0 ? granted : granted.filter((one) => scopes.includes(one));
  if (wanted.length > 0) form.set('scope', wanted.join(' '));
  return form;
}

/** The beginning of the detail of its failures. */
export const nameOfServer = ({ issuer }: IdJagServer): string => `authorization server ${issuer}`;

/** The same failure with the name of the server, because two servers can cause it. */
const withServer = (server: string, failure: Failure): Failure => ({
  ...failure,
  detail: `${server}: ${failure.detail ?? failure.definition.reason}`,
});

export function createIdJagExchange(config: IdJagExchange, parts: IdJagParts): Exchange {
  const { idJag: server, issuer, resource } = config;
  const { clock, fetchJson, notify, endpoint, issuerMetadata, serverMetadata } = parts;
  const shared = { fetchJson, clock, notify, asker: 'caller' } as const;
  const idp = createTokenClient({
    ...shared,
    server: config,
    metadata:
      issuerMetadata === null
        ? null
        : requireOffer(issuerMetadata, { setting: 'upstream.credential.tokenUrl', ...ISSUES }),
    assertionAudience: issuer,
    about: { endpoint, issuer },
  });
  const authServer = createTokenClient({
    ...shared,
    server,
    metadata: requireOffer(serverMetadata, { setting: `${FIELD}.tokenUrl`, ...ACCEPTS }),
    assertionAudience: server.issuer,
    about: { endpoint, issuer: server.issuer },
    field: FIELD,
  });
  const atIdp = `issuer ${issuer}`;
  const atAuthServer = nameOfServer(server);
  const request = { ...config, audience: [server.issuer] };
  const clientId = server.client.auth === 'bearer' ? '' : (server.client.clientId ?? '');
  const expectedIdJag = { issuer, audience: server.issuer, clientId, resource };
  const expectedToken = { issuedTokenType: null, audience: resource };

  return async (subjectToken, isKnown) => {
    const caller = tokenHash(subjectToken);
    // Without the other server an ID-JAG is useless, and an outage there must not load the issuer.
    const obstacle = await authServer.obstacle(isKnown, caller);
    if (obstacle !== null) return withServer(atAuthServer, obstacle);
    const form = exchangeForm(request, subjectToken, ID_JAG_TYPE);
    const exchanged = await idp.request(form, isKnown, caller);
    if (!exchanged.ok) return withServer(atIdp, exchanged);
    const idJag = readIdJag(exchanged.value, expectedIdJag, clock);
    if (!idJag.ok) return withServer(atIdp, idJag);
    const askedAtMs = clock.wallMs();
    const answer = await authServer.request(assertionForm(config, idJag.value), isKnown, caller);
    if (!answer.ok) return withServer(atAuthServer, answer);
    // With an ID-JAG, the upstream could get tokens at its authorization server.
    if (isIdJag(answer.value.accessToken))
      return withServer(
        atAuthServer,
        exchangeUnavailable({ detail: 'the access token is an ID-JAG' }),
      );
    // It may live longer than the ID-JAG: that end limits only when the gateway may present it.
    const expected = { ...expectedToken, subjectToken };
    const issued = readIssued(answer.value, expected, askedAtMs, clock.wallMs());
    return issued.ok ? issued : withServer(atAuthServer, issued);
  };
}
