// Writes the metadata of the facade (RFC 8414 section 2). Clients also look for it under the name
// of OpenID, so it has the members that OpenID Connect Discovery demands.
import type { Endpoint } from '../../core/endpoint.js';
import { scopesSupportedBy } from '../endpoint-scopes.js';

export const FACADE_PAGES = {
  authorize: '/authorize',
  consent: '/consent',
  callback: '/callback',
  token: '/token',
  register: '/register',
  revoke: '/revoke',
  keys: '/jwks',
} as const;

const METHODS = ['none', 'client_secret_basic', 'client_secret_post'];

/** `endpoints`: those behind the facade. `takesDocuments`: a client id may be a URL. */
export function facadeMetadata(
  issuer: string,
  endpoints: readonly Endpoint[],
  takesDocuments: boolean,
): Buffer {
  return Buffer.from(
    JSON.stringify({
      issuer,
      authorization_endpoint: issuer + FACADE_PAGES.authorize,
      token_endpoint: issuer + FACADE_PAGES.token,
      registration_endpoint: issuer + FACADE_PAGES.register,
      revocation_endpoint: issuer + FACADE_PAGES.revoke,
      ...(takesDocuments ? { client_id_metadata_document_supported: true } : {}),
      // It issues no token, so the key set is empty.
      jwks_uri: issuer + FACADE_PAGES.keys,
      ...scopesSupportedBy(endpoints),
      response_types_supported: ['code'],
      response_modes_supported: ['query'],
      grant_types_supported: ['authorization_code', 'refresh_token'],
      token_endpoint_auth_methods_supported: METHODS,
      revocation_endpoint_auth_methods_supported: METHODS,
      code_challenge_methods_supported: ['S256'],
      authorization_response_iss_parameter_supported: true,
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['RS256'],
    }),
  );
}
