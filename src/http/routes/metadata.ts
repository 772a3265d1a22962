// Writes the protected resource metadata (RFC 9728), and lists the paths of every well-known
// document. All content comes from the configuration or from an issuer, and none from Host or
// X-Forwarded-* headers (A-06, configured base URL).
import type { Endpoint } from '../../core/endpoint.js';

export interface ResourceMetadata {
  readonly resource: string;
  readonly authorization_servers: readonly string[];
  readonly scopes_supported?: readonly string[];
  readonly bearer_methods_supported: readonly ['header'];
}

export function resourceMetadata(endpoint: Endpoint): ResourceMetadata {
  return {
    resource: endpoint.resource,
    authorization_servers: endpoint.authorizationServers,
    // RFC 9728 section 3.2 does not allow an empty list.
    ...(endpoint.scopesSupported.length > 0 ? { scopes_supported: endpoint.scopesSupported } : {}),
    bearer_methods_supported: ['header'],
  };
}

/** Names of the metadata of an issuer: that of RFC 8414, and that of OpenID for other clients. */
const ISSUER_DOCUMENTS = ['oauth-authorization-server', 'openid-configuration'];

/**
 * The paths where clients look for a document of an endpoint. The well-known name is between host
 * and path (RFC 9728 section 3.1, RFC 8414 section 3.1), with or without a slash at the end, or it
 * comes after the path. A resource gets the root only where it is the whole origin: clients would
 * take another document there for that of every resource (A-13, root document).
 */
function wellKnownPaths(name: string, path: string): string[] {
  const inserted = `/.well-known/${name}${path}`;
  return [inserted, `${inserted}/`, `${path}/.well-known/${name}`];
}

const resourcePath = ({ resource }: Endpoint): string =>
  new URL(resource).pathname.replace(/\/$/, '');

/** The last valid copy of the metadata of an issuer, as JSON; null while there is no copy. */
export type MirroredMetadata = (issuer: string) => Buffer | null;

/** Every well-known document by its path. A document is null while it cannot be served. */
export function wellKnownDocuments(
  endpoints: readonly Endpoint[],
  mirroredMetadata: MirroredMetadata,
): Map<string, () => Buffer | null> {
  const documents = new Map<string, () => Buffer | null>();
  const add = (name: string, path: string, document: () => Buffer | null): void => {
    for (const documentPath of wellKnownPaths(name, path)) documents.set(documentPath, document);
  };
  const first = endpoints[0]?.issuers[0];
  // A request for the root names no endpoint, so the root needs an issuer that all of them share.
  if (first !== undefined && endpoints.every(({ issuers }) => issuers[0] === first)) {
    for (const name of ISSUER_DOCUMENTS) add(name, '', () => mirroredMetadata(first));
  }
  for (const endpoint of endpoints) {
    const path = resourcePath(endpoint);
    const metadata = Buffer.from(JSON.stringify(resourceMetadata(endpoint)));
    add('oauth-protected-resource', path, () => metadata);
    for (const name of ISSUER_DOCUMENTS)
      add(name, path, () => mirroredMetadata(endpoint.issuers[0] as string));
  }
  return documents;
}
