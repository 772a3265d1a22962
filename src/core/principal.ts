// The verified caller of a request: one type, whichever way the caller proved its identity.
import type { ApiKey } from './api-key.js';
import type { PassThroughCredential } from './credential.js';

/** A caller for whom an authenticator vouches. */
export interface Principal {
  /**
   * `user`: the subject is the `username` of an introspection response. `client`: the subject is
   * the OAuth client itself. `key`: the name of an API key. `token`: the issuer names neither a
   * subject nor a user, so the subject is the client, and only the token tells its users apart.
   * Callers of several kinds may have the same name.
   */
  readonly kind: 'subject' | 'user' | 'client' | 'key' | 'token';
  /** Issuer, tenant and tagged subject in one text. Two principals never share an id. */
  readonly id: string;
  /** The issuer identifier exactly as the operator configured it. Null for an API key. */
  readonly issuer: string | null;
  readonly subject: string;
  readonly tenant: string | null;
  /** The OAuth client that presents the token. */
  readonly client: string | null;
  readonly scopes: readonly string[];
  /** All claims of the token. Confidential: never logged and never forwarded as a whole. */
  readonly claims: Readonly<Record<string, unknown>>;
  /** Seconds since the epoch. Null: an introspection response without `exp`. */
  readonly expiresAt: number | null;
  /** How the caller proved who it is. */
  readonly method: 'jwt' | 'introspection' | 'api-key' | 'bridge';
  /** The API key that the caller presented, itself or as a bridge token. Null for an issuer. */
  readonly key: ApiKey | null;
}

/** A caller that only the upstream can verify. The gateway knows only its header. */
export interface PassThroughCaller {
  readonly kind: 'pass-through';
  readonly credential: PassThroughCredential;
}

export type Caller = Principal | PassThroughCaller;
