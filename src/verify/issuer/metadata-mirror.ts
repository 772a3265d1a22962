// The copy of an issuer's metadata that the gateway publishes beside its endpoints, for clients
// that look only there. The copy is the issuer's document, byte for byte.
import type { MetadataDocument } from './discovery.js';

const PKCE_METHODS = 'code_challenge_methods_supported';

/**
 * `addS256`: the one change that the gateway ever makes. It adds what the issuer omits about PKCE,
 * because some clients do not log in without it.
 */
export function mirroredBody({ body, json }: MetadataDocument, addS256: boolean): Buffer {
  if (!addS256 || Object.hasOwn(json, PKCE_METHODS)) return body;
  return Buffer.from(JSON.stringify({ ...json, [PKCE_METHODS]: ['S256'] }));
}
