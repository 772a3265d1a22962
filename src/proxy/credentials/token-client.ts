// Sends requests to one token endpoint (RFC 6749 section 3.2). The caller writes the grant into the
// form; this adds the client authentication and reads the status. It caches nothing.
import type { Clock } from '../../core/clock.js';
import type { Failure } from '../../core/failure.js';
import { exchangeGatewayRejected, exchangeUnavailable } from '../../core/failures.js';
import type { Notify } from '../../core/notice.js';
import type { Result } from '../../core/result.js';
import type { RequestedToken, TokenEndpoint } from '../../core/upstream-credential.js';
import { createClientEndpoint } from '../../idp/client-endpoint.js';
import type { FetchJson } from '../../idp/fetch-json.js';
import { createLocateEndpoint, type LocateEndpoint } from '../../idp/locate.js';
import type { MetadataSource } from '../../idp/metadata.js';
import { type Asker, readAnswer, type TokenAnswer } from './token-answer.js';

export interface TokenClient {
  /**
   * `form`: the grant without client authentication, which this adds to it. `isKnown`: the same
   * caller got a token before, so that a flood of rejected callers does not stop it. Resolves to
   * a 200 with a usable `access_token`, and to one of the failures exchange.* for all else.
   */
  request(
    form: URLSearchParams,
    isKnown: boolean,
    caller?: string | null,
  ): Promise<Result<TokenAnswer>>;
  /** Why `request` would fail without sending anything; null: it would send. Sends nothing. */
  obstacle(isKnown: boolean, caller?: string | null): Promise<Failure | null>;
}

/** The form of a request for a token: the parameters of the grant, then those of the token. */
export const tokenForm = (
  grant: Readonly<Record<string, string>>,
  { audience, resource, scopes, parameters }: RequestedToken,
): URLSearchParams =>
  new URLSearchParams([
    ...Object.entries(grant),
    ...audience.map((value): [string, string] => ['audience', value]),
    ...resource.map((value): [string, string] => ['resource', value]),
    ...Object.entries(scopes.length === 0 ? {} : { scope: scopes.join(' ') }),
    ...Object.entries(parameters),
  ]);

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

export function createTokenClient({
  server,
  metadata,
  assertionAudience,
  asker,
  about,
  field = 'upstream.credential',
  ...surroundings
}: TokenClientParts): TokenClient {
  const endpoint = createClientEndpoint({
    ...surroundings,
    client: server.client,
    assertionAudience,
    timeoutMs: server.timeoutMs,
    maxConcurrentRequests: server.maxConcurrentRequests,
    locate: locateToken(server.tokenUrl, metadata, field),
    unavailable: exchangeUnavailable,
    gatewayRejected: exchangeGatewayRejected,
    reports: {
      events: {
        down: 'exchange.down',
        recovered: 'exchange.recovered',
        clientRejected: 'exchange.client_rejected',
      },
      about,
      name: 'the token endpoint',
      requests: 'requests to the token endpoint',
      settings: `auth, clientId and the secret or key of ${field}`,
    },
  });
  return {
    obstacle: (isKnown, caller = null) => endpoint.obstacle(isKnown, caller),
    request: (form, isKnown, caller = null) =>
      endpoint.request(form, isKnown, (fetched) => readAnswer(fetched, asker), caller),
  };
}
