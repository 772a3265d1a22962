// A principal together with the facts of its access token on which the audience rule depends.
import type { Principal } from './principal.js';

export interface AccessToken {
  readonly principal: Principal;
  /** The audiences that the issuer named; empty where it named none. */
  readonly audience: readonly string[];
  /** True: something in the token shows an access token and not an ID token. */
  readonly accessTokenEvidence: boolean;
  /**
   * True: a token for which the issuer named no audience is for this endpoint. The operator chose
   * `bound-to-client`, or listed its client in `audienceClients`.
   */
  readonly boundToClient: boolean;
}
