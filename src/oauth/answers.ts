// Writes the answers of the token endpoint (RFC 6749 sections 5.1 and 5.2). A description is a
// constant text, so that it reveals nothing about keys.
import type { Failure } from '../core/failure.js';
import { grantLimited, grantRefused, grantUnavailable } from '../core/failures.js';
import type { OAuthAnswer } from '../core/oauth-server.js';

/** A rejected request that the client can correct. */
export interface Refusal {
  readonly error:
    | 'invalid_request'
    | 'invalid_client'
    | 'invalid_grant'
    | 'invalid_scope'
    | 'invalid_target'
    | 'unsupported_grant_type'
    | 'unsupported_response_type'
    /** RFC 7009 section 2.2.1. */
    | 'unsupported_token_type';
  /** For the client, without quotes and backslashes. */
  readonly description: string;
  /** For the log. Never a text of the client: people mix up a secret and its id. */
  readonly detail?: string;
}

export const refusal = (
  error: Refusal['error'],
  description: string,
  detail?: string,
): Refusal => ({ error, description, ...(detail === undefined ? {} : { detail }) });

export const isRefusal = (value: object): value is Refusal => 'error' in value;

/** RFC 6749 section 5.1. */
const HEADERS = [
  ...['content-type', 'application/json'],
  ...['cache-control', 'no-store'],
  ...['pragma', 'no-cache'],
];
const RETRY_SECONDS = 5;

function answer(
  status: number,
  body: object,
  headers: readonly string[],
  failure: Failure | null,
): OAuthAnswer {
  const bytes = Buffer.from(JSON.stringify(body));
  return { status, headers: [...HEADERS, ...headers], body: bytes, failure };
}

export interface Grant {
  readonly access_token: string;
  readonly token_type: 'Bearer';
  readonly expires_in: number;
  readonly scope?: string;
}

export const granted = (grant: Grant): OAuthAnswer => answer(200, grant, [], null);

/** `realm`: of the challenge that RFC 6749 section 5.2 demands for `invalid_client`. */
export function refused({ error, description, detail }: Refusal, realm: string): OAuthAnswer {
  const isClient = error === 'invalid_client';
  return answer(
    isClient ? 401 : 400,
    { error, error_description: description },
    isClient ? ['www-authenticate', `Basic realm="${realm}"`] : [],
    grantRefused({ detail: detail === undefined ? error : `${error}: ${detail}` }),
  );
}

/** RFC 6749 has no code for a limit. The SDKs for TypeScript know this one. */
export function limited(waitMs: number, detail: string): OAuthAnswer {
  const seconds = Math.max(1, Math.ceil(waitMs / 1000));
  const body = {
    error: 'too_many_requests',
    error_description: 'Too many requests, wait and try again',
  };
  return answer(429, body, ['retry-after', String(seconds)], grantLimited({ detail }));
}

export function unavailable(cause: unknown, detail?: string): OAuthAnswer {
  const body = {
    error: 'temporarily_unavailable',
    error_description: 'Cannot issue tokens right now, try again',
  };
  return answer(
    503,
    body,
    ['retry-after', String(RETRY_SECONDS)],
    grantUnavailable({ cause, ...(detail && { detail }) }),
  );
}
