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
import type { Claims } from '../claims.js';
import type { Fetched, FetchJson } from '../fetch-json.js';
import { type ActivePolicy, activeToken, rejectActive } from '../introspection/active-token.js';
import { type Breaker, createBreaker } from '../introspection/breaker.js';
import { createIntrospectionCache } from '../introspection/cache.js';
import { createClientAuthentication } from '../introspection/client-authentication.js';
import { createLocateEndpoint } from '../introspection/endpoint.js';
import { readResponse } from '../introspection/response.js';
import { createSlots } from '../introspection/slots.js';
import type { MetadataSource } from '../issuer/metadata.js';
import { createSingleFlight } from '../single-flight.js';
import { tokenHash } from '../token-hash.js';

export interface IntrospectionClient extends ResolvedIntrospection, ActivePolicy {}

/** Returns at once from the cache, and a promise where it has to ask the issuer. */
export type Introspect = (token: string) => Result<AccessToken> | Promise<Result<AccessToken>>;

const DEADLINE_MS = 2_000;
const MAX_BYTES = 64 * 1024;
/**
 * A flood of random tokens does not reach the issuer in full. A start with many active tokens
 * waits instead of being rejected.
 */
const SLOTS = { max: 64, maxUnknown: 32, maxWaiting: 256, maxWaitMs: 1_000 };

/** Some endpoints repeat the token in the response. The gateway drops it (C-87, no raw token). */
const withoutToken = (claims: Claims, token: string): Claims =>
  Object.fromEntries(Object.entries(claims).filter(([, value]) => value !== token));

export interface IntrospectionDependencies {
  readonly metadata: MetadataSource;
  readonly fetchJson: FetchJson;
  readonly clock: Clock;
  readonly notify: Notify;
}

export function createIntrospection(
  client: IntrospectionClient,
  { metadata, fetchJson, clock, notify }: IntrospectionDependencies,
): Introspect {
  const { issuer } = client;
  const boundToClient = client.audience === 'bound-to-client';
  const cache = createIntrospectionCache(client, clock);
  const slots = createSlots(SLOTS, clock);
  const locate = createLocateEndpoint(client.url, metadata);
  const authenticate = createClientAuthentication(client.client, issuer, clock);
  const reportBreaker = (state: 'open' | 'closed'): void => {
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
    return fetchJson({ url, form, headers, deadlineMs: DEADLINE_MS, maxBytes: MAX_BYTES });
  }

  function acceptActive(claims: Claims, key: string, bytes: number): Result<AccessToken> {
    const rejection = rejectActive(claims, client, nowSeconds());
    if (rejection !== null) return rejection;
    const active = activeToken(claims, client, key);
    return active.ok ? cache.putActive(key, { ...active.value, boundToClient }, bytes) : active;
  }

  function reportIfGatewayRejected(failure: Failure): void {
    if (failure.definition !== introspectionGatewayRejected.definition) return;
    notify({
      event: 'introspection.client_rejected',
      level: 'error',
      issuer,
      detail: failure.detail,
    });
  }

  async function request(
    token: string,
    key: string,
    breaker: Breaker,
  ): Promise<Result<AccessToken>> {
    const url = await locate();
    if (typeof url !== 'string') return url;
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
      const { claims, failure, inactive, endpointFailed } = readResponse(fetched);
      succeeded = !endpointFailed;
      if (claims !== null && fetched.kind === 'answer')
        return acceptActive(withoutToken(claims, token), key, fetched.body.length);
      const rejection = failure ?? introspectionUnavailable();
      retryAfterSeconds = rejection.retryAfterSeconds ?? 0;
      if (inactive) cache.putInactive(key, rejection);
      reportIfGatewayRejected(rejection);
      return rejection;
    } finally {
      breaker.leave(succeeded, retryAfterSeconds);
    }
  }

  async function requestInSlot(token: string, key: string): Promise<Result<AccessToken>> {
    const isKnown = cache.isKnown(key);
    const result = await slots.run(isKnown, () =>
      request(token, key, isKnown ? breakers.known : breakers.unknown),
    );
    return (
      result ??
      introspectionUnavailable({
        detail: 'too many introspection requests in flight',
        retryAfterSeconds: 1,
      })
    );
  }

  return (token) => {
    const key = tokenHash(token);
    const cached = cache.get(key);
    if (cached === undefined) return flight.run(key, () => requestInSlot(token, key));
    if (!cached.ok) return cached;
    // Time has passed since the response: the dates are checked again.
    return rejectActive(cached.value.principal.claims, client, nowSeconds()) ?? cached;
  };
}
