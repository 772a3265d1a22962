// Adds to a failure who presented the token and for whom it is, so that the log can name them. It
// copies a few claims and cuts them: a failure must not keep all claims of a long token in memory.

import type { AccessToken } from '../core/access-token.js';
import { USUAL_CLAIMS } from '../core/claim-rules.js';
import { extended } from '../core/extended.js';
import type { Failure } from '../core/failure.js';
import { LOGGED_CHARACTERS, type UnverifiedClaims } from '../core/presented-token.js';
import type { Claims } from './claims.js';

/** A claim may list thousands of audiences. */
const AUDIENCES = 5;

/** No part of an object or a list: a token could be in it. */
function textOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return value.slice(0, LOGGED_CHARACTERS);
  if (typeof value !== 'object') return String(value);
  return Array.isArray(value) ? '(a list)' : '(an object)';
}

function audienceOf(aud: unknown): UnverifiedClaims['aud'] {
  if (!Array.isArray(aud)) return textOf(aud);
  const first = aud.slice(0, AUDIENCES).map((name) => textOf(name) ?? '(null)');
  return aud.length <= AUDIENCES ? first : [...first, `(and ${aud.length - AUDIENCES} more)`];
}

/** `clientNames`: the claims that name the client. The first that is present counts. */
export function withClaims(
  failure: Failure,
  claims: Claims,
  clientNames: readonly string[] = USUAL_CLAIMS.client,
): Failure {
  const clientName = clientNames.find((name) => claims[name] !== undefined);
  const unverified = {
    iss: textOf(claims.iss),
    aud: audienceOf(claims.aud),
    sub: textOf(claims.sub),
    client_id: clientName === undefined ? undefined : textOf(claims[clientName]),
  };
  return extended(failure, { unverified });
}

/** `token`: its issuer vouched for it, now or when the gateway cached it. */
export function withToken(failure: Failure, { principal, issuer, audience }: AccessToken): Failure {
  const { subject, client, method } = principal;
  return extended(failure, { vouched: { issuer, subject, client, method, audience } });
}
