// Decides whether an issuer is asked about a token (RFC 7662), and what becomes of its answer: a remembered one first, one question for
// all who hold the same token, in a slot, unless the endpoint is in trouble. Never decides about audience or scope.
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

export type Introspect = (token: string) => Result<AccessToken> | Promise<Result<AccessToken>>;

const DEADLINE_MS = 2_000;
const MAX_BYTES = 64 * 1024;
/** A flood of random tokens is not passed on to the issuer, and a start with many good ones is not refused. */
const SLOTS = { atOnce: 64, forStrangers: 32, waiting: 256, waitMs: 1_000 };

/** Some endpoints repeat the token; it is kept nowhere (C-87). */
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
  const tell = (state: 'open' | 'closed'): void => {
    if (state === 'open') notify({ event: 'introspection.down', level: 'error', issuer });
    else notify({ event: 'introspection.recovered', level: 'info', issuer });
  };
  // One for each kind: what strangers send must not close the way for those who were let in before.
  const breakers = { known: createBreaker(clock, tell), stranger: createBreaker(clock, tell) };
  const flight = createSingleFlight<Result<AccessToken>>();
  if (boundToClient)
    notify({ event: 'introspection.audience_not_required', level: 'warn', issuer });

  const nowSeconds = (): number => clock.wallMs() / 1000;

  async function post(url: string, token: string): Promise<Fetched> {
    const form = new URLSearchParams({ token, token_type_hint: 'access_token' });
    const headers = await authenticate(form);
    return fetchJson({ url, form, headers, deadlineMs: DEADLINE_MS, maxBytes: MAX_BYTES });
  }

  function believe(claims: Claims, key: string, bytes: number): Result<AccessToken> {
    const refusal = rejectActive(claims, client, nowSeconds());
    if (refusal !== null) return refusal;
    const active = activeToken(claims, client);
    return active.ok ? cache.keepActive(key, { ...active.value, boundToClient }, bytes) : active;
  }

  function alarm(failure: Failure): void {
    if (failure.definition !== introspectionGatewayRejected.definition) return;
    notify({
      event: 'introspection.client_rejected',
      level: 'error',
      issuer,
      detail: failure.detail,
    });
  }

  async function question(
    token: string,
    key: string,
    breaker: Breaker,
  ): Promise<Result<AccessToken>> {
    const url = await locate();
    if (typeof url !== 'string') return url;
    const waitMs = breaker.enter();
    if (waitMs > 0) {
      return introspectionUnavailable({
        detail: 'the endpoint is in trouble, not asked',
        retryAfterSeconds: waitMs / 1000,
      });
    }
    let worked = false;
    let retryAfterSeconds = 0;
    try {
      const fetched = await post(url, token);
      const { claims, failure, inactive, trouble } = readResponse(fetched);
      worked = !trouble;
      if (claims !== null && fetched.kind === 'answer')
        return believe(withoutToken(claims, token), key, fetched.body.length);
      const refusal = failure ?? introspectionUnavailable();
      retryAfterSeconds = refusal.retryAfterSeconds ?? 0;
      if (inactive) cache.keepInactive(key, refusal);
      alarm(refusal);
      return refusal;
    } finally {
      breaker.leave(worked, retryAfterSeconds);
    }
  }

  async function ask(token: string, key: string): Promise<Result<AccessToken>> {
    const known = cache.known(key);
    const judged = await slots.run(known, () =>
      question(token, key, known ? breakers.known : breakers.stranger),
    );
    return (
      judged ??
      introspectionUnavailable({ detail: 'too many questions under way', retryAfterSeconds: 1 })
    );
  }

  return (token) => {
    const key = tokenHash(token);
    const cached = cache.get(key);
    if (cached === undefined) return flight.run(key, () => ask(token, key));
    if (!cached.ok) return cached;
    // The clock has moved on since the issuer answered.
    return rejectActive(cached.value.principal.claims, client, nowSeconds()) ?? cached;
  };
}
