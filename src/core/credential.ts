// The credentials that a caller can present, and the syntax of a bearer token. A credential is only
// a claim: the gateway has verified no part of it yet.
import type { ApiKeyCarrier } from './api-key.js';
import type { Failure } from './failure.js';
import { credentialMalformed, credentialMultiple } from './failures.js';

export interface BearerCredential {
  readonly kind: 'bearer';
  /** The text after the scheme. `checkTokenSyntax` checks that it can be one token. */
  readonly token: string;
}

/** A credential in a configured scheme or header. The upstream verifies it, not the gateway. */
export interface PassThroughCredential {
  readonly kind: 'pass-through';
  /**
   * Name of its header in lower case. The upstream gets the same header with the same value
   * (C-101, forwarded byte for byte).
   */
  readonly header: string;
  readonly value: string;
  /** The value after the scheme. The whole value if the rule has no scheme. */
  readonly key: string;
  readonly rule: PassThroughRule;
}

/** A key in a configured scheme, header or prefix, to look up in the registry. */
export interface ApiKeyCredential {
  readonly kind: 'api-key';
  readonly key: string;
  readonly carrier: ApiKeyCarrier;
}

export type Credential = BearerCredential | ApiKeyCredential | PassThroughCredential;

/** One entry of `endpoints[].passThrough`. */
export interface PassThroughRule {
  /** Authorization scheme in lower case. Null: the credential is the whole value of `header`. */
  readonly scheme: string | null;
  /** Lower-case header name; `authorization` for a scheme. */
  readonly header: string;
  /** Scopes that the operator grants to such callers. */
  readonly scopes: readonly string[];
  /** Start of the first day (UTC) on which the gateway rejects it, in ms since the epoch. */
  readonly sunsetMs: number | null;
}

/** The form of a bearer token: b64token (RFC 6750 section 2.1). A header can hold it. */
export const B64TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;
/** A comma and a second scheme: two credentials joined into one line (C-109, joined values). */
const SECOND_SCHEME = /,\s*(bearer|basic|dpop|digest|negotiate|token)(\s|$)/i;

/** True for two credentials on one line, false for one key that has a comma in it. */
export const hasSecondScheme = (value: string): boolean =>
  value.includes(',') && SECOND_SCHEME.test(value);

/** Says which text a person copied in place of the token. */
function wrongText(token: string): string {
  if (/^["'`]/.test(token)) return 'the token is in quotes';
  if (!token.startsWith('{')) return 'the text after Bearer is not one token';
  return token.includes('"access_token"')
    ? 'this is the JSON of a token response: give its access_token'
    : 'this is JSON, not a token';
}

/**
 * Checks that the text after `Bearer` is one token (RFC 6750 section 2.1). Look in the cache first:
 * a cached token passed this check before, and reading 900 characters again costs time.
 */
export function checkTokenSyntax(token: string): Failure | null {
  if (B64TOKEN.test(token)) return null;
  if (hasSecondScheme(token)) return credentialMultiple({ detail: 'a comma and a second scheme' });
  return credentialMalformed({ detail: wrongText(token) });
}
