// The part of a rejected token that its failure keeps for the log: a few bounded texts, never the
// token and never its signature.

/** Characters of a text that a caller chose. A line of the log has no more of it. */
export const LOGGED_CHARACTERS = 200;

/** From the claims of a rejected JWT. The caller may have written anything there. */
export interface UnverifiedClaims {
  readonly iss: string | undefined;
  readonly aud: string | readonly string[] | undefined;
  readonly sub: string | undefined;
  readonly client_id: string | undefined;
}

/** From a token or an API key that is genuine, and that a later check rejected. */
export interface VouchedToken {
  /** Null for an API key. */
  readonly issuer: string | null;
  readonly subject: string;
  readonly client: string | null;
  readonly method: 'jwt' | 'introspection' | 'api-key' | 'bridge';
  readonly audience: readonly string[];
  /** Fingerprint of the API key that was presented, itself or as a bridge token. */
  readonly keyFingerprint?: string;
}
