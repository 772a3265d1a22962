// Verifies the ID token of a login (OpenID Connect Core section 3.1.3.7) by the rules and keys of
// its issuer. A facade asks for it. No endpoint accepts an ID token.
import type { Clock } from '../core/clock.js';
import type { Failure } from '../core/failure.js';
import { tokenClaims, tokenMalformed, tokenType } from '../core/failures.js';
import type { ExpectedIdToken, VerifyIdToken } from '../core/issued-token.js';
import { isPresent } from '../core/json.js';
import { ok } from '../core/result.js';
import { type JwtPolicy, keylessChecks, type UnverifiedJwt } from './authenticators/jwt.js';
import { verifySignature } from './authenticators/jwt-signature.js';
import type { KeySource } from './issuer/jwks.js';
import { shapeOf } from './jws.js';

export interface IdTokenRules {
  /** That of the issuer. Its rules for access tokens do not count. */
  readonly policy: JwtPolicy;
  readonly keys: KeySource;
  /** The client of the gateway at the issuer. */
  readonly clientId: string;
  readonly clock: Clock;
}

/** The checks of access tokens that hold for every JWT of an issuer. */
const OF_EVERY_JWT = ['issuer', 'algorithm', 'critical headers', 'kid', 'dates'];
const sharedChecks = keylessChecks.filter(({ name }) => OF_EVERY_JWT.includes(name));

/** OpenID Connect Core section 2. */
const MAX_SUBJECT = 255;

const lower = (value: unknown): unknown =>
  typeof value === 'string' ? value.toLowerCase() : value;

/** Rejects access tokens, logout tokens and others that have the same issuer and keys. */
function rejectKind({ header, claims }: UnverifiedJwt): Failure | null {
  if (header.typ !== undefined && lower(header.typ) !== 'jwt')
    return tokenType({ detail: 'typ is not that of an ID token' });
  if (isPresent(claims.token_use) && claims.token_use !== 'id')
    return tokenType({ detail: 'token_use is not that of an ID token' });
  if (isPresent(claims.typ) && lower(claims.typ) !== 'id')
    return tokenType({ detail: 'the claim typ is that of another kind of token' });
  if (isPresent(claims.events)) return tokenType({ detail: 'events marks a logout token' });
  return null;
}

function rejectClient({ claims: { aud, azp } }: UnverifiedJwt, clientId: string): Failure | null {
  const audience = Array.isArray(aud) ? aud : [aud];
  if (!audience.includes(clientId))
    return tokenClaims({ detail: 'aud is not the client of the gateway' });
  if (isPresent(azp) ? azp !== clientId : audience.length > 1)
    return tokenClaims({ detail: 'azp is not the client of the gateway' });
  return null;
}

/** The code of another login comes with the nonce of that login. */
function rejectNonce(
  { claims: { nonce } }: UnverifiedJwt,
  expected: ExpectedIdToken,
): Failure | null {
  if (nonce === expected.nonce || (expected.isRefreshed && !isPresent(nonce))) return null;
  return tokenClaims({ detail: 'nonce is not that of the login' });
}

export function createIdTokenVerifier(rules: IdTokenRules): VerifyIdToken {
  const { policy, keys, clientId, clock } = rules;

  function rejectUnverified(jwt: UnverifiedJwt, expected: ExpectedIdToken): Failure | null {
    for (const check of sharedChecks) {
      const rejection = check.reject(jwt, policy, clock.wallMs() / 1000);
      if (rejection !== null) return rejection;
    }
    if (!isPresent(jwt.claims.iat)) return tokenClaims({ detail: 'iat is missing' });
    return rejectKind(jwt) ?? rejectClient(jwt, clientId) ?? rejectNonce(jwt, expected);
  }

  return async (token, expected) => {
    const shape = shapeOf(token);
    if (shape.kind !== 'jws' || shape.claims === null)
      return tokenMalformed({ detail: 'not a signed JWT' });
    const { claims } = shape;
    const jwt = { ...shape, claims };
    const rejection = rejectUnverified(jwt, expected);
    if (rejection !== null) return rejection;
    const { sub } = claims;
    if (typeof sub !== 'string' || sub === '' || sub.length > MAX_SUBJECT)
      return tokenClaims({ detail: 'sub is missing, or is not a text of 255 characters at most' });
    const signed = await verifySignature(token, jwt, keys);
    return signed.ok ? ok({ subject: sub, claims }) : signed;
  };
}
