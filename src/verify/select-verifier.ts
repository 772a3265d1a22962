// Selects the verifier of a bearer token by its form, then by its issuer. The verifier is the keys
// of the issuer, or its introspection endpoint. A token that one rejects is never tried another
// way (C-95, no second attempt).
import { checkTokenSyntax } from '../core/credential.js';
import { tokenIssuer, tokenMalformed } from '../core/failures.js';
import { ok, type Result } from '../core/result.js';
import type { UnverifiedJwt } from './authenticators/jwt.js';
import type { IssuerRuntime } from './issuer/issuer-runtime.js';
import { containsJws, shapeOf, type UnverifiedJws } from './jws.js';

export interface Selection {
  readonly issuer: IssuerRuntime;
  /** Null for an opaque token, which the gateway introspects. */
  readonly jwt: UnverifiedJwt | null;
}

export type SelectVerifier = (token: string) => Result<Selection>;

/** `issuers`: those that the endpoint accepts, by issuer identifier. */
export function createSelectVerifier(issuers: ReadonlyMap<string, IssuerRuntime>): SelectVerifier {
  const introspecting = [...issuers.values()].filter(({ introspect }) => introspect !== null);

  function selectForJws(shape: UnverifiedJws): Result<Selection> {
    const { claims } = shape;
    if (claims === null) return tokenMalformed({ detail: 'the payload is not a JSON object' });
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
        detail: 'encrypted (JWE): the client probably requested no audience from the issuer',
      });
    }
    if (shape.kind === 'jws') return selectForJws(shape);
    // A JWT with text around it is not an opaque token. Introspection would give it a second
    // attempt, and would disclose the token of one issuer to another.
    if (containsJws(token)) return tokenMalformed({ detail: 'a JWT with other text around it' });
    // Only to the issuer that may have issued it: any other would learn the token.
    const issuer = introspecting.find(
      ({ tokenPrefixes }) => tokenPrefixes?.some((prefix) => token.startsWith(prefix)) ?? true,
    );
    if (issuer !== undefined) return ok({ issuer, jwt: null });
    const why =
      introspecting.length === 0
        ? 'no introspection is configured'
        : 'its prefix is not in the tokenPrefixes of an issuer';
    return tokenMalformed({ detail: `not a JWT, and ${why}` });
  };
}
