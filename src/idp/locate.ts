// Finds an endpoint of an issuer: the configured URL, or the one in the metadata of the issuer.
import type { Failure, MakeFailure } from '../core/failure.js';
import { type IssuerMetadata, type MetadataDocument, withFields } from './discovery.js';
import type { MetadataSource } from './metadata.js';

/** Returns the URL, or the reason why the gateway does not know it. */
export type LocateEndpoint = () => Promise<string | Failure>;

export interface LocatedEndpoint {
  readonly member: Exclude<keyof IssuerMetadata, 'jwksUri'>;
  /** The member of the metadata, for the log. */
  readonly name: string;
  /** The setting with the URL, for the log. */
  readonly setting: string;
  /** The part of the configuration with that setting. */
  readonly settingOf: 'issuer' | 'endpoint';
  readonly unavailable: MakeFailure;
}

/** `url`: the configured URL. Null: the one in the metadata. */
export function createLocateEndpoint(
  { member, name, setting, settingOf, unavailable }: LocatedEndpoint,
  url: string | null,
  metadata: MetadataSource,
): LocateEndpoint {
  let unhelpful: MetadataDocument | null = null;
  return async () => {
    if (url !== null) return url;
    const found = await metadata.get(unhelpful);
    if (!found.ok) {
      const { retryAfterSeconds } = found;
      const detail = withFields(found, `${setting} or metadataUrl`);
      return unavailable({ detail, retryAfterSeconds });
    }
    const located: IssuerMetadata[typeof member] = found.metadata[member];
    if (located !== null) return located;
    unhelpful = found.document;
    return unavailable({ detail: `metadata has no ${name}; set ${setting} of this ${settingOf}` });
  };
}
