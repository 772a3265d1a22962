// Decides what the protected resource metadata says and where it stands (RFC 9728). Everything comes from the configuration, nothing
// from Host or X-Forwarded-* (A-06).
import type { Endpoint } from '../core/endpoint.js';

export interface ResourceMetadata {
  readonly resource: string;
  readonly authorization_servers: readonly string[];
  readonly scopes_supported?: readonly string[];
  readonly bearer_methods_supported: readonly ['header'];
}

export function resourceMetadata(endpoint: Endpoint): ResourceMetadata {
  return {
    resource: endpoint.resource,
    authorization_servers: endpoint.issuers,
    // An empty list is not allowed (RFC 9728 section 3.2).
    ...(endpoint.scopesSupported.length > 0 ? { scopes_supported: endpoint.scopesSupported } : {}),
    bearer_methods_supported: ['header'],
  };
}
