// Decides what a caller can present. A credential is a claim: nothing in it is believed yet.
import type { Failure } from './failure.js';
import { credentialMalformed, credentialMultiple } from './failures.js';

export interface BearerCredential {
  readonly kind: 'bearer';
  /** What followed the scheme; `tokenFlaw` says whether it can be one token at all. */
  readonly token: string;
}

/** A caller of the old kind: a configured scheme or header that the upstream itself verifies. */
export interface PassThroughCredential {
  readonly kind: 'pass-through';
  /** Lower-case name of the header that carried it; the upstream gets this header back, value untouched (C-101). */
  readonly header: string;
  readonly value: string;
  /** The part of the value after the scheme; the whole value where the header has none. */
  readonly key: string;
  readonly rule: PassThroughRule;
}

export type Credential = BearerCredential | PassThroughCredential;

/** One entry of `endpoints[].legacy`. */
export interface PassThroughRule {
  /** Authorization scheme in lower case, or null for a header of its own. */
  readonly scheme: string | null;
  /** Lower-case header name; `authorization` for a scheme. */
  readonly header: string;
  /** Scopes that a caller of this kind is taken to hold. */
  readonly scopes: readonly string[];
  /** First day (UTC, ms since the epoch) on which it is refused, or null. */
  readonly sunsetMs: number | null;
}

/** b64token (RFC 6750 section 2.1). */
const B64TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;
/** What follows a comma when somebody joined two credentials into one line (C-109). */
const SECOND_SCHEME = /,\s*(bearer|basic|dpop|digest|negotiate|token)(\s|$)/i;

/** Several credentials on one line, told from a legacy key with a comma in it. */
export const hasSecondScheme = (value: string): boolean =>
  value.includes(',') && SECOND_SCHEME.test(value);

/**
 * Why what followed `Bearer` is not one token, or null. Asked before a token is judged, not before its verdict is looked up: that this very
 * token was judged good says the same, and reading 900 letters once more for every request is not free.
 */
export function checkTokenSyntax(token: string): Failure | null {
  if (B64TOKEN.test(token)) return null;
  if (hasSecondScheme(token)) return credentialMultiple({ detail: 'a comma and a second scheme' });
  return credentialMalformed({ detail: 'what follows Bearer is not one token' });
}
