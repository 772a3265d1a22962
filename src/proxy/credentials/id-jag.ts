// Gets a token of the upstream's own authorization server for a caller (cross-app access). The
// issuer of the caller gives an ID-JAG for the caller's token, and that server takes the ID-JAG
// (draft-ietf-oauth-identity-assertion-authz-grant sections 4.3 and 4.4). Caches neither.
import type { Failure } from '../../core/failure.js';
import { exchangeUnavailable } from '../../core/failures.js';
import { ok, type Result } from '../../core/result.js';
import type { ExchangeCredential, IdJagServer } from '../../core/upstream-credential.js';
import type { MetadataSource } from '../../idp/metadata.js';
import { requireOffer } from '../../idp/offered-metadata.js';
import { ID_JAG_TYPE, type IdJag, isIdJag, readIdJag } from './id-jag-assertion.js';
import type { TokenAnswer } from './token-answer.js';
import { createTokenClient, type TokenClientDependencies } from './token-client.js';

/** An exchange that asks for an ID-JAG. */
export interface IdJagExchange extends ExchangeCredential {
  readonly idJag: IdJagServer;
}

export interface IdJagParts extends TokenClientDependencies {
  /** The metadata of the issuer of the caller. Not read where the operator configured `tokenUrl`. */
  readonly issuerMetadata: MetadataSource;
  /** The metadata of the server that takes the ID-JAG. Not read with `idJag.tokenUrl`. */
  readonly serverMetadata: MetadataSource;
  /** The fields of each notice beside the server. */
  readonly about: Readonly<Record<string, string>>;
}

/**
 * `subjectToken`: the access token of the caller. `isKnown`: see `TokenClient`. Resolves to the
 * answer of the authorization server of the upstream, whose audience and life are not checked yet.
 */
export type RequestIdJagToken = (
  subjectToken: string,
  isKnown: boolean,
) => Promise<Result<TokenAnswer>>;

const FIELD = 'upstream.credential.idJag';
const EXCHANGE_GRANT = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ASSERTION_GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const ACCESS_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:access_token';
/** What each of the two servers publishes (sections 7.1 and 7.2 of the draft). */
const ISSUES = { member: 'identity_chaining_requested_token_types_supported', value: ID_JAG_TYPE };
const ACCEPTS = {
  member: 'authorization_grant_profiles_supported',
  value: 'urn:ietf:params:oauth:grant-profile:id-jag',
};

function exchangeForm(config: IdJagExchange, subjectToken: string): URLSearchParams {
  const form = new URLSearchParams(config.parameters);
  form.set('grant_type', EXCHANGE_GRANT);
  form.set('subject_token', subjectToken);
  form.set('subject_token_type', ACCESS_TOKEN_TYPE);
  form.set('requested_token_type', ID_JAG_TYPE);
  form.set('audience', config.idJag.issuer);
  for (const resource of config.resource) form.append('resource', resource);
  if (config.scopes.length > 0) form.set('scope', config.scopes.join(' '));
  return form;
}

/**
 * Names the resource and the scopes again, as MCP asks of each token request. They are those that
 * the issuer granted: a request for more would be rejected as a whole.
 */
function assertionForm({ resource, scopes }: IdJagExchange, idJag: IdJag): URLSearchParams {
  const form = new URLSearchParams({ grant_type: ASSERTION_GRANT, assertion: idJag.assertion });
  for (const name of idJag.resource.length > 0 ? idJag.resource : resource)
    form.append('resource', name);
  const scope = idJag.scope ?? scopes.join(' ');
  if (scope !== '') form.set('scope', scope);
  return form;
}

/** The same failure with the name of the server, because two servers can cause it. */
const of = (server: string, failure: Failure): Failure => ({
  ...failure,
  detail: `${server}: ${failure.detail ?? failure.definition.reason}`,
});

export function createIdJagRequest(config: IdJagExchange, parts: IdJagParts): RequestIdJagToken {
  const { idJag: server, issuer } = config;
  const { clock, fetchJson, notify, about, issuerMetadata, serverMetadata } = parts;
  const shared = { fetchJson, clock, notify, asker: 'caller' } as const;
  const offered = { setting: 'upstream.credential.tokenUrl', ...ISSUES };
  const idp = createTokenClient({
    ...shared,
    server: config,
    metadata: requireOffer(issuerMetadata, offered),
    assertionAudience: issuer,
    about: { ...about, server: issuer },
  });
  const accepted = { setting: `${FIELD}.tokenUrl`, ...ACCEPTS };
  const authorizationServer = createTokenClient({
    ...shared,
    server,
    metadata: requireOffer(serverMetadata, accepted),
    assertionAudience: server.issuer,
    about: { ...about, server: server.issuer },
    field: FIELD,
  });
  const clientId = server.client.auth === 'bearer' ? '' : (server.client.clientId ?? '');
  const expected = { issuer, audience: server.issuer, clientId, resource: config.resource };

  return async (subjectToken, isKnown) => {
    const exchanged = await idp.request(exchangeForm(config, subjectToken), isKnown);
    if (!exchanged.ok) return of(`issuer ${issuer}`, exchanged);
    const idJag = readIdJag(exchanged.value, expected, clock);
    if (!idJag.ok) return of(`issuer ${issuer}`, idJag);
    const form = assertionForm(config, idJag.value);
    const answered = await authorizationServer.request(form, isKnown);
    const name = `authorization server ${server.issuer}`;
    if (!answered.ok) return of(name, answered);
    // The upstream must not get what buys tokens at its authorization server.
    if (isIdJag(answered.value.accessToken))
      return of(name, exchangeUnavailable({ detail: 'the access token is an ID-JAG' }));
    return ok(answered.value);
  };
}
