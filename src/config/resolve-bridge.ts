// Resolves the bridge: its issuer, and the endpoints that take its tokens.
import type { Secret } from '../core/secret.js';
import type { Partially } from './partial-parse.js';
import type { WithSecrets } from './resolve-secrets.js';
import type { ResolvedBridge } from './resolved-config.js';
import type { BridgeInput } from './schema/bridge.js';
import type { EndpointInput } from './schema/endpoint.js';

export const bridgeIssuer = (
  { issuer }: Pick<Partially<BridgeInput>, 'issuer'>,
  publicUrl: string,
): string => issuer ?? `${publicUrl}/bridge`;

/** Where the root has a bridge: true for an endpoint that takes its tokens. */
export const isBridged = ({
  apiKeys,
  bridge,
}: Pick<Partially<WithSecrets<EndpointInput>>, 'apiKeys' | 'bridge'>): boolean =>
  apiKeys !== undefined && bridge !== false;

/** `keys`: the ring of `signing-keys.ts`. */
export const resolveBridge = (
  input: WithSecrets<BridgeInput>,
  publicUrl: string,
  keys: readonly Secret[],
): ResolvedBridge => ({
  issuer: bridgeIssuer(input, publicUrl),
  keys,
  tokenSeconds: input.tokenSeconds,
  clientId: input.clientId ?? null,
});
