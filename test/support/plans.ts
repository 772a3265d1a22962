// Reads values from a resolved configuration that only tests may reveal.
import type { ResolvedIssuer } from '../../src/config/resolved-config.js';

/** The client secret of its introspection, where it has one. */
export function secretOf(issuer: ResolvedIssuer | undefined): string | undefined {
  const client = issuer?.introspection?.client;
  return client !== undefined && 'clientSecret' in client ? client.clientSecret.reveal() : undefined;
}
