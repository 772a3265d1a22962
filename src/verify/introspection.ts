// Decides what an introspection answer means (RFC 7662): active, inactive, or no information. "No information" is 503 and never told as
// a bad token. Never sees a JWT that was or could be verified locally, and never decides about audience or scope.
import { LRUCache } from 'lru-cache';
import { type Failure, introspectionRefusedUs, introspectionUnavailable, tokenClaims, tokenInactive } from '../core/failure.js';
import { isObject } from '../core/json.js';
import type { Clock, Notify } from '../core/ports.js';
import type { Principal } from '../core/principal.js';
import type { Secret } from '../core/secret.js';
import type { Verdict } from '../core/verdict.js';
import { checkDates, toPrincipal } from './claims.js';
import { discover } from './discovery.js';
import type { Fetched, FetchJson } from './fetch-json.js';
import { tokenHash } from './token-hash.js';

export interface IntrospectionClient {
  readonly issuer: string;
  /** Null: from the issuer's metadata. */
  readonly url: string | null;
  readonly clientId: string;
  readonly clientSecret: Secret;
  /** How we authenticate to the endpoint (RFC 6749 section 2.3.1). */
  readonly auth: 'basic' | 'post';
  readonly cacheForSeconds: number;
  readonly inactiveForSeconds: number;
  readonly clockToleranceSeconds: number;
}

export type Introspect = (token: string) => Promise<Verdict<Principal>>;

const DEADLINE_MS = 2_000;
const MAX_BYTES = 64 * 1024;
const ENTRIES = 10_000;
/** Questions under way at once: a flood of random tokens is not passed on to the issuer. */
const AT_ONCE = 64;
const LOOK_AGAIN_MS = 2_000;

interface Entry {
  readonly verdict: Verdict<Principal>;
  /** Monotonic: a wall clock that is set back must not lengthen the revocation delay (E-13). */
  readonly untilMs: number;
  /** Wall clock: the token's own end, without tolerance; no answer is kept beyond it (C-85). */
  readonly expiresMs: number;
}

/** form-urlencoded before base64, as RFC 6749 section 2.3.1 asks: a secret with `:` or `%` works. */
function formEncode(value: string): string {
  return new URLSearchParams([['', value]]).toString().slice(1);
}

const retryAfter = (fetched: Extract<Fetched, { kind: 'answer' }>): number => Number(fetched.headers['retry-after']) || 1;

export function createIntrospection(client: IntrospectionClient, fetchJson: FetchJson, clock: Clock, notify: Notify): Introspect {
  const { issuer, clientId, clientSecret, auth } = client;
  // Negative answers have a map of their own: random tokens must not push out those that are known (E-02).
  const active = new LRUCache<string, Entry>({ max: ENTRIES });
  const inactive = new LRUCache<string, Entry>({ max: ENTRIES });
  const inFlight = new Map<string, Promise<Verdict<Principal>>>();
  let discovered: string | null = client.url;
  let looking: Promise<string | Failure> | null = null;
  let lookAgainAt = 0;

  const refusedUs = (detail: string): Failure => {
    notify({ event: 'introspection.client_rejected', level: 'error', issuer, detail });
    return introspectionRefusedUs({ detail });
  };

  async function look(): Promise<string | Failure> {
    const found = await discover(issuer, fetchJson, DEADLINE_MS, clock.monotonicMs);
    const endpoint = found.ok ? found.metadata.introspectionEndpoint : null;
    if (endpoint !== null) {
      discovered = endpoint;
      return endpoint;
    }
    lookAgainAt = clock.monotonicMs() + LOOK_AGAIN_MS;
    return introspectionUnavailable({ detail: found.ok ? 'metadata has no introspection_endpoint' : found.detail });
  }

  /** One look at the metadata at a time, and none right after one that found nothing: any stranger's token asks for it. */
  async function locate(): Promise<string | Failure> {
    if (discovered !== null) return discovered;
    if (clock.monotonicMs() < lookAgainAt) return introspectionUnavailable({ detail: 'no endpoint known, backing off' });
    looking ??= look().finally(() => {
      looking = null;
    });
    return looking;
  }

  function post(url: string, token: string): Promise<Fetched> {
    const form = new URLSearchParams({ token, token_type_hint: 'access_token' });
    const headers: Record<string, string> = {};
    if (auth === 'post') {
      form.set('client_id', clientId);
      form.set('client_secret', clientSecret.reveal());
    } else {
      const pair = `${formEncode(clientId)}:${formEncode(clientSecret.reveal())}`;
      headers.authorization = `Basic ${Buffer.from(pair).toString('base64')}`;
    }
    return fetchJson({ url, form, headers, deadlineMs: DEADLINE_MS, maxBytes: MAX_BYTES });
  }

  /** The answer as a verdict. Only a boolean decides: `"true"`, 1 or nothing is no information. */
  function read(fetched: Fetched): Verdict<Principal> {
    if (fetched.kind === 'transport') return introspectionUnavailable({ detail: fetched.detail });
    const { status, json } = fetched;
    if (status === 401 || status === 403) return refusedUs(`status ${status}`);
    if (status === 400) {
      if (isObject(json) && json.error === 'invalid_client') return refusedUs('invalid_client');
      return tokenInactive({ detail: 'the endpoint answered 400 to this token' });
    }
    if (status !== 200) {
      return introspectionUnavailable({ detail: `status ${status}`, retryAfterSeconds: retryAfter(fetched) });
    }
    if (!isObject(json) || typeof json.active !== 'boolean')
      return introspectionUnavailable({ detail: 'answer without a boolean active' });
    if (!json.active) return tokenInactive();
    if (json.iss !== undefined && json.iss !== issuer) return tokenClaims({ detail: 'iss of the answer is another issuer' });
    if (json.token_use === 'refresh' || json.token_type === 'refresh_token') return tokenClaims({ detail: 'a refresh token' });
    const dates = checkDates(json, clock.wallMs() / 1000, client.clockToleranceSeconds, false);
    return dates ?? toPrincipal({ ...json, sub: json.sub ?? json.client_id }, issuer, true);
  }

  async function ask(token: string, key: string): Promise<Verdict<Principal>> {
    const url = await locate();
    if (typeof url !== 'string') return url;
    const fetched = await post(url, token);
    const verdict = read(fetched);
    const now = clock.monotonicMs();
    if (verdict.ok) {
      const expiresMs = (verdict.value.expiresAt ?? Number.POSITIVE_INFINITY) * 1000;
      active.set(key, { verdict, untilMs: now + client.cacheForSeconds * 1000, expiresMs });
    } else if (fetched.kind === 'answer' && fetched.status === 200 && isObject(fetched.json) && fetched.json.active === false) {
      // An old entry would hide the new one, and a token that was revoked would be asked about at every request.
      active.delete(key);
      inactive.set(key, { verdict, untilMs: now + client.inactiveForSeconds * 1000, expiresMs: Number.POSITIVE_INFINITY });
    }
    return verdict;
  }

  return (token) => {
    const key = tokenHash(token);
    const known = active.get(key) ?? inactive.get(key);
    if (known !== undefined && clock.monotonicMs() < known.untilMs && clock.wallMs() < known.expiresMs) {
      return Promise.resolve(known.verdict);
    }
    let asked = inFlight.get(key);
    if (asked === undefined) {
      if (inFlight.size >= AT_ONCE)
        return Promise.resolve(introspectionUnavailable({ detail: `${AT_ONCE} questions under way` }));
      asked = ask(token, key).finally(() => inFlight.delete(key));
      inFlight.set(key, asked);
    }
    return asked;
  };
}
