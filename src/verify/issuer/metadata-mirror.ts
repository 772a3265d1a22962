// The copy of an issuer's metadata that the gateway publishes beside its endpoints, for clients
// that look only there. The copy is the issuer's document, byte for byte.
import type { MetadataDocument } from '../../idp/discovery.js';

const PKCE_METHODS = 'code_challenge_methods_supported';

/** The changed copies: one for each document, however many requests ask for it. */
const withPkce = new WeakMap<MetadataDocument, Buffer>();

/**
 * `addS256`: the one change that the gateway ever makes. It adds what the issuer omits about PKCE,
 * because some clients do not log in without it.
 */
export function mirroredBody(document: MetadataDocument, addS256: boolean): Buffer {
  const { body, json } = document;
  if (!addS256 || Object.hasOwn(json, PKCE_METHODS)) return body;
  const known = withPkce.get(document);
  if (known !== undefined) return known;
  const changed = Buffer.from(JSON.stringify({ ...json, [PKCE_METHODS]: ['S256'] }));
  withPkce.set(document, changed);
  return changed;
}
