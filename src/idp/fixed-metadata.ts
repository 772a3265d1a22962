// The metadata of a server that publishes none: its preset names the endpoints.
import type { MetadataSource } from './metadata.js';

export interface FixedEndpoints {
  readonly authorization: string;
  readonly token: string;
}

/** Fetches nothing. Null: the server has no endpoint at all. */
export function fixedMetadata(issuer: string, endpoints: FixedEndpoints | null): MetadataSource {
  const document = { body: Buffer.from(JSON.stringify({ issuer })), json: { issuer } };
  const metadata = {
    jwksUri: null,
    introspectionEndpoint: null,
    tokenEndpoint: endpoints?.token ?? null,
    authorizationEndpoint: endpoints?.authorization ?? null,
    revocationEndpoint: null,
  };
  return {
    get: async () => ({ ok: true, metadata, document }),
    last: () => document,
    start() {},
    stop() {},
  };
}
