// Introspects tokens at their issuer (RFC 7662). The gateway uses a cached result first. Requests
// with the same token share one introspection, which takes a slot and which the breaker may stop.
// Audience and scope are checked elsewhere.
import type { ResolvedIntrospection } from '../../config/resolved-config.js';
import type { AccessToken } from '../../core/access-token.js';
import type { Clock } from '../../core/clock.js';
import type { Failure } from '../../core/failure.js';
import { introspectionGatewayRejected, introspectionUnavailable } from '../../core/failures.js';
import type { Notify } from '../../core/notice.js';
import type { Result } from '../../core/result.js';
import { createClientEndpoint } from '../../idp/client-endpoint.js';
import type { FetchJson } from '../../idp/fetch-json.js';
import { createLocateEndpoint, type LocateEndpoint } from '../../idp/locate.js';
import type { MetadataSource } from '../../idp/metadata.js';
import { createSingleFlight } from '../../idp/single-flight.js';
import { tokenHash } from '../../idp/token-hash.js';
import type { Claims } from '../claims.js';
import { type ActivePolicy, activeToken, rejectActive } from '../introspection/active-token.js';
import { createIntrospectionCache } from '../introspection/cache.js';
import { readResponse } from '../introspection/response.js';

export interface IntrospectionClient extends ResolvedIntrospection, ActivePolicy {}

/**
 * Returns at once from the cache, and a promise where it has to ask the issuer. `observe`, for
 * `explain`, gets the response about an active token, also where a check then rejects it.
 */
export interface Introspect {
  (
    token: string,
    observe?: (claims: Claims) => void,
  ): Result<AccessToken> | Promise<Result<AccessToken>>;
  /** True for a token that the issuer called active in the last ten minutes. */
  readonly isKnown?: (key: string) => boolean;
}

/** Some endpoints repeat the token in the response. The gateway drops it (C-87, no raw token). */
const withoutToken = (claims: Claims, token: string): Claims =>
  Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== token));

/** `url`: null for the one in the metadata. */
export const locateIntrospection = (url: string | null, metadata: MetadataSource): LocateEndpoint =>
  createLocateEndpoint(
    {
      member: 'introspectionEndpoint',
      name: 'introspection_endpoint',
      setting: 'introspection.url',
      settingOf: 'issuer',
      unavailable: introspectionUnavailable,
    },
    url,
    metadata,
  );

export interface IntrospectionDependencies {
  readonly metadata: MetadataSource;
  readonly fetchJson: FetchJson;
  readonly clock: Clock;
  readonly notify: Notify;
  /** Called when one of its two breakers opens or closes. */
  readonly onBreaker?: (state: 'open' | 'closed') => void;
  /** Called with each failure that is not about one token. */
  readonly onFailure?: (failure: Failure) => void;
}

export function createIntrospection(
  client: IntrospectionClient,
  { metadata, fetchJson, clock, notify, onBreaker, onFailure }: IntrospectionDependencies,
): Introspect {
  const { issuer } = client;
  const boundToClient = client.audience === 'bound-to-client';
  const cache = createIntrospectionCache(client, clock);
  const endpoint = createClientEndpoint({
    client: client.client,
    assertionAudience: issuer,
    timeoutMs: client.timeoutMs,
    maxConcurrentRequests: client.maxConcurrentRequests,
    locate: locateIntrospection(client.url, metadata),
    unavailable: introspectionUnavailable,
    gatewayRejected: introspectionGatewayRejected,
    reports: {
      events: {
        down: 'introspection.down',
        recovered: 'introspection.recovered',
        clientRejected: 'introspection.client_rejected',
      },
      about: { issuer },
      name: 'the endpoint',
      requests: 'introspection requests',
      settings: 'auth, clientId and the secret or key of introspection',
      ...(onBreaker === undefined ? {} : { onBreaker }),
      ...(onFailure === undefined ? {} : { onFailure }),
    },
    fetchJson,
    clock,
    notify,
  });
  const flight = createSingleFlight<Result<AccessToken>>();
  if (boundToClient)
    notify({ event: 'introspection.audience_not_required', level: 'warn', issuer });

  const nowSeconds = (): number => clock.wallMs() / 1000;

  /** The answer names no audience, and the operator accepts such answers for its client. */
  const isOfAcceptedClient = ({ audience, principal }: AccessToken): boolean =>
    audience.length === 0 &&
    principal.client !== null &&
    client.audienceClients.includes(principal.client);

  function acceptActive(claims: Claims, key: string, bytes: number): Result<AccessToken> {
    const rejection = rejectActive(claims, client, nowSeconds());
    if (rejection !== null) return rejection;
    const active = activeToken(claims, client, key);
    if (!active.ok) return active;
    const isBound = boundToClient || isOfAcceptedClient(active.value);
    return cache.putActive(key, { ...active.value, boundToClient: isBound }, bytes);
  }

  async function request(
    token: string,
    key: string,
    observe?: (claims: Claims) => void,
  ): Promise<Result<AccessToken>> {
    const form = new URLSearchParams({ token, token_type_hint: 'access_token' });
    const answer = await endpoint.request(
      form,
      cache.isKnown(key),
      (fetched) => {
        const { claims, failure, inactive, endpointFailed } = readResponse(
          fetched,
          client.client.auth,
        );
        if (inactive && failure !== null) cache.putInactive(key, failure);
        const bytes = fetched.kind === 'answer' ? fetched.body.length : 0;
        const value = claims === null ? null : { claims: withoutToken(claims, token), bytes };
        return { value, failure, endpointFailed };
      },
      key,
    );
    if (!answer.ok) return answer;
    const { claims, bytes } = answer.value;
    observe?.(claims);
    return acceptActive(claims, key, bytes);
  }

  const introspect = (token: string, observe?: (claims: Claims) => void) => {
    const key = tokenHash(token);
    const cached = cache.get(key);
    if (cached === undefined) return flight.run(key, () => request(token, key, observe));
    if (!cached.ok) return cached;
    // Time has passed since the response: the dates are checked again.
    return rejectActive(cached.value.principal.claims, client, nowSeconds()) ?? cached;
  };
  return Object.assign(introspect, { isKnown: cache.isKnown });
}
