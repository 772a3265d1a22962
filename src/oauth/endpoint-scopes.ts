// Collects the scopes of endpoints, for the metadata of a server that issues tokens for them.
import type { Endpoint } from '../core/endpoint.js';

/** The member `scopes_supported` (RFC 8414 section 2). Nothing where no endpoint has a scope. */
export function scopesSupportedBy(endpoints: readonly Endpoint[]): {
  readonly scopes_supported?: readonly string[];
} {
  const scopes = [...new Set(endpoints.flatMap(({ scopesSupported }) => scopesSupported))];
  return scopes.length > 0 ? { scopes_supported: scopes } : {};
}
