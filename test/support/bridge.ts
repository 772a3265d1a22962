// Tokens of a bridge, and authenticators that verify them with its ring.
import { checkAudience } from '../../src/authorize/audience.js';
import type { ApiKey } from '../../src/core/api-key.js';
import type { VerificationKey } from '../../src/core/bridge-token.js';
import type { Caller } from '../../src/core/principal.js';
import type { Result } from '../../src/core/result.js';
import { createApiKeyRegistry } from '../../src/verify/api-keys.js';
import { createBridgeTokens } from '../../src/verify/authenticators/bridge-token.js';
import { ecKey, ed25519Key, type Mint, mintToken, type SigningKey } from '../fixtures/mint.js';
import { testClock } from './clock.js';
import { apiKey, endpoint, RESOURCE } from './endpoint.js';
import { reasonOf } from './kinds.js';

export const BRIDGE = 'https://mcp.example.com/bridge';
/** The first two and the last one are the ring. */
export const [newest, older, foreign, edwards] = [ecKey(), ecKey(), ecKey(), ed25519Key()];
export const partner = apiKey();
export const FINGERPRINT = partner.sha256.slice(0, 8);
export const FILES = 'https://mcp.example.com/files';
export const files = endpoint({ path: '/files', resource: FILES, audience: [FILES] });

const published = ({ kid, alg, jwk }: SigningKey): VerificationKey => {
  const { kty, crv, x, y } = jwk as Record<string, string>;
  const members = { kty, crv, x, ...(y === undefined ? {} : { y }) } as Record<string, string>;
  return { kid, algorithm: alg as 'ES256' | 'EdDSA', jwk: members };
};

/** A token as the bridge signs it, for the key `partner`. */
export function mintBridge({ claims = {}, ...changes }: Partial<Mint> = {}): string {
  const own = { sub: 'partner-a', client_id: 'partner-a', key: FINGERPRINT, scope: undefined, ...claims };
  return mintToken({ issuer: BRIDGE, audience: [RESOURCE], key: newest, ...changes, claims: own });
}

export function bridge(keys: readonly ApiKey[] = [partner], ring: readonly SigningKey[] = [newest, older, edwards]) {
  const clock = testClock();
  const registry = createApiKeyRegistry();
  registry.replace(keys);
  const tokens = createBridgeTokens({ issuer: BRIDGE, keys: ring.map(published), apiKeys: registry, clock });
  const { authenticate } = tokens(checkAudience);
  const present = async (token: string, at = endpoint()): Promise<Result<Caller>> => authenticate({ kind: 'bearer', token }, at);
  return {
    clock,
    registry,
    tokens,
    present,
    reason: async (token: string, at = endpoint()): Promise<string> => reasonOf(await present(token, at)),
    /** The result of a token that the cache has; undefined where it was not there. */
    cached(token: string, at = endpoint()): Result<Caller> | undefined {
      const authenticator = tokens(checkAudience);
      if (authenticator.isKnown?.({ kind: 'bearer', token }) !== true) return undefined;
      const result = authenticator.authenticate({ kind: 'bearer', token }, at);
      return result instanceof Promise ? undefined : result;
    },
  };
}
