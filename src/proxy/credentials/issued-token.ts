// Checks the token that a server issued for the upstream (RFC 8693 section 2.2.1), and reads its
// end. The gateway cannot look into an opaque token, so there it trusts the answer of the server.
import { exchangeUnavailable } from '../../core/failures.js';
import { MOST_HEADER_CHARACTERS } from '../../core/header-line.js';
import { isObject, isPresent } from '../../core/json.js';
import { ok, type Result } from '../../core/result.js';
import type { TokenAnswer } from './token-answer.js';

export const ACCESS_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:access_token';

export interface ExpectedToken {
  /**
   * The only accepted `issued_token_type`. Null: the grant has none. The gateway requests an access
   * token, and `...:jwt` is not proof of one: an ID token is a JWT too.
   */
  readonly issuedTokenType: string | null;
  /** A JWT must have one of them in `aud`. Empty: the operator named none. */
  readonly audience: readonly string[];
  /** The caller's token, which the server must not return. Null for a token of the gateway. */
  readonly subjectToken: string | null;
}

export interface IssuedToken {
  readonly accessToken: string;
  /** Wall clock, in milliseconds. Null: neither `expires_in` nor `exp` names an end. */
  readonly endsAtMs: number | null;
}

type Json = Readonly<Record<string, unknown>>;

function decoded(part: string): Json | null {
  try {
    const json: unknown = JSON.parse(Buffer.from(part, 'base64url').toString());
    return isObject(json) ? json : null;
  } catch {
    return null;
  }
}

/** Null: an opaque token. The claims are empty where the payload is unreadable. */
function claimsOf(token: string): Json | null {
  const [header = '', payload = '', ...rest] = token.split('.');
  if (rest.length !== 1 || decoded(header)?.alg === undefined) return null;
  return decoded(payload) ?? {};
}

/** A number, or the digits of one, as Entra ID v1 writes it. Undefined: neither. */
function secondsOf(value: unknown): number | undefined {
  const seconds = typeof value === 'string' && /^\d{1,12}$/.test(value) ? Number(value) : value;
  return typeof seconds === 'number' && Number.isFinite(seconds) ? seconds : undefined;
}

/** One answer, as its rules see it. */
interface Issued {
  readonly token: string;
  readonly members: Json;
  /** Null for an opaque token. */
  readonly claims: Json | null;
  readonly expected: ExpectedToken;
  readonly endsAtMs: number | null;
  readonly nowMs: number;
}

interface IssuedRule {
  readonly flaw: string;
  readonly has: (issued: Issued) => boolean;
}

function isForUpstream({ aud }: Json, audience: readonly string[]): boolean {
  const named: unknown[] = Array.isArray(aud) ? aud : [aud];
  return audience.some((name) => named.includes(name));
}

/** `explain` has advice about this flaw. */
export const OTHER_AUDIENCE = 'the token is for another audience';

/** The first flaw is the result. No text of the answer is in it. */
export const issuedRules: readonly IssuedRule[] = [
  {
    // Some servers answer with a refresh token or an ID token to a request for an access token.
    flaw: 'issued_token_type is not that of an access token',
    has: ({ members, expected: { issuedTokenType } }) =>
      issuedTokenType !== null && members.issued_token_type !== issuedTokenType,
  },
  {
    flaw: 'token_type is not Bearer',
    has: ({ members: { token_type: type } }) =>
      typeof type !== 'string' || type.toLowerCase() !== 'bearer',
  },
  {
    flaw: 'the token is too long for a header',
    has: ({ token }) => token.length > MOST_HEADER_CHARACTERS,
  },
  {
    flaw: "the server returned the caller's own token",
    has: ({ token, expected }) => token === expected.subjectToken,
  },
  {
    flaw: `${OTHER_AUDIENCE}: aud has none of audience and resource`,
    has: ({ claims, expected: { audience } }) =>
      claims !== null && audience.length > 0 && !isForUpstream(claims, audience),
  },
  {
    flaw: 'exp of the token is not a date',
    has: ({ claims }) => isPresent(claims?.exp) && typeof claims?.exp !== 'number',
  },
  {
    flaw: 'expires_in is not a number of seconds',
    has: ({ members: { expires_in: life } }) => isPresent(life) && secondsOf(life) === undefined,
  },
  {
    flaw: 'the token has already expired; compare the clocks of the server and the gateway',
    has: ({ endsAtMs, nowMs }) => endsAtMs !== null && endsAtMs <= nowMs,
  },
];

/** The earlier of two ends that an answer can name. Wall clock, in milliseconds. */
export function endOf(members: Json, claims: Json | null, askedAtMs: number): number | null {
  const life = secondsOf(members.expires_in);
  const exp = secondsOf(claims?.exp);
  const ends = [
    ...(life === undefined ? [] : [askedAtMs + life * 1000]),
    ...(exp === undefined ? [] : [exp * 1000]),
  ];
  return ends.length === 0 ? null : Math.min(...ends);
}

/**
 * `askedAtMs`: the time of the request, from which `expires_in` counts at the earliest. Both times
 * are wall clock.
 */
export function readIssued(
  { accessToken, members }: TokenAnswer,
  expected: ExpectedToken,
  askedAtMs: number,
  nowMs: number,
): Result<IssuedToken> {
  const claims = claimsOf(accessToken);
  const endsAtMs = endOf(members, claims, askedAtMs);
  const issued = { token: accessToken, members, claims, expected, endsAtMs, nowMs };
  const rule = issuedRules.find(({ has }) => has(issued));
  return rule === undefined
    ? ok({ accessToken, endsAtMs })
    : exchangeUnavailable({ detail: rule.flaw });
}
