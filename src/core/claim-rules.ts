// How the claims of one issuer are read, whether a JWT or an introspection response carries them.

/** The claims that hold each property of a principal, in the order in which they are tried. */
export interface ClaimNames {
  /** The scopes of all these claims are joined. */
  readonly scopes: readonly string[];
  /** The first claim that is present gives the subject. */
  readonly subject: readonly string[];
  readonly tenant: readonly string[];
  readonly client: readonly string[];
}

/** The default: RFC 9068 section 2.2, and the names that many providers use beside it. */
export const USUAL_CLAIMS: ClaimNames = {
  scopes: ['scope', 'scp'],
  subject: ['sub'],
  tenant: ['org_id', 'tid'],
  client: ['client_id', 'azp'],
};

export interface ClaimRules {
  readonly claims: ClaimNames;
  /** True: the gateway rejects a token without a tenant. */
  readonly requireTenant: boolean;
  /** The only client for which this issuer issues tokens. Null: the token names its client. */
  readonly clientOfIssuer: string | null;
  /** True: a token without `aud` is for its client. For issuers that leave `aud` out. */
  readonly audienceIsClient: boolean;
}
