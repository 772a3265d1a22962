// Reads an introspection response (RFC 7662 section 2.2): the token is active, or inactive, or the
// response has no usable answer. Without an answer the client gets 503, never a rejected token.
import type { ClientAuthentication } from '../../core/client-authentication.js';
import type { Failure } from '../../core/failure.js';
import {
  introspectionGatewayRejected,
  introspectionUnavailable,
  tokenInactive,
} from '../../core/failures.js';
import { isObject } from '../../core/json.js';
import type { Fetched } from '../../idp/fetch-json.js';
import type { Claims } from '../claims.js';
import { bearerErrorOf } from './challenge.js';

type Auth = ClientAuthentication['auth'];

export interface IntrospectionResult {
  /** The members of the response for an active token; null otherwise. */
  readonly claims: Claims | null;
  /** Null for an active token. */
  readonly failure: Failure | null;
  /**
   * True for a real `active: false` only: the gateway caches no other failure (C-86, negative
   * caching; E-05, failures not cached).
   */
  readonly inactive: boolean;
  /** True: the breaker counts a failure. Never for a response that one token alone can cause. */
  readonly endpointFailed: boolean;
}

interface ResponseRule {
  readonly name: string;
  readonly applies: (status: number, json: unknown, fetched: Fetched, auth: Auth) => boolean;
  readonly result: (
    detail: string,
    retryAfterSeconds: number,
    json: unknown,
  ) => Partial<IntrospectionResult>;
}

const unavailable = (detail: string, retryAfterSeconds: number): Partial<IntrospectionResult> => ({
  failure: introspectionUnavailable({ detail, retryAfterSeconds }),
});
const endpointFailure = (
  detail: string,
  retryAfterSeconds: number,
): Partial<IntrospectionResult> => ({
  ...unavailable(detail, retryAfterSeconds),
  endpointFailed: true,
});
const gatewayRejected = (detail: string): Partial<IntrospectionResult> => ({
  failure: introspectionGatewayRejected({ detail }),
});
/** For a status or a body that a working server sends where it has no such endpoint. */
const withUrl = (detail: string): string => `${detail}; check introspection.url`;
const tokenRejected = (detail: string): Partial<IntrospectionResult> => ({
  failure: tokenInactive({ detail }),
});

/** The errors of RFC 6749 section 5.2 that concern the client, which here is the gateway. */
const CLIENT_ERRORS: ReadonlySet<unknown> = new Set(['invalid_client', 'unauthorized_client']);
const errorOf = (json: unknown): unknown => (isObject(json) ? json.error : undefined);

/**
 * True: a 401 concerns the introspected token, as Authlib answers. A gateway that authenticates
 * with a bearer token cannot tell the two tokens apart, so the error then concerns its own.
 */
function isAboutToken(json: unknown, fetched: Fetched, auth: Auth): boolean {
  if (auth === 'bearer' || fetched.kind !== 'answer') return false;
  const challenge = bearerErrorOf(fetched.headers['www-authenticate']);
  // A challenge for another scheme, such as Basic, asks for the credentials of the gateway.
  if (challenge === 'other scheme') return false;
  return (errorOf(json) ?? challenge) === 'invalid_token';
}

/**
 * The first rule that applies decides. Only a boolean `active` is an answer: `"true"`, 1 or a
 * missing member is not (C-82, boolean active only; C-83, endpoint errors).
 */
export const responseRules: readonly ResponseRule[] = [
  {
    name: 'no response',
    applies: (_status, _json, { kind }) => kind === 'transport',
    result: endpointFailure,
  },
  {
    name: '401 invalid_token is about this token',
    applies: (status, json, fetched, auth) => status === 401 && isAboutToken(json, fetched, auth),
    result: () => tokenRejected('the endpoint answered 401 invalid_token to this token'),
  },
  {
    name: '401 and 403 reject the gateway',
    applies: (status) => status === 401 || status === 403,
    result: gatewayRejected,
  },
  {
    name: '400 invalid_client or unauthorized_client rejects the gateway',
    applies: (status, json) => status === 400 && CLIENT_ERRORS.has(errorOf(json)),
    result: (_detail, _retryAfterSeconds, json) => gatewayRejected(String(errorOf(json))),
  },
  {
    name: 'any other 400 is about this token',
    // Many endpoints answer 400 to a token that they cannot read.
    applies: (status) => status === 400,
    result: () => tokenRejected('the endpoint answered 400 to this token'),
  },
  { name: '429', applies: (status) => status === 429, result: endpointFailure },
  { name: '5xx', applies: (status) => status >= 500, result: endpointFailure },
  {
    name: 'a redirect is not followed',
    applies: (status) => status >= 300 && status < 400,
    result: (detail, retryAfterSeconds) => endpointFailure(withUrl(detail), retryAfterSeconds),
  },
  {
    name: 'any other status',
    applies: (status) => status !== 200,
    result: (detail, retryAfterSeconds) => unavailable(withUrl(detail), retryAfterSeconds),
  },
  {
    name: 'unreadable',
    applies: (_status, json) => !isObject(json) || typeof json.active !== 'boolean',
    result: (_detail, retryAfterSeconds) =>
      endpointFailure(withUrl('the response has no boolean active'), retryAfterSeconds),
  },
  {
    name: 'active: false',
    applies: (_status, json) => isObject(json) && json.active === false,
    result: () => ({ failure: tokenInactive(), inactive: true }),
  },
  {
    name: 'active: true',
    applies: (_status, json) => isObject(json) && json.active === true,
    result: (_detail, _retryAfterSeconds, json) => ({ claims: json as Claims }),
  },
];

const NOTHING: IntrospectionResult = {
  claims: null,
  failure: null,
  inactive: false,
  endpointFailed: false,
};

/** `auth`: how the gateway authenticated. It decides whose fault a 401 is. */
export function readResponse(fetched: Fetched, auth: Auth): IntrospectionResult {
  const response = fetched.kind === 'answer' ? fetched : null;
  const status = response?.status ?? 0;
  const detail = fetched.kind === 'transport' ? fetched.detail : `status ${status}`;
  const retryAfterSeconds = Number(response?.headers['retry-after']) || 1;
  const rule = responseRules.find(({ applies }) => applies(status, response?.json, fetched, auth));
  const result =
    rule?.result(detail, retryAfterSeconds, response?.json) ?? unavailable('no rule applies', 1);
  return { ...NOTHING, ...result };
}
