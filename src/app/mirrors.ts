// Finds the copies of issuer metadata that the gateway publishes beside its endpoints.
import type { ResolvedConfig, ResolvedIssuer } from '../config/resolved-config.js';
import type { MirroredMetadata } from '../http/routes/metadata.js';
import type { MetadataSource } from '../idp/metadata.js';
import type { IssuerRuntime } from '../verify/issuer/issuer-runtime.js';
import { mirroredBody } from '../verify/issuer/metadata-mirror.js';

export interface Mirrors {
  readonly copyOf: MirroredMetadata;
  /** The sources of the copies. They fetch in the background. */
  readonly sources: ReadonlySet<MetadataSource>;
}

type Configured = Pick<ResolvedConfig, 'endpoints' | 'issuers'>;

/** The issuers of which the gateway publishes a copy. */
export function mirroredIssuers({ endpoints, issuers }: Configured): ResolvedIssuer[] {
  /** Clients look for the metadata of the first issuer of an endpoint. */
  const firstIssuers = new Set(endpoints.flatMap((endpoint) => endpoint.issuers.slice(0, 1)));
  return issuers.filter(
    ({ issuer, metadataMirror }) => metadataMirror.enabled && firstIssuers.has(issuer),
  );
}

export function createMirrors(
  config: Configured,
  issuers: ReadonlyMap<string, IssuerRuntime>,
): Mirrors {
  const mirrored = new Map(
    mirroredIssuers(config).map(
      ({ issuer, metadataMirror, authorizationServers }) =>
        [issuer, { ...metadataMirror, server: authorizationServers[0] }] as const,
    ),
  );
  return {
    copyOf(issuer) {
      const mirror = mirrored.get(issuer);
      const document = mirror === undefined ? null : (issuers.get(issuer)?.metadata.last() ?? null);
      // Clients that read only the copy must log in at the server that the others find.
      return mirror === undefined || document === null || document.json.issuer !== mirror.server
        ? null
        : mirroredBody(document, mirror.addS256);
    },
    sources: new Set(
      [...issuers].flatMap(([name, { metadata }]) => (mirrored.has(name) ? [metadata] : [])),
    ),
  };
}
