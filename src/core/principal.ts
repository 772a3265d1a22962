// Decides what a proven caller looks like, the same shape whichever way it was proven.
import type { PassThroughCredential } from './credential.js';

/** Which claims of an issuer say what. */
export interface ClaimNames {
  /** All of them count. */
  readonly scopes: readonly string[];
  /** Of these the first that is present. */
  readonly subject: readonly string[];
  readonly tenant: readonly string[];
  readonly client: readonly string[];
}

/** Where nothing else is configured: RFC 9068 section 2.2, and what is widespread beside it. */
export const USUAL_CLAIMS: ClaimNames = {
  scopes: ['scope', 'scp'],
  subject: ['sub'],
  tenant: ['org_id', 'tid'],
  client: ['client_id', 'azp'],
};

/** How the claims of one issuer are read, whether a JWT or an introspection answer holds them. */
export interface ClaimRules {
  readonly claims: ClaimNames;
  /** True: a token without a tenant is refused. */
  readonly requireTenant: boolean;
  /** The client that the issuer itself names: it issues tokens for no other. Null: the token says. */
  readonly clientOfIssuer: string | null;
  /** True: a token without `aud` is for its client. Only for issuers that leave `aud` out of access tokens. */
  readonly audienceIsClient: boolean;
}

export interface Principal {
  /** The issuer exactly as configured. */
  readonly issuer: string;
  readonly subject: string;
  /** `client`: the subject is the client itself and no user, though some user may be called the same. */
  readonly subjectKind: 'sub' | 'client';
  readonly tenant: string | null;
  readonly client: string | null;
  readonly scopes: readonly string[];
  readonly audience: readonly string[];
  /** Seconds since the epoch; null only where an introspection answer has no `exp`. */
  readonly expiresAt: number | null;
  /** The client id is an accepted audience only with evidence of an access token; this says whether there is any. */
  readonly accessTokenEvidence: boolean;
  /** True where the issuer named no audience, and the configuration lets the client that asked stand for it (C-84). */
  readonly boundToClient: boolean;
  /** All that the issuer said of the token, for rules that need more. Confidential: never logged, never handed on as a whole (C-89). */
  readonly claims: Readonly<Record<string, unknown>>;
}

export interface PrincipalCaller {
  readonly kind: 'principal';
  readonly principal: Principal;
}

/** The upstream is the verifier: the gateway knows nothing of this caller but the header to hand on. */
export interface PassThroughCaller {
  readonly kind: 'pass-through';
  readonly credential: PassThroughCredential;
}

export type Caller = PrincipalCaller | PassThroughCaller;
