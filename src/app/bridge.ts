// Builds the bridge of a configuration: the authorization server for holders of API keys, and the
// verifier of its tokens. A swap keeps both where their configuration is equal.
import type { ResolvedConfig } from '../config/resolved-config.js';
import type { ApiKeys } from '../core/api-key.js';
import type { Clock } from '../core/clock.js';
import type { Notify } from '../core/notice.js';
import { type Bridge, createBridge } from '../oauth/bridge/bridge.js';
import type { GrantLimits } from '../oauth/bridge/rate-limit.js';
import { type BridgeTokens, createBridgeTokens } from '../verify/authenticators/bridge-token.js';
import type { Keep } from './keep.js';

export interface BridgeRuntime {
  readonly server: Bridge;
  readonly tokens: BridgeTokens;
}

/** Parts that outlive a swap. */
interface BridgeShared {
  readonly bridges: Keep<BridgeRuntime>;
  readonly apiKeys: ApiKeys;
  readonly grantLimits: GrantLimits;
  readonly clock: Clock;
  readonly notify: Notify;
  readonly canRecord?: () => boolean;
}

export function bridgeRuntime(
  { bridge, endpoints }: Pick<ResolvedConfig, 'bridge' | 'endpoints'>,
  { bridges, apiKeys, clock, notify, grantLimits: limits, canRecord }: BridgeShared,
): BridgeRuntime | null {
  if (bridge === null) return null;
  const bridged = endpoints.filter(({ isBridged }) => isBridged);
  return bridges.get({ bridge, bridged }, () => {
    const parts = { apiKeys, clock, notify, limits, ...(canRecord && { canRecord }) };
    const server = createBridge({ bridge, endpoints: bridged, ...parts });
    const { issuer } = bridge;
    const keys = server.verificationKeys;
    return { server, tokens: createBridgeTokens({ issuer, keys, apiKeys, clock }) };
  });
}
