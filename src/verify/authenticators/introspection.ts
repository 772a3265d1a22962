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
import { createBreaker } from '../../idp/breaker.js';
import {
  createClientAuthentication,
  isEncodedForBasic,
  TRY_POST,
} from '../../idp/client-authentication.js';
import type { Fetched, FetchJson } from '../../idp/fetch-json.js';
import { createLocateEndpoint, type LocateEndpoint } from '../../idp/locate.js';
import type { MetadataSource } from '../../idp/metadata.js';
import { createSingleFlight } from '../../idp/single-flight.js';
import { createSlots, slotLimits } from '../../idp/slots.js';
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
export type Introspect = (
  token: string,
  observe?: (claims: Claims) => void,
) => Result<AccessToken> | Promise<Result<AccessToken>>;

const MAX_BYTES = 64 * 1024;
const CHECK_CREDENTIALS =
  'the endpoint rejects the gateway: check auth, clientId and the secret or key of introspection';

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
}

export function createIntrospection(
  client: IntrospectionClient,
  { metadata, fetchJson, clock, notify, onBreaker }: IntrospectionDependencies,
): Introspect {
  const { issuer } = client;
  const boundToClient = client.audience === 'bound-to-client';
  const cache = createIntrospectionCache(client, clock);
  const slots = createSlots(slotLimits(client), clock);
  const locate = locateIntrospection(client.url, metadata);
  const authenticate = createClientAuthentication(client.client, issuer, clock);
  const reportBreaker = (state: 'open' | 'closed'): void => {
    onBreaker?.(state);
    if (state === 'open') notify({ event: 'introspection.down', level: 'error', issuer });
    else notify({ event: 'introspection.recovered', level: 'info', issuer });
  };
  // Two breakers: unknown tokens must not stop the introspection of known ones.
  const breakers = {
    known: createBreaker(clock, reportBreaker),
    unknown: createBreaker(clock, reportBreaker),
  };
  const flight = createSingleFlight<Result<AccessToken>>();
  if (boundToClient)
    notify({ event: 'introspection.audience_not_required', level: 'warn', issuer });

  const nowSeconds = (): number => clock.wallMs() / 1000;

  async function post(url: string, token: string): Promise<Fetched> {
    const form = new URLSearchParams({ token, token_type_hint: 'access_token' });
    const headers = await authenticate(form);
    return fetchJson({ url, form, headers, deadlineMs: client.timeoutMs, maxBytes: MAX_BYTES });
  }

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

  function reportGatewayRejected(failure: Failure): Failure {
    if (failure.definition !== introspectionGatewayRejected.definition) return failure;
    const hint = isEncodedForBasic(client.client) ? TRY_POST : CHECK_CREDENTIALS;
    const detail = `${failure.detail}; ${hint}`;
    notify({ event: 'introspection.client_rejected', level: 'error', issuer, detail });
    return introspectionGatewayRejected({ detail });
  }

  async function request(
    token: string,
    key: string,
    isKnown: boolean,
    observe?: (claims: Claims) => void,
  ): Promise<Result<AccessToken>> {
    const url = await locate();
    if (typeof url !== 'string') return url;
    const breaker = isKnown ? breakers.known : breakers.unknown;
    const waitMs = breaker.enter();
    if (waitMs > 0) {
      return introspectionUnavailable({
        detail: 'the endpoint keeps failing, no request sent',
        retryAfterSeconds: waitMs / 1000,
      });
    }
    let succeeded = false;
    let retryAfterSeconds = 0;
    try {
      const fetched = await post(url, token);
      const { claims, failure, inactive, endpointFailed } = readResponse(
        fetched,
        client.client.auth,
      );
      succeeded = !endpointFailed;
      // After an outage known tokens must not wait longer than unknown ones.
      if (succeeded && !isKnown) breakers.known.hearOfSuccess(claims !== null);
      if (claims !== null && fetched.kind === 'answer') {
        const answer = withoutToken(claims, token);
        observe?.(answer);
        return acceptActive(answer, key, fetched.body.length);
      }
      const rejection = failure ?? introspectionUnavailable();
      retryAfterSeconds = rejection.retryAfterSeconds ?? 0;
      if (inactive) cache.putInactive(key, rejection);
      return reportGatewayRejected(rejection);
    } finally {
      breaker.leave(succeeded, retryAfterSeconds);
    }
  }

  async function requestInSlot(
    token: string,
    key: string,
    observe?: (claims: Claims) => void,
  ): Promise<Result<AccessToken>> {
    const isKnown = cache.isKnown(key);
    const result = await slots.run(isKnown, () => request(token, key, isKnown, observe));
    return (
      result ??
      introspectionUnavailable({
        detail: 'too many introspection requests in progress',
        retryAfterSeconds: 1,
      })
    );
  }

  return (token, observe) => {
    const key = tokenHash(token);
    const cached = cache.get(key);
    if (cached === undefined) return flight.run(key, () => requestInSlot(token, key, observe));
    if (!cached.ok) return cached;
    // Time has passed since the response: the dates are checked again.
    return rejectActive(cached.value.principal.claims, client, nowSeconds()) ?? cached;
  };
}
