// Finds an issuer's introspection endpoint: the configured URL, or the one in its metadata.
import type { Failure } from '../../core/failure.js';
import { introspectionUnavailable } from '../../core/failures.js';
import { type MetadataDocument, withFields } from '../../idp/discovery.js';
import type { MetadataSource } from '../../idp/metadata.js';

/** Returns the URL, or the reason why the gateway does not know it. */
export type LocateEndpoint = () => Promise<string | Failure>;

/** `url`: null for the one in the metadata. */
export function createLocateEndpoint(url: string | null, metadata: MetadataSource): LocateEndpoint {
  let unhelpful: MetadataDocument | null = null;
  return async () => {
    if (url !== null) return url;
    const found = await metadata.get(unhelpful);
    if (!found.ok) {
      const { retryAfterSeconds } = found;
      const detail = withFields(found, 'introspection.url or metadataUrl');
      return introspectionUnavailable({ detail, retryAfterSeconds });
    }
    const { introspectionEndpoint } = found.metadata;
    if (introspectionEndpoint !== null) return introspectionEndpoint;
    unhelpful = found.document;
    const detail = 'metadata has no introspection_endpoint; set introspection.url of this issuer';
    return introspectionUnavailable({ detail });
  };
}
