// The acts of an authorization server of the gateway for a client, for the audit.
import type { VouchedToken } from './presented-token.js';

/** An act of a facade. */
export interface FacadeAct {
  readonly act: 'registration' | 'consent' | 'login' | 'token' | 'refresh' | 'revocation';
  /** The issuer of the facade. */
  readonly issuer: string;
  /** SHA-256 of the client id in base64url: a client id can be long. */
  readonly client: string;
  /** As the client wrote it, in a registration. */
  readonly clientName?: string | null;
  readonly resource?: string;
  readonly scopes?: readonly string[];
  /** Where the login ends: a host, or the scheme of an app. */
  readonly place?: string;
  /** True: the identity provider vouched for it. Anyone can cause the others. */
  readonly isProven: boolean;
}

/** A token or a key that the bridge took, or what a facade did. */
export type Audited = VouchedToken | FacadeAct;
