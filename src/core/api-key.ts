// API keys of the operator's registry, and the interface of the registry. The gateway keeps the
// SHA-256 of a key and never the key.
import type { Secret } from './secret.js';

/** One entry of the registry. Frozen: a changed entry is another object. */
export interface ApiKey {
  /** The name that the operator gave it. No two keys of a registry share one. */
  readonly name: string;
  /** SHA-256 of the key: 64 hex digits in lower case. */
  readonly sha256: string;
  readonly scopes: readonly string[];
  readonly tenant: string | null;
  /**
   * Value of the Authorization header that the upstream gets in place of the key. Null: the
   * upstream gets the credential of the endpoint.
   */
  readonly upstreamAuthorization: Secret | null;
  /** Start of the first day (UTC) on which the gateway rejects it, in ms since the epoch. */
  readonly sunsetMs: number | null;
  /** Names of the endpoints that accept it. Null: each endpoint that takes API keys. */
  readonly endpoints: readonly string[] | null;
}

const sameList = (some: readonly string[] | null, other: readonly string[] | null): boolean =>
  some === other ||
  (some?.length === other?.length && !!some?.every((one, i) => one === other?.[i]));

/** True where the endpoint with this name accepts the key. */
export const isForEndpoint = ({ endpoints }: ApiKey, name: string): boolean =>
  endpoints === null || endpoints.includes(name);

/** True for entries with equal fields. */
export const isSameKey = (some: ApiKey, other: ApiKey): boolean =>
  some.name === other.name &&
  some.sha256 === other.sha256 &&
  some.tenant === other.tenant &&
  some.sunsetMs === other.sunsetMs &&
  some.upstreamAuthorization?.reveal() === other.upstreamAuthorization?.reveal() &&
  sameList(some.scopes, other.scopes) &&
  sameList(some.endpoints, other.endpoints);

/** The name of a key in the log, in metrics and in bridge tokens: 8 characters of its hash. */
export const fingerprintOf = ({ sha256 }: ApiKey): string => sha256.slice(0, 8);

/** One entry of `endpoints[].apiKeys`: where a caller writes its key. */
export interface ApiKeyCarrier {
  /**
   * Authorization scheme in lower case; `bearer` with `bearerPrefix`. Null: the key is the whole
   * value of `header`.
   */
  readonly scheme: string | null;
  /** Lower-case header name; `authorization` for a scheme. */
  readonly header: string;
  /** Start of keys that are sent as bearer tokens, such as `sk_live_`. Null for other carriers. */
  readonly bearerPrefix: string | null;
}

const capitalized = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** A header name as documents write it, such as `X-Api-Key`. */
export const headerText = (name: string): string => name.split('-').map(capitalized).join('-');

/** The value that a caller writes there, with `key` for its key, such as `Token KEY`. */
export const carrierValue = ({ scheme }: ApiKeyCarrier, key: string): string =>
  scheme === null ? key : `${capitalized(scheme)} ${key}`;

/** Where a caller writes its key, in words for an operator, such as `Authorization: Token KEY`. */
export const carrierText = (carrier: ApiKeyCarrier): string =>
  `${headerText(carrier.header)}: ${carrierValue(carrier, `${carrier.bearerPrefix ?? ''}KEY`)}`;

/** Ends the detail of a rejection; empty at an endpoint that takes no API keys. */
export const carriersText = (carriers: readonly ApiKeyCarrier[]): string =>
  carriers.length === 0
    ? ''
    : `; this endpoint reads API keys from ${carriers.map(carrierText).join(', ')}`;

/** The registry at this moment. A reload replaces its keys. */
export interface ApiKeys {
  /** The entry of a presented key; null where no entry has its hash. Compares in constant time. */
  find(key: string): ApiKey | null;
  /** The entry that a bridge token names; null where it is gone or has another hash now. */
  named(name: string, fingerprint: string): ApiKey | null;
  /** False once a reload removed or changed the entry. */
  has(key: ApiKey): boolean;
}
