// The access token that a facade issues (RFC 9068), and what it knows of a person. Its signer and
// its verifier share these.
import type { Result } from './result.js';

/** The header type. Only its issuer tells such a token from one of the bridge. */
export const ISSUED_TYP = 'at+jwt';

/** Beside these, the claims of the person that the operator lists. */
export interface IssuedClaims {
  /** The issuer of the facade. */
  readonly iss: string;
  /** The issuer of the identity provider, `|`, and the subject there. */
  readonly sub: string;
  /** The resource of the one endpoint. */
  readonly aud: string;
  /** SHA-256 of the client id in base64url: a client id can be long. */
  readonly client_id: string;
  readonly scope?: string;
  /** Seconds since the epoch. */
  readonly iat: number;
  readonly exp: number;
  readonly jti: string;
  readonly [claim: string]: unknown;
}

/** A person who logged in, as the identity provider describes them. */
export interface Person {
  readonly subject: string;
  readonly claims: Readonly<Record<string, unknown>>;
}

export interface ExpectedIdToken {
  /** The nonce of the login. */
  readonly nonce: string;
  /** True: a refresh sent it, and its nonce may be absent (OpenID Connect Core section 12.2). */
  readonly isRefreshed: boolean;
}

/** Verifies an ID token for the client of the gateway. */
export type VerifyIdToken = (token: string, expected: ExpectedIdToken) => Promise<Result<Person>>;
