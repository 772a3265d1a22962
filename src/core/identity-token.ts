// The identity JWT: the claims about a caller that the gateway signs for an upstream (RFC 7519).

/** The header type. No verifier of the gateway accepts it. */
export const IDENTITY_TYP = 'identity+jwt';

/** Where an upstream finds the keys, on the public listener. */
export const IDENTITY_KEYS_PATH = '/.well-known/jwks.json';

/** Seconds for which an identity JWT is valid. */
export const IDENTITY_SECONDS = 60;

/** Who acts for the subject (RFC 8693 section 4.1). */
export interface Actor {
  readonly sub?: string;
  readonly iss?: string;
  readonly client_id?: string;
  readonly act?: Actor;
}

/**
 * A name of the caller that no other caller of the gateway has (RFC 9493). `iss_sub` is for a user
 * whom issuer and `sub` identify. `opaque` is the id of the principal, with tenant and kind.
 */
export type SubjectId =
  | { readonly format: 'iss_sub'; readonly iss: string; readonly sub: string }
  | { readonly format: 'opaque'; readonly id: string };

export interface IdentityClaims {
  /** `identity.issuer`. */
  readonly iss: string;
  readonly aud: string;
  /**
   * The subject as the issuer of the caller names it; the name of an API key. Absent where the
   * issuer names none. A user, a client and a key can have the same one: `sub_id` differs.
   */
  readonly sub?: string;
  readonly sub_id: SubjectId;
  readonly tenant?: string;
  readonly client_id?: string;
  /** Space-separated (RFC 9068 section 2.2.3). */
  readonly scope?: string;
  readonly act?: Actor;
  /** Seconds since the epoch, as `exp`. */
  readonly iat: number;
  /** 60 seconds after `iat`, or the end of the caller's token, but 15 seconds at least. */
  readonly exp: number;
}

/** Signs the claims as a JWT with the header type `IDENTITY_TYP`. */
export type SignIdentity = (claims: IdentityClaims) => Promise<string>;
