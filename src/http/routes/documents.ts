// Finds the well-known document of a request, by host and path. A document of an endpoint with a
// host is under this host alone.
import type { Endpoint } from '../../core/endpoint.js';
import type { FacadeServer } from '../../core/facade-server.js';
import { findByHost, hostNameOf } from '../../core/host-name.js';
import { IDENTITY_KEYS_PATH } from '../../core/identity-token.js';
import type { OAuthServer } from '../../core/oauth-server.js';
import { isRootDocument, type MirroredMetadata, wellKnownDocuments } from './metadata.js';

/** Documents beside the metadata of the endpoints. */
export interface Published {
  /** Copies of the metadata of issuers. */
  readonly mirrored: MirroredMetadata;
  readonly bridge?: OAuthServer | null;
  readonly facades?: readonly FacadeServer[];
  /** The public keys of the identity ring (RFC 7517 section 5) as JSON; null without a ring. */
  readonly identityKeys?: Buffer | null;
  /** The hosts of bridge, facades and identity keys. Null: every host. */
  readonly ownHosts?: ReadonlySet<string> | null;
}

export interface Documents {
  /** Null: there is no document, or it cannot be served at this moment. */
  find(host: string, path: string): Buffer | null;
  /** True where the gateway serves bridge, facades and identity keys under this Host. */
  isOwnHost(host: string): boolean;
}

export function createDocuments(
  endpoints: readonly Endpoint[],
  { mirrored, bridge = null, facades = [], identityKeys = null, ownHosts = null }: Published,
): Documents {
  const withoutHost: Endpoint[] = [];
  const byHost = new Map<string, Endpoint[]>();
  for (const endpoint of endpoints) {
    const { host } = endpoint;
    const group = host === null ? withoutHost : (byHost.get(host) ?? []);
    if (host !== null) byHost.set(host, group);
    group.push(endpoint);
  }
  const isOwnHost = (host: string): boolean => ownHosts?.has(hostNameOf(host)) ?? true;
  const own = wellKnownDocuments(withoutHost, mirrored, { bridge, facades });
  if (identityKeys !== null) own.set(IDENTITY_KEYS_PATH, () => identityKeys);
  const ofHosts = new Map(
    [...byHost].map(([host, group]) => [
      host,
      wellKnownDocuments(group, mirrored, { bridge, facades }, false),
    ]),
  );

  return {
    isOwnHost,
    find(host, path) {
      const ofHost = findByHost(ofHosts, host);
      const document = ofHost?.get(path);
      if (document !== undefined) return document();
      // The root of a host is about all endpoints of this host, and about no other one.
      if ((ofHost !== undefined && isRootDocument(path)) || !isOwnHost(host)) return null;
      return own.get(path)?.() ?? null;
    },
  };
}
