// An issuer runtime, from parts that a test chooses.
import type { Clock } from '../../src/core/clock.js';
import type { MetadataSource } from '../../src/idp/metadata.js';
import { createJwtVerification, type IssuerRuntime } from '../../src/verify/issuer/issuer-runtime.js';

/** The metadata source of an issuer without metadata. */
export const noMetadata: MetadataSource = {
  get: async () => ({ ok: false, detail: 'no metadata', isMisplaced: false, retryAfterSeconds: 1 }),
  last: () => null,
  start() {},
  stop() {},
};

type Chosen = Pick<IssuerRuntime, 'policy' | 'keys'> & Partial<Pick<IssuerRuntime, 'verify' | 'introspect' | 'tokenPrefixes'>>;

export const issuerRuntime = (chosen: Chosen, clock: Clock): IssuerRuntime => ({
  verify: 'jwt',
  introspect: null,
  lastError: () => null,
  introspectionIsUp: () => true,
  introspectionUrl: null,
  tokenPrefixes: null,
  metadata: noMetadata,
  ...chosen,
  ...createJwtVerification(chosen.policy, chosen.keys, clock),
});
