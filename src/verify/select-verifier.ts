// Selects the verifier of a bearer token by its form, then by its issuer. The verifier is the keys
// of the issuer, or its introspection endpoint. A token that one rejects is never tried another
// way (C-95, no second attempt).
import { checkTokenSyntax } from '../core/credential.js';
import { tokenIssuer, tokenMalformed } from '../core/failures.js';
import { nearMiss, nearMissText } from '../core/near-miss.js';
import { quoted } from '../core/quoted.js';
import { ok, type Result } from '../core/result.js';
import type { UnverifiedJwt } from './authenticators/jwt.js';
import type { IssuerRuntime } from './issuer/issuer-runtime.js';
import { containsJws, jweHeaderOf, shapeOf, type UnverifiedJws } from './jws.js';
import { withClaims } from './presented-token.js';

const ENCRYPTED = 'encrypted (JWE): the client probably requested no audience from the issuer';
const INTROSPECT_ENCRYPTED =
  '. Where such tokens are good, its issuer needs verify: introspection, or tokenPrefixes';
const TEXT_AROUND = 'a JWT with other text around it';

export interface Selection {
  readonly issuer: IssuerRuntime;
  /** Null for an opaque token, which the gateway introspects. */
  readonly jwt: UnverifiedJwt | null;
}

const QUOTED_CHARACTERS = 200;

export type SelectVerifier = (token: string) => Result<Selection>;

/** `issuers`: those that the endpoint accepts, by issuer identifier. */
export function createSelectVerifier(issuers: ReadonlyMap<string, IssuerRuntime>): SelectVerifier {
  const introspecting = [...issuers.values()].filter(({ introspect }) => introspect !== null);

  function selectForJws(shape: UnverifiedJws): Result<Selection> {
    const { claims } = shape;
    if (claims === null) return tokenMalformed({ detail: 'the payload is not a JSON object' });
    const { iss } = claims;
    if (typeof iss !== 'string') return tokenIssuer({ detail: 'the token has no iss' });
    const issuer = issuers.get(iss);
    if (issuer === undefined) {
      if (issuers.size === 0) return tokenIssuer({ detail: 'this endpoint takes no tokens' });
      const near = nearMiss(iss, [...issuers.keys()], true);
      const hint = near === null ? '' : `; ${nearMissText(near)}`;
      const shown = quoted(iss, QUOTED_CHARACTERS);
      return tokenIssuer({ detail: `iss ${shown} is not an issuer of this endpoint${hint}` });
    }
    return ok({ issuer, jwt: { ...shape, claims } });
  }

  /**
   * The issuer whose opaque tokens may have five parts: it introspects all its tokens, or the
   * token has one of its prefixes. Some issuers encrypt their opaque tokens to themselves.
   */
  const mayEncrypt = ({ verify, tokenPrefixes }: IssuerRuntime, token: string): boolean =>
    tokenPrefixes === null
      ? verify === 'introspection'
      : tokenPrefixes.some((prefix) => token.startsWith(prefix));

  function selectForEncrypted(token: string): Result<Selection> {
    const header = jweHeaderOf(token);
    const opaque = header === null ? token : token.slice(token.indexOf('.'));
    // A signed JWT with two more parts is not encrypted.
    if (containsJws(opaque)) return tokenMalformed({ detail: TEXT_AROUND });
    const [issuer, another] = introspecting.filter((one) => mayEncrypt(one, token));
    if (issuer === undefined || another !== undefined)
      return tokenMalformed({
        detail: introspecting.length === 0 ? ENCRYPTED : ENCRYPTED + INTROSPECT_ENCRYPTED,
      });
    // RFC 7519 section 5.3: the header may repeat `iss`.
    if (header?.iss !== undefined && header.iss !== issuer.policy.issuer)
      return tokenIssuer({
        detail:
          `iss ${quoted(String(header.iss), QUOTED_CHARACTERS)} in the header is not the issuer ` +
          'that can take the token',
      });
    return ok({ issuer, jwt: null });
  }

  return (token) => {
    const flaw = checkTokenSyntax(token);
    if (flaw !== null) return flaw;
    const shape = shapeOf(token);
    if (shape.kind === 'encrypted') return selectForEncrypted(token);
    if (shape.kind === 'jws') {
      const selected = selectForJws(shape);
      return selected.ok ? selected : withClaims(selected, shape.claims ?? {});
    }
    // A JWT with text around it is not an opaque token. Introspection would give it a second
    // attempt, and would disclose the token of one issuer to another.
    if (containsJws(token)) return tokenMalformed({ detail: TEXT_AROUND });
    // Only to the issuer that may have issued it: any other would learn the token.
    const issuer = introspecting.find(
      ({ tokenPrefixes }) => tokenPrefixes?.some((prefix) => token.startsWith(prefix)) ?? true,
    );
    if (issuer !== undefined) return ok({ issuer, jwt: null });
    if (issuers.size === 0) return tokenMalformed({ detail: 'this endpoint takes no tokens' });
    const why =
      introspecting.length === 0
        ? 'no introspection is configured'
        : 'its prefix is not in the tokenPrefixes of an issuer';
    return tokenMalformed({ detail: `not a JWT, and ${why}` });
  };
}
