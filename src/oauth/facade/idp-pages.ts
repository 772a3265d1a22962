// The facts that the facade reads in the metadata of the identity provider: its authorization
// endpoint, and how it names itself in answers (RFC 9207).
import type { Failure } from '../../core/failure.js';
import { grantUnavailable } from '../../core/failures.js';
import { createLocateEndpoint, type LocateEndpoint } from '../../idp/locate.js';
import type { MetadataSource } from '../../idp/metadata.js';

export interface IdpPages {
  readonly authorizationEndpoint: LocateEndpoint;
  /**
   * Why an answer with this `iss` is not one of the identity provider; null: it is. A failure: the
   * metadata, which says so, is not known.
   */
  issuerFlaw(iss: string | undefined): Promise<string | Failure | null>;
}

export const locatedAt = (
  member: 'authorizationEndpoint' | 'tokenEndpoint' | 'revocationEndpoint',
  name: string,
  metadata: MetadataSource,
): LocateEndpoint =>
  createLocateEndpoint(
    { member, name, setting: 'metadataUrl', settingOf: 'issuer', unavailable: grantUnavailable },
    null,
    metadata,
  );

export function createIdpPages(metadata: MetadataSource): IdpPages {
  return {
    authorizationEndpoint: locatedAt('authorizationEndpoint', 'authorization_endpoint', metadata),
    async issuerFlaw(iss) {
      const found = await metadata.get(null);
      if (!found.ok) return grantUnavailable({ detail: found.detail });
      const { issuer, authorization_response_iss_parameter_supported: sendsIss } =
        found.document.json;
      if (iss === undefined) return sendsIss === true ? 'an answer without iss' : null;
      return iss === issuer ? null : 'an answer with the iss of another issuer';
    },
  };
}
