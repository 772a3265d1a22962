// Asks the token endpoint and the revocation endpoint of the identity provider, with the client
// authentication of the gateway, and reads the answers (RFC 6749 section 5, RFC 7009 section 2.2).
import type { ResolvedFacade } from '../../config/resolved-config.js';
import type { Clock } from '../../core/clock.js';
import { exchangeGatewayRejected, grantUnavailable } from '../../core/failures.js';
import { isObject } from '../../core/json.js';
import type { Notify } from '../../core/notice.js';
import type { Result } from '../../core/result.js';
import {
  type ClientEndpoint,
  createClientEndpoint,
  type ReadAnswer,
} from '../../idp/client-endpoint.js';
import type { Fetched, FetchJson } from '../../idp/fetch-json.js';
import type { MetadataSource } from '../../idp/metadata.js';
import { type Refusal, refusal } from '../answers.js';
import { locatedAt } from './idp-pages.js';

/** The tokens of the identity provider, without members that clients of the facade cannot use. */
export interface IdpTokens {
  readonly accessToken: string;
  readonly refreshToken: string | null;
  /** Seconds. */
  readonly expiresIn: number | null;
  readonly scope: string | null;
  readonly idToken: string | null;
}

export interface IdpTokenEndpoints {
  /** A refusal is for the client. A failure: the identity provider does not serve the gateway. */
  token(
    form: URLSearchParams,
    isKnown: boolean,
    caller: string,
  ): Promise<Result<IdpTokens | Refusal>>;
  revoke(form: URLSearchParams, caller: string): Promise<Result<true>>;
}

interface Surroundings {
  readonly fetchJson: FetchJson;
  readonly clock: Clock;
  readonly notify: Notify;
}

/** Errors of the identity provider about the grant, with the error that the client gets. */
const REFUSALS = new Map<unknown, Refusal>([
  ['invalid_scope', refusal('invalid_scope', 'The identity provider refused the scope')],
  ['invalid_target', refusal('invalid_target', 'The identity provider refused the resource')],
]);
const LOGIN_AGAIN = refusal('invalid_grant', 'The grant is not valid any more, log in again');
/** The client of the gateway is wrong. GitHub and Slack have words of their own. */
const OF_GATEWAY: readonly unknown[] = [
  'invalid_client',
  'incorrect_client_credentials',
  'invalid_client_id',
  'bad_client_secret',
];
/** Errors of the identity provider itself. Slack sends its own with 200. */
const OF_SERVER: readonly string[] = [
  ...['server_error', 'temporarily_unavailable'],
  ...['internal_error', 'fatal_error', 'service_unavailable', 'request_timeout', 'ratelimited'],
];

const unusable = (detail: string, endpointFailed: boolean): ReadAnswer<never> => ({
  value: null,
  failure: grantUnavailable({ detail }),
  endpointFailed,
});

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';
const textOf = (value: unknown): string | null => (isText(value) ? value : null);

/**
 * Null: the answer rejects what the client sent, or is a success. Only an error of `OF_GATEWAY`
 * means that the credentials of the gateway are wrong: some answer 401 to a bad grant too.
 */
function faultOf(fetched: Fetched): ReadAnswer<never> | null {
  if (fetched.kind === 'transport') return unusable(fetched.detail, true);
  const { status, json } = fetched;
  const error = isObject(json) ? json.error : undefined;
  if (OF_GATEWAY.includes(error)) {
    const failure = exchangeGatewayRejected({ detail: `status ${status}` });
    return { value: null, failure, endpointFailed: false };
  }
  if (error === 'unauthorized_client')
    return unusable('the identity provider does not allow this grant to the gateway', false);
  const isAboutGrant = status === 400 || status === 403 || (status === 401 && isText(error));
  return status === 200 || isAboutGrant ? null : unusable(`status ${status}`, status >= 429);
}

function readTokens(fetched: Fetched): ReadAnswer<IdpTokens | Refusal> {
  const fault = faultOf(fetched);
  if (fault !== null || fetched.kind === 'transport') return fault ?? unusable('no answer', true);
  const { status, json } = fetched;
  const error = isObject(json) ? json.error : undefined;
  // Some send an error with 200. Anyone can cause it with a code that never was one.
  const isRefused = status !== 200 || (typeof error === 'string' && !OF_SERVER.includes(error));
  if (isRefused) {
    const value = REFUSALS.get(error) ?? LOGIN_AGAIN;
    return { value, failure: null, endpointFailed: false };
  }
  const accessToken = isObject(json) ? textOf(json.access_token) : null;
  if (!isObject(json) || accessToken === null)
    return unusable('the answer of the token endpoint has no usable access_token', true);
  const { expires_in: seconds } = json;
  const value = {
    accessToken,
    refreshToken: textOf(json.refresh_token),
    expiresIn: typeof seconds === 'number' && Number.isFinite(seconds) ? seconds : null,
    scope: textOf(json.scope),
    idToken: textOf(json.id_token),
  };
  return { value, failure: null, endpointFailed: false };
}

/** A server answers 200 also for a token that it does not know (RFC 7009 section 2.2). */
function readRevocation(fetched: Fetched): ReadAnswer<true> {
  return faultOf(fetched) ?? { value: true, failure: null, endpointFailed: false };
}

/** `idp`: the issuer of the identity provider, the audience of client assertions. */
export function createIdpTokenEndpoints(
  { client, timeoutMs, maxConcurrentRequests, name }: ResolvedFacade,
  idp: string,
  metadata: MetadataSource,
  surroundings: Surroundings,
): IdpTokenEndpoints {
  const endpoint = (member: 'tokenEndpoint' | 'revocationEndpoint', text: string): ClientEndpoint =>
    createClientEndpoint({
      ...surroundings,
      client,
      assertionAudience: idp,
      timeoutMs,
      maxConcurrentRequests,
      locate: locatedAt(member, `${text}_endpoint`, metadata),
      unavailable: grantUnavailable,
      gatewayRejected: exchangeGatewayRejected,
      reports: {
        events: {
          down: 'facade.down',
          recovered: 'facade.recovered',
          clientRejected: 'facade.client_rejected',
        },
        about: { issuer: idp },
        name: `the ${text} endpoint of the identity provider`,
        requests: `requests to the ${text} endpoint of the identity provider`,
        settings: `auth, clientId and the secret or key of issuers.${name}.facade`,
      },
    });
  const tokens = endpoint('tokenEndpoint', 'token');
  const revocations = endpoint('revocationEndpoint', 'revocation');
  return {
    token: (form, isKnown, caller) => tokens.request(form, isKnown, readTokens, caller),
    revoke: (form, caller) => revocations.request(form, true, readRevocation, caller),
  };
}
