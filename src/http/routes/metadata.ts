// Decides what the protected resource metadata says (RFC 9728), and where it and the copy of the issuer's metadata stand. Everything comes
// from the configuration, nothing from Host or X-Forwarded-* (A-06).
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
    authorization_servers: endpoint.issuers,
    // An empty list is not allowed (RFC 9728 section 3.2).
    ...(endpoint.scopesSupported.length > 0 ? { scopes_supported: endpoint.scopesSupported } : {}),
    bearer_methods_supported: ['header'],
  };
}

/** Name of a document of an authorization server: that of RFC 8414, and that of OpenID, under which some clients look first. */
const ISSUER_DOCUMENTS = ['oauth-authorization-server', 'openid-configuration'];

/**
 * Where clients look for a document of an endpoint: under the well-known name between host and path (RFC 9728 section 3.1, RFC 8414
 * section 3.1), with and without a slash at the end, and under the name behind the path. At the root only where the resource is the origin
 * itself: a document of another resource there would be taken for that of all.
 */
function placesOf(name: string, path: string): string[] {
  const inserted = `/.well-known/${name}${path}`;
  return [inserted, `${inserted}/`, `${path}/.well-known/${name}`];
}

const pathOf = ({ resource }: Endpoint): string => new URL(resource).pathname.replace(/\/$/, '');

/** The last good copy of the metadata of an issuer; null: there is none (yet). */
export type MirroredMetadata = (issuer: string) => Buffer | null;

/** Every document beside the endpoints by its path; null where nothing can be shown now. */
export function documents(
  endpoints: readonly Endpoint[],
  mirrored: MirroredMetadata,
): Map<string, () => Buffer | null> {
  const all = new Map<string, () => Buffer | null>();
  const place = (name: string, path: string, document: () => Buffer | null): void => {
    for (const at of placesOf(name, path)) all.set(at, document);
  };
  const first = endpoints[0]?.issuers[0];
  // Whoever looks at the root does not say which endpoint it means.
  if (first !== undefined && endpoints.every(({ issuers }) => issuers[0] === first)) {
    for (const name of ISSUER_DOCUMENTS) place(name, '', () => mirrored(first));
  }
  for (const endpoint of endpoints) {
    const path = pathOf(endpoint);
    const own = Buffer.from(JSON.stringify(resourceMetadata(endpoint)));
    place('oauth-protected-resource', path, () => own);
    for (const name of ISSUER_DOCUMENTS)
      place(name, path, () => mirrored(endpoint.issuers[0] as string));
  }
  return all;
}
