// Tells an API key from a bearer token among the credentials that an operator gives to `explain`,
// often without their header.
import { type ApiKey, type ApiKeyCarrier, carrierValue } from '../core/api-key.js';
import type { Endpoint } from '../core/endpoint.js';
import { createApiKeyRegistry } from '../verify/api-keys.js';
import { readCredential } from '../verify/credential.js';
import { shapeOf } from '../verify/jws.js';
import { headOf } from './explained-call.js';
import { type NearKey, nearKey } from './near-key.js';

export interface GivenCredential {
  /** The token or the key, without header and scheme. */
  readonly text: string;
  /** The header that a caller would send; null where the operator gave the text alone. */
  readonly header: { readonly name: string; readonly value: string } | null;
}

/** All keys of the configuration and of its file, and where callers write keys. */
export interface KnownKeys {
  readonly all: readonly ApiKey[];
  readonly registry: ReturnType<typeof createApiKeyRegistry>;
  /** Those of all endpoints. */
  readonly carriers: readonly ApiKeyCarrier[];
  near(text: string): NearKey | null;
}

export function knownKeys(all: readonly ApiKey[], endpoints: readonly Endpoint[]): KnownKeys {
  const registry = createApiKeyRegistry();
  registry.replace(all);
  const carriers = endpoints.flatMap((endpoint) => endpoint.apiKeys);
  return { all, registry, carriers, near: (text) => nearKey(text, registry, all, carriers) };
}

export const canCarry = (text: string, { bearerPrefix }: ApiKeyCarrier): boolean =>
  bearerPrefix === null || text.startsWith(bearerPrefix);

const beginsWith = (text: string, { bearerPrefix }: ApiKeyCarrier): boolean =>
  bearerPrefix !== null && text.startsWith(bearerPrefix);

/**
 * `takesOpaque`: an issuer of the endpoint introspects tokens. An opaque text may be one of them
 * then, unless a key is equal or near.
 */
function isKey(text: string, endpoint: Endpoint, keys: KnownKeys, takesOpaque: boolean): boolean {
  if (keys.registry.find(text) !== null || keys.near(text) !== null) return true;
  if (shapeOf(text).kind !== 'opaque') return false;
  const { apiKeys } = endpoint;
  return (apiKeys.length > 0 && !takesOpaque) || apiKeys.some((one) => beginsWith(text, one));
}

/** The header in which a caller would send it at this endpoint. */
export function headerFor(
  { text, header }: GivenCredential,
  endpoint: Endpoint,
  keys: KnownKeys,
  takesOpaque: boolean,
): { readonly name: string; readonly value: string } {
  if (header !== null) return header;
  const carrier = isKey(text, endpoint, keys, takesOpaque)
    ? endpoint.apiKeys.find((one) => canCarry(text, one))
    : undefined;
  if (carrier === undefined) return { name: 'authorization', value: `Bearer ${text}` };
  return { name: carrier.header, value: carrierValue(carrier, text) };
}

/** Schemes and headers that the endpoints name, in lower case. */
export const configuredNames = (endpoints: readonly Endpoint[]): ReadonlySet<string> =>
  new Set(
    endpoints
      .flatMap(({ apiKeys, passThrough }) => [...apiKeys, ...passThrough])
      .map(({ scheme, header }) => scheme ?? header),
  );

/** True for a credential that only the upstream can verify. */
export function isPassThrough({ text, header }: GivenCredential, endpoint: Endpoint): boolean {
  const { name, value } = header ?? { name: 'authorization', value: `Bearer ${text}` };
  const credential = readCredential(headOf(endpoint.path, name, value), endpoint);
  return credential.ok && credential.value.kind === 'pass-through';
}
