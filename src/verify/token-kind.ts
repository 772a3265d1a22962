// The one table of token kinds, for JWTs and introspection responses alike: the marks of other
// kinds, and the signs of an access token (RFC 8725 section 3.11, RFC 9068 section 4).
import type { AccessEvidence } from '../core/access-token.js';
import type { Failure } from '../core/failure.js';
import { tokenClaims, tokenType } from '../core/failures.js';
import { IDENTITY_TYP } from '../core/identity-token.js';
import { isObject, isPresent } from '../core/json.js';

type Claims = Readonly<Record<string, unknown>>;

/** Claims with their only allowed value; true: any value, the claim must be present. */
export type RequiredClaims = Readonly<Record<string, string | true>>;

const ACCESS_HEADER_TYPS = new Set(['at+jwt', 'application/at+jwt']);
const ACCESS_USES = new Set(['access', 'access_token']);
/** Header types of other kinds, without `application/`. */
const OTHER_HEADER_TYPS = new Set(
  (
    `${IDENTITY_TYP} dpop+jwt logout+jwt secevent+jwt oauth-id-jag+jwt token-introspection+jwt ` +
    'id+jwt id_token+jwt rt+jwt refresh+jwt refresh_token+jwt'
  ).split(' '),
);
/** Values of Keycloak's claim `typ`; its access tokens have `Bearer`. */
const OTHER_TYPS = new Set(['refresh', 'refresh_token', 'offline', 'id', 'id_token', 'logout']);
/** Claims that only other kinds have: hashes in ID tokens, events in logout tokens. */
const OTHER_MARKS = ['at_hash', 'c_hash', 'events'];
/** Entra writes this where a token has no scope. */
export const NO_SCOPE = '/';

const lower = (value: unknown): unknown =>
  typeof value === 'string' ? value.toLowerCase() : value;

export const hasAccessTyp = (headerTyp: unknown): boolean =>
  ACCESS_HEADER_TYPS.has(lower(headerTyp) as string);

/** How strict an issuer is about the `typ` header: RFC 9068 only, or also `JWT` or none. */
export type TypPolicy = 'at+jwt' | 'lenient';

const rejectedTyp = (): Failure => tokenType({ detail: 'typ is not that of an access token' });

/** Rejects a `typ` header that is not one of an access token; null: it may be one. */
export function rejectTyp(headerTyp: unknown, policy: TypPolicy): Failure | null {
  if (hasAccessTyp(headerTyp)) return null;
  const isPlain = headerTyp === undefined || lower(headerTyp) === 'jwt';
  return policy === 'lenient' && isPlain ? null : rejectedTyp();
}

/**
 * The same for a JWT that its issuer verifies. Where `typ` is lenient, a type that is not known
 * passes: the issuer knows its own types.
 */
export function rejectIntrospectedTyp(headerTyp: unknown, policy: TypPolicy): Failure | null {
  if (policy === 'at+jwt' || typeof headerTyp !== 'string') return rejectTyp(headerTyp, policy);
  const bare = headerTyp.toLowerCase().replace(/^application\//, '');
  return OTHER_HEADER_TYPS.has(bare) ? rejectedTyp() : null;
}

/**
 * The gateway cannot check the binding, and must not read such a token as a plain bearer token
 * (RFC 9449 section 7.2, RFC 8705 section 3, C-110 bound tokens).
 */
export function rejectBinding({ cnf }: Claims): Failure | null {
  if (cnf === undefined) return null;
  const isDpop = isObject(cnf) && Object.hasOwn(cnf, 'jkt');
  const detail = isDpop
    ? 'a DPoP token (cnf.jkt): the gateway accepts only bearer tokens'
    : 'bound to a key (cnf) that was not proven';
  return tokenClaims({ detail });
}

/** Rejects claims that are marked as those of another kind of token; null: no such mark. */
export function rejectOtherKind(claims: Claims): Failure | null {
  const { token_use, typ } = claims;
  if (isPresent(token_use) && !ACCESS_USES.has(lower(token_use) as string))
    return tokenType({ detail: 'token_use is not that of an access token' });
  if (OTHER_TYPS.has(lower(typ) as string))
    return tokenType({ detail: 'the claim typ is that of another kind of token' });
  const mark = OTHER_MARKS.find((name) => isPresent(claims[name]));
  return mark === undefined ? null : tokenType({ detail: `${mark} marks another kind of token` });
}

const NO_SCOPE_REQUESTED = ', or its client requested no scope.';

export function rejectMissingClaims(claims: Claims, required: RequiredClaims): Failure | null {
  const missing = Object.entries(required).find(([name, value]) => {
    const own = Object.hasOwn(claims, name) ? claims[name] : undefined;
    return value === true ? !isPresent(own) : own !== value;
  });
  if (missing === undefined) return null;
  // Keycloak marks its DPoP tokens in a claim that the preset requires: the binding is the cause.
  const binding = rejectBinding(claims);
  if (binding !== null) return binding;
  const [name, value] = missing;
  const wanted = value === true ? name : `${name} ${JSON.stringify(value)}`;
  const detail =
    `the token lacks ${wanted}, which access tokens of this issuer have (preset or ` +
    `requiredClaims). It may be an ID token${name === 'scope' ? NO_SCOPE_REQUESTED : '.'}`;
  return tokenType({ detail });
}

/** An empty list counts too: ID tokens do not have these claims at all. */
const hasScopes = (value: unknown): boolean =>
  (typeof value === 'string' && value !== NO_SCOPE) || Array.isArray(value);

/**
 * The signs of an access token. `token_type: Bearer` proves nothing: ID tokens may have it too.
 * `idtyp` is Entra's mark of tokens for applications. The caller has checked `required`.
 */
export function accessEvidence(
  claims: Claims,
  headerTyp: unknown,
  required: RequiredClaims,
): AccessEvidence {
  const isMarked =
    hasAccessTyp(headerTyp) ||
    ACCESS_USES.has(lower(claims.token_use) as string) ||
    lower(claims.typ) === 'bearer' ||
    claims.idtyp === 'app' ||
    Object.keys(required).length > 0;
  if (isMarked) return 'marked';
  const { scope, scp, permissions } = claims;
  return [scope, scp, permissions].some(hasScopes) ? 'scoped' : 'none';
}
