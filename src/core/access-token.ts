// A principal together with the facts of its access token on which the audience rule depends.
import type { Principal } from './principal.js';

export interface AccessToken {
  readonly principal: Principal;
  /** The audiences that the issuer named; empty where it named none. */
  readonly audience: readonly string[];
  /** True: something in the token shows an access token and not an ID token. */
  readonly accessTokenEvidence: boolean;
  /** True: the issuer named no audience, and `introspection.audience` is `bound-to-client`. */
  readonly boundToClient: boolean;
}
