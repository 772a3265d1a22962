// Decides what an introspection answer says of a token (RFC 7662 section 2.2): active, inactive, or nothing. "Nothing" is 503 and never
// told as a bad token. Never decides whether an active token may be used.
import type { Failure } from '../../core/failure.js';
import {
  introspectionGatewayRejected,
  introspectionUnavailable,
  tokenInactive,
} from '../../core/failures.js';
import { isObject } from '../../core/json.js';
import type { Claims } from '../claims.js';
import type { Fetched } from '../fetch-json.js';

export interface IntrospectionResult {
  /** What is said of the token where it is active. */
  readonly claims: Claims | null;
  /** The refusal where it is not, or where nothing was learned. */
  readonly failure: Failure | null;
  /** True only for a real `active: false`: nothing else may be remembered against a token (C-86, E-05). */
  readonly inactive: boolean;
  /** True where the endpoint is in trouble: the breaker counts these. What one token alone can cause must not count. */
  readonly trouble: boolean;
}

interface ResponseRule {
  readonly name: string;
  readonly applies: (status: number, json: unknown, fetched: Fetched) => boolean;
  readonly says: (
    detail: string,
    retryAfterSeconds: number,
    json: unknown,
  ) => Partial<IntrospectionResult>;
}

const unavailable = (detail: string, retryAfterSeconds: number): Partial<IntrospectionResult> => ({
  failure: introspectionUnavailable({ detail, retryAfterSeconds }),
});
const troubled = (detail: string, retryAfterSeconds: number): Partial<IntrospectionResult> => ({
  ...unavailable(detail, retryAfterSeconds),
  trouble: true,
});
const refusedUs = (detail: string): Partial<IntrospectionResult> => ({
  failure: introspectionGatewayRejected({ detail }),
});

/** The first line that applies decides. Only a boolean `active` does: `"true"`, 1 or nothing is no information (C-82, C-83). */
export const responseTable: readonly ResponseRule[] = [
  {
    name: 'no answer',
    applies: (_status, _json, { kind }) => kind === 'transport',
    says: troubled,
  },
  {
    name: '401 and 403 refuse the gateway',
    applies: (status) => status === 401 || status === 403,
    says: refusedUs,
  },
  {
    name: '400 invalid_client refuses the gateway',
    applies: (status, json) => status === 400 && isObject(json) && json.error === 'invalid_client',
    says: () => refusedUs('invalid_client'),
  },
  {
    name: 'any other 400 speaks of this token',
    // To a token that it cannot read, many an endpoint answers so.
    applies: (status) => status === 400,
    says: () => ({ failure: tokenInactive({ detail: 'the endpoint answered 400 to this token' }) }),
  },
  { name: '429', applies: (status) => status === 429, says: troubled },
  { name: '5xx', applies: (status) => status >= 500, says: troubled },
  {
    name: 'a redirect is not followed',
    applies: (status) => status >= 300 && status < 400,
    says: troubled,
  },
  { name: 'any other status', applies: (status) => status !== 200, says: unavailable },
  {
    name: 'unreadable',
    applies: (_status, json) => !isObject(json) || typeof json.active !== 'boolean',
    says: (_detail, retryAfterSeconds) =>
      troubled('answer without a boolean active', retryAfterSeconds),
  },
  {
    name: 'active: false',
    applies: (_status, json) => isObject(json) && json.active === false,
    says: () => ({ failure: tokenInactive(), inactive: true }),
  },
  {
    name: 'active: true',
    applies: (_status, json) => isObject(json) && json.active === true,
    says: (_detail, _retryAfterSeconds, json) => ({ claims: json as Claims }),
  },
];

const NOTHING: IntrospectionResult = {
  claims: null,
  failure: null,
  inactive: false,
  trouble: false,
};

export function readResponse(fetched: Fetched): IntrospectionResult {
  const answered = fetched.kind === 'answer' ? fetched : null;
  const status = answered?.status ?? 0;
  const detail = fetched.kind === 'transport' ? fetched.detail : `status ${status}`;
  const retryAfterSeconds = Number(answered?.headers['retry-after']) || 1;
  const line = responseTable.find(({ applies }) => applies(status, answered?.json, fetched));
  return {
    ...NOTHING,
    ...(line?.says(detail, retryAfterSeconds, answered?.json) ?? unavailable('no line applies', 1)),
  };
}
