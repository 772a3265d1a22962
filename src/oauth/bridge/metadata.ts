// Writes the metadata of the bridge (RFC 8414 section 2).
import type { Endpoint } from '../../core/endpoint.js';
import { BRIDGE_PATHS } from '../../core/oauth-server.js';
import { scopesSupportedBy } from '../endpoint-scopes.js';

/** `endpoints`: those that take tokens of the bridge. */
export function bridgeMetadata(issuer: string, endpoints: readonly Endpoint[]): Buffer {
  const { origin } = new URL(issuer);
  return Buffer.from(
    JSON.stringify({
      issuer,
      // It serves no flow. The SDKs for TypeScript and Python reject metadata without the field.
      authorization_endpoint: origin + BRIDGE_PATHS.authorize,
      token_endpoint: origin + BRIDGE_PATHS.token,
      jwks_uri: origin + BRIDGE_PATHS.jwks,
      ...scopesSupportedBy(endpoints),
      response_types_supported: [],
      grant_types_supported: ['client_credentials'],
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
      // go-sdk 1.8 demands PKCE of every authorization server, also for client credentials.
      code_challenge_methods_supported: ['S256'],
    }),
  );
}
