// Decides what a caller can present. A credential is a claim: nothing in it is believed yet.

export interface BearerCredential {
  readonly kind: 'bearer';
  readonly token: string;
}

/** A caller of the old kind: a configured scheme or header that the upstream itself verifies. */
export interface LegacyCredential {
  readonly kind: 'legacy';
  /** Lower-case name of the header that carried it; the upstream gets this header back, value untouched (C-101). */
  readonly header: string;
  readonly value: string;
  /** The part of the value after the scheme; the whole value where the header has none. */
  readonly key: string;
  readonly rule: LegacyRule;
}

export type Credential = BearerCredential | LegacyCredential;

/** One entry of `endpoints[].legacy`. */
export interface LegacyRule {
  /** Authorization scheme in lower case, or null for a header of its own. */
  readonly scheme: string | null;
  /** Lower-case header name; `authorization` for a scheme. */
  readonly header: string;
  /** Scopes that a caller of this kind is taken to hold. */
  readonly scopes: readonly string[];
  /** First day (UTC, ms since the epoch) on which it is refused, or null. */
  readonly sunsetMs: number | null;
}
