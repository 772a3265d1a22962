// Writes the answers of the facade: redirects and pages for a browser, JSON for a client.
import type { FacadeAnswer, FacadePage } from '../../core/facade-server.js';
import { grantRefused, grantUnavailable } from '../../core/failures.js';
import { limited } from '../answers.js';

/** The answer of the authorization endpoint to a client (RFC 6749 section 4.1.2.1). */
export type LoginError =
  | 'invalid_request'
  | 'unsupported_response_type'
  | 'invalid_scope'
  | 'invalid_target'
  | 'access_denied'
  | 'login_required'
  | 'consent_required'
  | 'interaction_required'
  | 'server_error'
  | 'temporarily_unavailable'
  | 'request_not_supported'
  | 'request_uri_not_supported';

/** A rejected login of which the client hears. */
export interface LoginRefusal {
  readonly error: LoginError;
  /** For the client. Constant. */
  readonly description: string;
}

export const loginRefusal = (error: LoginError, description: string): LoginRefusal => ({
  error,
  description,
});

const NO_STORE = ['cache-control', 'no-store', 'pragma', 'no-cache'];
const EMPTY = Buffer.alloc(0);

/** 303, so that a browser asks for the next page with GET. `headers`: cookies. */
export function redirect(url: string, headers: readonly string[] = []): FacadeAnswer {
  const all = ['location', url, ...NO_STORE, 'referrer-policy', 'no-referrer', ...headers];
  return { status: 303, headers: all, body: EMPTY, failure: null };
}

export interface ReturnTo {
  readonly redirectUri: string;
  readonly state: string | null;
}

/** Sends the browser back to the client. `iss` is the facade (RFC 9207 section 2). */
function returnTo(
  { redirectUri, state }: ReturnTo,
  issuer: string,
  fields: Readonly<Record<string, string>>,
): FacadeAnswer {
  const url = new URL(redirectUri);
  for (const [name, value] of Object.entries(fields)) url.searchParams.set(name, value);
  if (state !== null) url.searchParams.set('state', state);
  url.searchParams.set('iss', issuer);
  return redirect(url.href);
}

export const returnCode = (to: ReturnTo, issuer: string, code: string): FacadeAnswer =>
  returnTo(to, issuer, { code });

export const returnError = (
  to: ReturnTo,
  issuer: string,
  { error, description }: LoginRefusal,
  detail = description,
): FacadeAnswer => ({
  ...returnTo(to, issuer, { error, error_description: description }),
  failure: grantRefused({ detail: `${error}: ${detail}` }),
});

export const page = (
  status: number,
  body: FacadePage,
  headers: readonly string[] = [],
): FacadeAnswer => ({ status, headers: [...NO_STORE, ...headers], body, failure: null });

/**
 * A page that says why a login ends here. No redirect: the place where it would go is not proven.
 * `detail`: for the log.
 */
export const errorPage = (title: string, text: string, detail: string): FacadeAnswer => ({
  ...page(400, { kind: 'error', title, text }),
  failure: grantRefused({ detail }),
});

/** A page for 429. `detail`: for the log. */
export function tooMany(waitMs: number, detail: string): FacadeAnswer {
  const text = 'Too many logins come from your network. Please try again in a minute.';
  const { headers, failure } = limited(waitMs, detail);
  const sent = errorPage('Too many logins', text, '');
  return { ...sent, status: 429, headers: [...sent.headers, ...headers.slice(-2)], failure };
}

/** The identity provider cannot be used at this moment, or the gateway has a bug. */
export function unavailablePage(detail: string | undefined, cause?: unknown): FacadeAnswer {
  const text = 'The login does not work at this moment. Please try again in a minute.';
  const body = { kind: 'error', title: 'Login not available', text } as const;
  const failure = grantUnavailable({ ...(detail && { detail }), ...(cause ? { cause } : {}) });
  return { ...page(503, body, ['retry-after', '5']), failure };
}

/** JSON without anything for a cache. */
export const json = (status: number, body: object): FacadeAnswer => ({
  status,
  headers: ['content-type', 'application/json', ...NO_STORE],
  body: Buffer.from(JSON.stringify(body)),
  failure: null,
});
