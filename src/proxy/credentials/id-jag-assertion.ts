// Checks the answer of an identity provider that was asked for an ID-JAG
// (draft-ietf-oauth-identity-assertion-authz-grant). The gateway reads the ID-JAG without verifying
// its signature: the authorization server that accepts it does that.
import { decodeProtectedHeader } from 'jose/decode/protected_header';
import { decodeJwt } from 'jose/jwt/decode';
import type { Clock } from '../../core/clock.js';
import { exchangeUnavailable } from '../../core/failures.js';
import { isPresent } from '../../core/json.js';
import { isPlainName } from '../../core/plain-name.js';
import { ok, type Result } from '../../core/result.js';
import { urlForLog } from '../../idp/discovery.js';
import type { TokenAnswer } from './token-answer.js';

export const ID_JAG_TYPE = 'urn:ietf:params:oauth:token-type:id-jag';
const ID_JAG_TYP = /^(application\/)?oauth-id-jag\+jwt$/i;

/** The ID-JAG that fits one endpoint. */
export interface ExpectedIdJag {
  /** The issuer of the caller. */
  readonly issuer: string;
  /** The issuer identifier of the authorization server of the upstream. */
  readonly audience: string;
  /** The gateway, as that server knows it. */
  readonly clientId: string;
  /** The upstream. */
  readonly resource: readonly string[];
}

export interface IdJag {
  readonly assertion: string;
  /** The resources that the identity provider granted; empty where it names none. */
  readonly resource: readonly string[];
  /** Space-separated; null where it names none. */
  readonly scope: string | null;
}

/** An answer in parts. */
interface Read {
  readonly members: Readonly<Record<string, unknown>>;
  readonly typ: unknown;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly expected: ExpectedIdJag;
  readonly nowSeconds: number;
}

interface IdJagRule {
  readonly name: string;
  readonly applies: (read: Read) => boolean;
  readonly detail: (read: Read) => string;
}

/** The clocks of two servers may differ by this much. */
const TOLERANCE_SECONDS = 30;
const URN = /^urn:ietf:params:oauth:token-type:([a-z0-9_-]{1,40})$/;

/**
 * A value that the identity provider sent, for the log. Shows only URLs, and a name that cannot be
 * a part of a token. A missing slash at the end of a URL is a usual mistake.
 */
function shown(value: unknown): string {
  if (!isPresent(value)) return 'absent';
  if (typeof value !== 'string') return 'not a text';
  if (/^https?:/i.test(value) && URL.canParse(value)) return urlForLog(value);
  const name = (URN.exec(value)?.[1] ?? value).replaceAll(/[_+]/g, '-');
  return isPlainName(name) ? value : 'another value';
}

/** One text, or a list of texts; null for anything else. */
function textsOf(value: unknown): string[] | null {
  const list = Array.isArray(value) ? value : [value];
  return list.every((item) => typeof item === 'string') ? list : null;
}

const sameText = (value: unknown, text: string): boolean =>
  typeof value === 'string' && value.toLowerCase() === text.toLowerCase();

/** The first rule that applies rejects the answer. */
export const idJagRules: readonly IdJagRule[] = [
  {
    name: 'issued_token_type',
    applies: ({ members }) => members.issued_token_type !== ID_JAG_TYPE,
    detail: ({ members }) =>
      `the issuer returned no ID-JAG: issued_token_type is ${shown(members.issued_token_type)}`,
  },
  {
    // The assertion is not an access token, and this value says so (RFC 8693 section 2.2.1).
    name: 'token_type',
    applies: ({ members }) => !sameText(members.token_type, 'N_A'),
    detail: ({ members }) => `token_type is ${shown(members.token_type)}, not N_A`,
  },
  {
    name: 'typ',
    applies: ({ typ }) => typeof typ !== 'string' || !ID_JAG_TYP.test(typ),
    detail: ({ typ }) => `the typ of the ID-JAG is ${shown(typ)}, not oauth-id-jag+jwt`,
  },
  {
    name: 'iss',
    applies: ({ claims, expected }) => claims.iss !== expected.issuer,
    detail: ({ claims, expected }) =>
      `iss of the ID-JAG is ${shown(claims.iss)}, not the issuer ${expected.issuer}`,
  },
  {
    // One text or a list of one: with two, another server could use the ID-JAG too.
    name: 'aud',
    applies: ({ claims, expected }) => {
      const audience = textsOf(claims.aud);
      return audience?.length !== 1 || audience[0] !== expected.audience;
    },
    detail: ({ claims, expected }) =>
      `aud of the ID-JAG is ${shown(claims.aud)}, not ${expected.audience} alone; ` +
      'compare idJag.issuer',
  },
  {
    name: 'client_id',
    applies: ({ claims, expected }) => claims.client_id !== expected.clientId,
    detail: ({ claims }) =>
      `client_id of the ID-JAG is ${shown(claims.client_id)}, not idJag.clientId: ` +
      'register the client id of the gateway at the other server with the issuer',
  },
  {
    // Without the claim, the request to the other server names the resource.
    name: 'resource',
    applies: ({ claims, expected }) => {
      if (!isPresent(claims.resource)) return false;
      const granted = textsOf(claims.resource);
      return !granted?.length || !granted.every((name) => expected.resource.includes(name));
    },
    detail: ({ claims }) =>
      `resource of the ID-JAG is ${shown(claims.resource)}, not resource of the credential`,
  },
  {
    name: 'exp',
    applies: ({ claims: { exp }, nowSeconds }) =>
      typeof exp !== 'number' || !(exp + TOLERANCE_SECONDS > nowSeconds),
    detail: ({ claims: { exp } }) =>
      typeof exp === 'number' ? 'the ID-JAG has expired' : 'the ID-JAG has no exp',
  },
];

/** Null where the text is not a JWT. */
function decode(jwt: string): Pick<Read, 'typ' | 'claims'> | null {
  try {
    return { typ: decodeProtectedHeader(jwt).typ, claims: decodeJwt(jwt) };
  } catch {
    // The error of a library could quote the assertion.
    return null;
  }
}

export function isIdJag(token: string): boolean {
  const typ = decode(token)?.typ;
  return typeof typ === 'string' && ID_JAG_TYP.test(typ);
}

export function readIdJag(
  { accessToken, members }: TokenAnswer,
  expected: ExpectedIdJag,
  clock: Clock,
): Result<IdJag> {
  const decoded = decode(accessToken) ?? { typ: undefined, claims: {} };
  const read: Read = { members, ...decoded, expected, nowSeconds: clock.wallMs() / 1000 };
  const rule = idJagRules.find(({ applies }) => applies(read));
  if (rule !== undefined) return exchangeUnavailable({ detail: rule.detail(read) });
  const { resource, scope } = decoded.claims;
  return ok({
    assertion: accessToken,
    resource: isPresent(resource) ? (textsOf(resource) ?? []) : [],
    scope: typeof scope === 'string' ? scope : null,
  });
}
