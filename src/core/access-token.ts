// A principal together with the facts of its access token on which the audience rule depends.
import type { Principal } from './principal.js';

/**
 * The parts of a token that show an access token and not an ID token. `marked`: a mark that only
 * access tokens have. `scoped`: scopes, which some issuers also write into ID tokens.
 */
export type AccessEvidence = 'marked' | 'scoped' | 'none';

export interface AudienceFacts {
  readonly issuer: string;
  readonly client: string | null;
  /** The audiences that the issuer named; empty where it named none. */
  readonly audience: readonly string[];
  readonly evidence: AccessEvidence;
  /** True: the token has a `nonce`, which every ID token of a browser login has. */
  readonly hasNonce: boolean;
  /**
   * True: a token for which the issuer named no audience is for this endpoint. The operator chose
   * `bound-to-client`, or listed its client in `audienceClients`.
   */
  readonly boundToClient: boolean;
}

export interface AccessToken extends AudienceFacts {
  readonly principal: Principal;
}
