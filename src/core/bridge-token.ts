// The access token of the bridge (RFC 9068): the part of it that its signer and its verifier share.

/** The header type. Identity tokens and others that the gateway signs have another one. */
export const BRIDGE_TYP = 'at+jwt';

export interface BridgeClaims {
  /** `bridge.issuer`. */
  readonly iss: string;
  /** The name of the API key. */
  readonly sub: string;
  /** The resources of the endpoints for which the token is. */
  readonly aud: readonly string[];
  /** The client id that the client sent. */
  readonly client_id: string;
  /** Fingerprint of the API key. The token ends when no key has this name and fingerprint. */
  readonly key: string;
  /** Seconds since the epoch. */
  readonly iat: number;
  readonly exp: number;
  readonly jti: string;
}

/** A public key of the bridge ring. */
export interface VerificationKey {
  /** RFC 7638 thumbprint. */
  readonly kid: string;
  readonly algorithm: 'ES256' | 'EdDSA';
  /** Its public members only (RFC 7517 section 4). */
  readonly jwk: Readonly<Record<string, string>>;
}
