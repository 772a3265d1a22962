// Decides which verifier judges a bearer token, by its form first and its issuer second: the keys of its issuer, or the issuer itself. What
// one verifier rejected is never tried another way (C-95). Never judges itself.
import { checkTokenSyntax } from '../core/credential.js';
import { tokenIssuer, tokenMalformed } from '../core/failures.js';
import { ok, type Result } from '../core/result.js';
import type { UnverifiedJwt } from './authenticators/jwt.js';
import type { IssuerRuntime } from './issuer/issuer-runtime.js';
import { containsJws, shapeOf, type UnverifiedJws } from './jws.js';

export interface Selection {
  readonly issuer: IssuerRuntime;
  /** Null where the token is opaque: then its issuer is asked. */
  readonly jwt: UnverifiedJwt | null;
}

export type SelectVerifier = (token: string) => Result<Selection>;

/** `issuers` are those that the endpoint accepts, by issuer identifier. */
export function createSelectVerifier(issuers: ReadonlyMap<string, IssuerRuntime>): SelectVerifier {
  const takers = [...issuers.values()].filter(({ introspect }) => introspect !== null);

  function chooseForJws(shape: UnverifiedJws): Result<Selection> {
    const { claims } = shape;
    if (claims === null) return tokenMalformed({ detail: 'payload is no JSON object' });
    const issuer = typeof claims.iss === 'string' ? issuers.get(claims.iss) : undefined;
    if (issuer === undefined)
      return tokenIssuer({ detail: 'iss is not an issuer of this endpoint' });
    return ok({ issuer, jwt: { ...shape, claims } });
  }

  return (token) => {
    const flaw = checkTokenSyntax(token);
    if (flaw !== null) return flaw;
    const shape = shapeOf(token);
    if (shape.kind === 'encrypted') {
      return tokenMalformed({
        detail: 'an encrypted token (JWE): its client probably asked the issuer for no audience',
      });
    }
    if (shape.kind === 'jws') return chooseForJws(shape);
    // A JWT with something around it is no opaque token: asking about it would be a second chance (C-95), and tell a stranger's.
    if (containsJws(token)) return tokenMalformed({ detail: 'a JWT with something around it' });
    // To the one issuer whose it can be: a stranger would learn it.
    const issuer = takers.find(
      ({ tokenPrefixes }) => tokenPrefixes?.some((prefix) => token.startsWith(prefix)) ?? true,
    );
    if (issuer !== undefined) return ok({ issuer, jwt: null });
    const why =
      takers.length === 0
        ? 'no introspection is configured'
        : 'no issuer has tokens that begin like it';
    return tokenMalformed({ detail: `no JWT, and ${why}` });
  };
}
