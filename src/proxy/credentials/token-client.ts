// Sends requests to one token endpoint (RFC 6749 section 3.2). Each request takes a slot, and a
// breaker may stop it. The caller writes the grant into the form; this adds the client
// authentication and reads the status. It caches nothing.
import type { Clock } from '../../core/clock.js';
import type { Failure } from '../../core/failure.js';
import { exchangeGatewayRejected, exchangeUnavailable } from '../../core/failures.js';
import type { Notify } from '../../core/notice.js';
import { ok, type Result } from '../../core/result.js';
import type { TokenEndpoint } from '../../core/upstream-credential.js';
import { createBreaker } from '../../idp/breaker.js';
import { createClientAuthentication, isEncodedForBasic } from '../../idp/client-authentication.js';
import type { FetchJson } from '../../idp/fetch-json.js';
import { createLocateEndpoint, type LocateEndpoint } from '../../idp/locate.js';
import type { MetadataSource } from '../../idp/metadata.js';
import { createSlots } from '../../idp/slots.js';
import { type Asker, readAnswer, type TokenAnswer } from './token-answer.js';

export interface TokenClient {
  /**
   * `form`: the grant without client authentication, which this adds to it. `isKnown`: the same
   * caller got a token before, so that a flood of rejected callers does not stop it. Resolves to
   * a 200 with a usable `access_token`, and to one of the failures exchange.* for all else.
   */
  request(form: URLSearchParams, isKnown: boolean): Promise<Result<TokenAnswer>>;
  /** Why `request` would fail without sending anything; null: it would send. Sends nothing. */
  obstacle(isKnown: boolean): Promise<Failure | null>;
}

/** The surroundings of a client. */
export interface TokenClientDependencies {
  readonly fetchJson: FetchJson;
  readonly clock: Clock;
  readonly notify: Notify;
}

export interface TokenClientParts extends TokenClientDependencies {
  readonly server: TokenEndpoint;
  /** The metadata of the issuer of the server. Null: the operator configured `tokenUrl`. */
  readonly metadata: MetadataSource | null;
  /** The audience of a client assertion (RFC 7523 section 3). */
  readonly assertionAudience: string;
  readonly asker: Asker;
  /** Fields of each notice: the path of the endpoint, and the server. */
  readonly about: Readonly<Record<string, string>>;
  /** The setting with the fields of the server. Default: `upstream.credential`. */
  readonly field?: string;
}

const MAX_BYTES = 64 * 1024;
/** Waiting for a slot at once, for known and for unknown callers each. */
const MAX_WAITING = 256;
const CHECK_CREDENTIALS =
  'the token endpoint rejects the gateway: check auth, clientId and the secret or key of ';
const TRY_POST =
  'the client id or the secret has reserved characters, which Basic must encode and some servers ' +
  'decode differently: try auth: post';

function locateToken(
  url: string | null,
  metadata: MetadataSource | null,
  field: string,
): LocateEndpoint {
  if (url !== null) return async () => url;
  if (metadata === null) throw new Error('neither tokenUrl nor metadata');
  const located = {
    member: 'tokenEndpoint',
    name: 'token_endpoint',
    setting: `${field}.tokenUrl`,
    settingOf: 'endpoint',
    unavailable: exchangeUnavailable,
  } as const;
  return createLocateEndpoint(located, url, metadata);
}

const stopped = (waitMs: number): Failure =>
  exchangeUnavailable({
    detail: 'the token endpoint keeps failing, no request sent',
    retryAfterSeconds: waitMs / 1000,
  });

export function createTokenClient({
  server,
  metadata,
  assertionAudience,
  asker,
  about,
  field = 'upstream.credential',
  fetchJson,
  clock,
  notify,
}: TokenClientParts): TokenClient {
  const { client, timeoutMs, maxConcurrentRequests: max } = server;
  const locate = locateToken(server.tokenUrl, metadata, field);
  const authenticate = createClientAuthentication(client, assertionAudience, clock);
  const slots = createSlots(
    { max, maxUnknown: Math.floor(max / 2), maxWaiting: MAX_WAITING, maxWaitMs: timeoutMs },
    clock,
  );
  const onBreaker = (state: 'open' | 'closed'): void => {
    if (state === 'open') notify({ event: 'exchange.down', level: 'error', ...about });
    else notify({ event: 'exchange.recovered', level: 'info', ...about });
  };
  // Two breakers: failures of unknown callers must not stop known ones.
  const breakers = {
    known: createBreaker(clock, onBreaker),
    unknown: createBreaker(clock, onBreaker),
  };

  function report(failure: Failure): Failure {
    if (failure.definition !== exchangeGatewayRejected.definition) return failure;
    const hint = isEncodedForBasic(client) ? TRY_POST : `${CHECK_CREDENTIALS}${field}`;
    const detail = `${failure.detail}; ${hint}`;
    notify({ event: 'exchange.client_rejected', level: 'error', ...about, detail });
    return exchangeGatewayRejected({ detail });
  }

  async function send(form: URLSearchParams, isKnown: boolean): Promise<Result<TokenAnswer>> {
    const url = await locate();
    if (typeof url !== 'string') return url;
    const breaker = isKnown ? breakers.known : breakers.unknown;
    const waitMs = breaker.enter();
    if (waitMs > 0) return stopped(waitMs);
    let succeeded = false;
    let retryAfterSeconds = 0;
    try {
      const headers = await authenticate(form);
      const request = { url, form, headers, deadlineMs: timeoutMs, maxBytes: MAX_BYTES };
      const { answer, failure, endpointFailed } = readAnswer(await fetchJson(request), asker);
      succeeded = !endpointFailed;
      // After an outage known callers must not wait longer than unknown ones.
      if (succeeded && !isKnown) breakers.known.hearOfSuccess(answer !== null);
      if (answer !== null) return ok(answer);
      const rejection = failure ?? exchangeUnavailable();
      retryAfterSeconds = rejection.retryAfterSeconds ?? 0;
      return report(rejection);
    } finally {
      breaker.leave(succeeded, retryAfterSeconds);
    }
  }

  return {
    async obstacle(isKnown) {
      const url = await locate();
      if (typeof url !== 'string') return url;
      const waitMs = (isKnown ? breakers.known : breakers.unknown).waitMs();
      return waitMs > 0 ? stopped(waitMs) : null;
    },
    async request(form, isKnown) {
      const result = await slots.run(isKnown, () => send(form, isKnown));
      return (
        result ??
        exchangeUnavailable({
          detail: 'too many requests to the token endpoint in progress',
          retryAfterSeconds: 1,
        })
      );
    },
  };
}
