// Wraps a source of metadata: it fails if the server does not offer the grant that the gateway
// needs (RFC 8414 section 2).
import type { MetadataDocument, NotDiscovered } from './discovery.js';
import type { MetadataSource } from './metadata.js';

/** A value that a list of the metadata must hold. */
export interface Offer {
  readonly member: string;
  readonly value: string;
  /** The setting that makes this metadata unnecessary, for the log. */
  readonly setting: string;
}

const offers = ({ json }: MetadataDocument, { member, value }: Offer): boolean => {
  const list = json[member];
  return Array.isArray(list) && list.includes(value);
};

/**
 * A document without the offer counts as unhelpful: the source fetches a newer one, so the gateway
 * needs no restart once the server offers it.
 */
export function requireOffer(metadata: MetadataSource, offer: Offer): MetadataSource {
  const { member, value, setting } = offer;
  const detail =
    `the metadata does not offer this: ${member} has no ${value}; ` +
    `if the server supports it, set ${setting}`;
  /** The setting helps here too: without metadata at its places, no fetch finds an offer. */
  const placed = (found: NotDiscovered): string =>
    found.isMisplaced ? `${found.detail}; set ${setting}` : found.detail;
  let without: MetadataDocument | null = null;
  return {
    ...metadata,
    async get(unhelpful) {
      const found = await metadata.get(unhelpful ?? without);
      if (found.ok && offers(found.document, offer)) return found;
      if (found.ok) without = found.document;
      // The last document is the answer of the server, also while the source waits before the next
      // fetch.
      const isRefused = without !== null && metadata.last() === without;
      if (!found.ok)
        return { ...found, detail: isRefused ? detail : placed(found), isMisplaced: false };
      return { ok: false, detail, isMisplaced: false, retryAfterSeconds: 1 };
    },
  };
}
