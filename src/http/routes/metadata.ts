// Writes the protected resource metadata (RFC 9728), and lists the paths of every well-known
// document. All content comes from the configuration or from an issuer, and none from Host or
// X-Forwarded-* headers (A-06, configured base URL).
import type { Endpoint } from '../../core/endpoint.js';
import type { FacadeServer } from '../../core/facade-server.js';
import type { OAuthServer } from '../../core/oauth-server.js';

export interface ResourceMetadata {
  readonly resource: string;
  readonly authorization_servers?: readonly string[];
  readonly scopes_supported?: readonly string[];
  readonly bearer_methods_supported: readonly ['header'];
}

export function resourceMetadata(endpoint: Endpoint): ResourceMetadata {
  const { resource, authorizationServers, scopesSupported } = endpoint;
  // RFC 9728 section 3.2 does not allow an empty list.
  return {
    resource,
    ...(authorizationServers.length > 0 ? { authorization_servers: authorizationServers } : {}),
    ...(scopesSupported.length > 0 ? { scopes_supported: scopesSupported } : {}),
    bearer_methods_supported: ['header'],
  };
}

/** The name of the metadata of an authorization server (RFC 8414 section 3). */
const OAUTH = 'oauth-authorization-server';
/** Some clients look only for the name of OpenID. */
const ISSUER_DOCUMENTS = [OAUTH, 'openid-configuration'];
const RESOURCE = 'oauth-protected-resource';

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

const ROOT_PATHS = new Set(
  [RESOURCE, ...ISSUER_DOCUMENTS].flatMap((name) => wellKnownPaths(name, '')),
);

/** True for the document of a whole host. */
export const isRootDocument = (path: string): boolean => ROOT_PATHS.has(path);

const resourcePath = ({ resource }: Endpoint): string =>
  new URL(resource).pathname.replace(/\/$/, '');

/** The last valid copy of the metadata of an issuer, as JSON; null while there is no copy. */
export type MirroredMetadata = (issuer: string) => Buffer | null;

/** The documents of one authorization server: their names, and the content at this moment. */
interface ServerDocuments {
  /** Equal for endpoints with one server. */
  readonly id: string;
  readonly names: readonly string[];
  readonly document: () => Buffer | null;
}

/**
 * The authorization servers of the gateway itself. `bridge`: that of endpoints with `isBridged`. It
 * has only the name of OAuth, because it is not an OpenID provider, and the SDKs for TypeScript
 * reject its document there.
 */
export interface OwnServers {
  readonly bridge?: OAuthServer | null;
  readonly facades?: readonly FacadeServer[];
}

const issuerPath = ({ issuer }: { readonly issuer: string }): string =>
  new URL(issuer).pathname.replace(/\/$/, '');

/**
 * Every well-known document of one host by its path. A document is null while it cannot be served.
 * `servesIssuers`: the issuers of `own` are at this host.
 */
export function wellKnownDocuments(
  endpoints: readonly Endpoint[],
  mirroredMetadata: MirroredMetadata,
  { bridge = null, facades = [] }: OwnServers = {},
  servesIssuers = true,
): Map<string, () => Buffer | null> {
  const documents = new Map<string, () => Buffer | null>();
  const add = (name: string, path: string, document: () => Buffer | null): void => {
    for (const documentPath of wellKnownPaths(name, path)) documents.set(documentPath, document);
  };
  const addServer = (path: string, server: ServerDocuments | null): void => {
    if (server === null) return;
    for (const name of server.names) add(name, path, server.document);
  };
  const ofBridge =
    bridge === null
      ? null
      : { id: `bridge ${bridge.issuer}`, names: [OAUTH], document: () => bridge.metadata };

  const ofFacades = new Map(
    facades.flatMap(({ behind, issuer, metadata }): [string, ServerDocuments][] => {
      const server = { id: issuer, names: ISSUER_DOCUMENTS, document: () => metadata };
      // An endpoint accepts the tokens of the one or of the other.
      return [behind, issuer].map((name) => [name, server]);
    }),
  );

  /** The server where clients of the endpoint log in. Null for an endpoint of API keys alone. */
  function serverOf({ isBridged, issuers: [issuer] }: Endpoint): ServerDocuments | null {
    if (isBridged) return ofBridge;
    if (issuer === undefined) return null;
    return (
      ofFacades.get(issuer) ?? {
        id: issuer,
        names: ISSUER_DOCUMENTS,
        document: () => mirroredMetadata(issuer),
      }
    );
  }

  const servers = endpoints.map(serverOf);
  const [first = null] = servers;
  // A request for the root names no endpoint, so the root needs a server that all of them share.
  if (servers.every((server) => server?.id === first?.id)) addServer('', first);
  for (const endpoint of endpoints) {
    const path = resourcePath(endpoint);
    const metadata = Buffer.from(JSON.stringify(resourceMetadata(endpoint)));
    add(RESOURCE, path, () => metadata);
    addServer(path, serverOf(endpoint));
  }
  // Last, because its issuer is exactly this path (RFC 8414 section 3.3).
  if (!servesIssuers) return documents;
  if (bridge !== null) addServer(issuerPath(bridge), ofBridge);
  for (const facade of facades) addServer(issuerPath(facade), ofFacades.get(facade.behind) ?? null);
  return documents;
}
