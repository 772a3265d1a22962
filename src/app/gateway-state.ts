// Reads the state of the running gateway from its parts, for the metrics and for `/status`.
import type { ResolvedConfig } from '../config/resolved-config.js';
import type { Clock } from '../core/clock.js';
import type { ConfigState, GatewayState, ReloadState } from '../observe/gateway-state.js';
import type { ApiKeyRegistry } from '../verify/api-keys.js';
import type { Runtime } from './runtime.js';
import type { Telemetry } from './telemetry.js';

export interface GatewayStateParts {
  readonly version: string;
  readonly requestsInFlight: () => number;
  readonly active: () => { readonly config: ResolvedConfig; readonly runtime: Runtime };
  readonly reloads: () => readonly ReloadState[];
  readonly configState: () => ConfigState | null;
  readonly apiKeys: () => ApiKeyRegistry;
  readonly telemetry: Pick<Telemetry, 'auditState' | 'operations'>;
}

/** The API keys of a registry. `config`: the active one. */
export function apiKeyState(
  registry: () => ApiKeyRegistry,
  config: () => ResolvedConfig,
  clock: Clock,
): Pick<GatewayState, 'apiKeys' | 'nextSunsetMs'> {
  let hasKeys = false;
  return {
    apiKeys() {
      const count = registry().count();
      // 0 where all keys are gone, so that an alert sees it.
      hasKeys ||= count > 0 || config().apiKeysFile !== null;
      return hasKeys ? count : null;
    },
    nextSunsetMs: () => registry().nextSunsetMs(clock.wallMs()),
  };
}

export function createGatewayState(parts: GatewayStateParts, clock: Clock): GatewayState {
  const { version, requestsInFlight, active, reloads, configState, apiKeys, telemetry } = parts;
  return {
    version,
    requestsInFlight,
    issuers: () => active().runtime.issuerStates(),
    endpoints: () => active().runtime.endpointStates(),
    upstreams: () => active().runtime.upstreamStates(),
    limits: () => active().runtime.limitState(),
    reloads,
    config: configState,
    ...apiKeyState(apiKeys, () => active().config, clock),
    audit: telemetry.auditState,
    operations: telemetry.operations,
    workers: () => null,
  };
}
