// Decides what a proven caller looks like, the same shape whichever way it was proven.
import type { LegacyCredential } from './credential.js';

export interface Principal {
  /** The issuer exactly as configured. */
  readonly issuer: string;
  readonly subject: string;
  readonly client: string | null;
  readonly scopes: readonly string[];
  readonly audience: readonly string[];
  /** Seconds since the epoch; null only where an introspection answer has no `exp`. */
  readonly expiresAt: number | null;
  /** The client id is an accepted audience only with evidence of an access token; this says whether there is any. */
  readonly accessTokenEvidence: boolean;
}

export interface PrincipalCaller {
  readonly kind: 'principal';
  readonly principal: Principal;
}

/** The upstream is the verifier: the gateway knows nothing of this caller but the header to hand on. */
export interface PassThroughCaller {
  readonly kind: 'pass-through';
  readonly credential: LegacyCredential;
}

export type Caller = PrincipalCaller | PassThroughCaller;
