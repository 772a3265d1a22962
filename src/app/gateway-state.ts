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

export function createGatewayState(parts: GatewayStateParts, clock: Clock): GatewayState {
  const { version, requestsInFlight, active, reloads, configState, apiKeys, telemetry } = parts;
  let hasKeys = false;
  return {
    version,
    requestsInFlight,
    issuers: () => active().runtime.issuerStates(),
    endpoints: () => active().runtime.endpointStates(),
    upstreams: () => active().runtime.upstreamStates(),
    limits: () => active().runtime.limitState(),
    reloads,
    config: configState,
    apiKeys() {
      const count = apiKeys().count();
      // 0 where all keys are gone, so that an alert sees it.
      hasKeys ||= count > 0 || active().config.apiKeysFile !== null;
      return hasKeys ? count : null;
    },
    audit: telemetry.auditState,
    operations: telemetry.operations,
    workers: () => null,
    nextSunsetMs: () => apiKeys().nextSunsetMs(clock.wallMs()),
  };
}
