// The types of the client authentication of the gateway, at introspection and at token endpoints.
import type { Secret } from './secret.js';

export type ClientAuthentication =
  /** RFC 6749 section 2.3.1. */
  | { readonly auth: 'basic' | 'post'; readonly clientId: string; readonly clientSecret: Secret }
  /** RFC 7523 section 2.2. `privateKey` is PEM, `algorithm` is the one that fits the key. */
  | {
      readonly auth: 'private_key_jwt';
      readonly clientId: string;
      readonly privateKey: Secret;
      readonly algorithm: 'RS256' | 'ES256';
    }
  /** RFC 6750. `clientSecret` is the token. */
  | { readonly auth: 'bearer'; readonly clientSecret: Secret }
  | { readonly auth: 'none'; readonly clientId: string | null };
