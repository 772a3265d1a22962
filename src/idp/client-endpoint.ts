// Sends requests to one endpoint of an identity provider where the gateway is a client:
// introspection or token. Each takes a slot, and a breaker may stop it. Caches nothing.
import type { ClientAuthentication } from '../core/client-authentication.js';
import type { Clock } from '../core/clock.js';
import type { Failure, MakeFailure } from '../core/failure.js';
import type { Notify } from '../core/notice.js';
import { ok, type Result } from '../core/result.js';
import { createBreaker } from './breaker.js';
import {
  createClientAuthentication,
  isEncodedForBasic,
  TRY_POST,
} from './client-authentication.js';
import type { Fetched, FetchJson } from './fetch-json.js';
import type { LocateEndpoint } from './locate.js';
import { createSlots, slotLimits } from './slots.js';

/** The meaning of an answer. */
export interface ReadAnswer<T> {
  /** Null: the answer has no value. */
  readonly value: T | null;
  /** Why; null beside a value. */
  readonly failure: Failure | null;
  /** True: the breaker counts a failure. Never for an answer that one caller alone can cause. */
  readonly endpointFailed: boolean;
}

export interface ClientEndpoint {
  /**
   * Sends the form with client authentication, which this adds to it. `isKnown`: the same caller
   * succeeded before, so that a flood of rejected callers does not stop it. `caller`: its key for
   * the breaker; null: the request is for no caller.
   */
  request<T>(
    form: URLSearchParams,
    isKnown: boolean,
    read: (fetched: Fetched) => ReadAnswer<T>,
    caller: string | null,
  ): Promise<Result<T>>;
  /** Why `request` would fail without sending anything; null: it would send. Sends nothing. */
  obstacle(isKnown: boolean, caller: string | null): Promise<Failure | null>;
}

/** Notices and details about the endpoint, for the operator. */
export interface EndpointReports {
  readonly events: {
    readonly down: string;
    readonly recovered: string;
    readonly clientRejected: string;
  };
  /** Fields of each notice. */
  readonly about: Readonly<Record<string, string>>;
  /** Its name in details, such as `the token endpoint`. */
  readonly name: string;
  /** The plural of its requests in details. */
  readonly requests: string;
  /** The settings to check where it rejects the gateway. */
  readonly settings: string;
  /** Called when one of its two breakers opens or closes. */
  readonly onBreaker?: (state: 'open' | 'closed') => void;
  /** Called with each failure that is not about one caller. */
  readonly onFailure?: (failure: Failure) => void;
}

export interface ClientEndpointParts {
  readonly client: ClientAuthentication;
  /** The audience of a client assertion (RFC 7523 section 3). */
  readonly assertionAudience: string;
  /** Milliseconds for one request, and for the wait before it. */
  readonly timeoutMs: number;
  readonly maxConcurrentRequests: number;
  readonly locate: LocateEndpoint;
  readonly unavailable: MakeFailure;
  readonly gatewayRejected: MakeFailure;
  readonly reports: EndpointReports;
  readonly fetchJson: FetchJson;
  readonly clock: Clock;
  readonly notify: Notify;
}

const MAX_BYTES = 64 * 1024;

export function createClientEndpoint(parts: ClientEndpointParts): ClientEndpoint {
  const { client, timeoutMs, locate, unavailable, gatewayRejected, reports } = parts;
  const { fetchJson, clock, notify } = parts;
  const { events, about, name } = reports;
  const authenticate = createClientAuthentication(client, parts.assertionAudience, clock);
  const slots = createSlots(slotLimits(parts), clock);
  const onBreaker = (state: 'open' | 'closed'): void => {
    reports.onBreaker?.(state);
    if (state === 'open') notify({ event: events.down, level: 'error', ...about });
    else notify({ event: events.recovered, level: 'info', ...about });
  };
  // Two breakers: failures of unknown callers must not stop known ones.
  const breakers = {
    known: createBreaker(clock, onBreaker),
    unknown: createBreaker(clock, onBreaker),
  };

  const stopped = (waitMs: number): Failure =>
    unavailable({
      detail: `${name} keeps failing, no request sent`,
      retryAfterSeconds: waitMs / 1000,
    });

  /** Every caller fails until the operator acts. */
  function report(failure: Failure): Failure {
    if (failure.definition !== gatewayRejected.definition) return failure;
    const hint = isEncodedForBasic(client)
      ? TRY_POST
      : `${name} rejects the gateway: check ${reports.settings}`;
    const detail = `${failure.detail}; ${hint}`;
    notify({ event: events.clientRejected, level: 'error', ...about, detail });
    return gatewayRejected({ detail });
  }

  async function send<T>(
    form: URLSearchParams,
    isKnown: boolean,
    read: (fetched: Fetched) => ReadAnswer<T>,
    caller: string | null,
  ): Promise<Result<T>> {
    const url = await locate();
    if (typeof url !== 'string') {
      reports.onFailure?.(url);
      return url;
    }
    const breaker = isKnown ? breakers.known : breakers.unknown;
    const waitMs = breaker.enter(caller);
    if (waitMs > 0) return stopped(waitMs);
    let succeeded = false;
    let retryAfterSeconds = 0;
    try {
      const headers = await authenticate(form);
      const request = { url, form, headers, deadlineMs: timeoutMs, maxBytes: MAX_BYTES };
      const { value, failure, endpointFailed } = read(await fetchJson(request));
      succeeded = !endpointFailed;
      // After an outage known callers must not wait longer than unknown ones.
      if (succeeded && !isKnown) breakers.known.hearOfSuccess(value !== null);
      if (value !== null) return ok(value);
      const rejection = failure ?? unavailable();
      retryAfterSeconds = rejection.retryAfterSeconds ?? 0;
      const reported = report(rejection);
      if (reported.definition.blame !== 'caller') reports.onFailure?.(reported);
      return reported;
    } finally {
      breaker.leave(succeeded, retryAfterSeconds, caller);
    }
  }

  return {
    async obstacle(isKnown, caller) {
      const url = await locate();
      if (typeof url !== 'string') return url;
      const waitMs = (isKnown ? breakers.known : breakers.unknown).waitMs(caller);
      return waitMs > 0 ? stopped(waitMs) : null;
    },
    async request(form, isKnown, read, caller) {
      const result = await slots.run(isKnown, () => send(form, isKnown, read, caller));
      const detail = `too many ${reports.requests} in progress`;
      return result ?? unavailable({ detail, retryAfterSeconds: 1 });
    },
  };
}
