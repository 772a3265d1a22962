// The settings of an explanation: the configuration, and the endpoint for which the caller asks.
import type { ResolvedConfig } from '../config/resolved-config.js';
import type { WrittenConfig } from '../config/written-config.js';
import type { ApiKey } from '../core/api-key.js';
import type { Clock } from '../core/clock.js';
import type { Endpoint } from '../core/endpoint.js';
import type { Notify } from '../core/notice.js';

export interface ExplainSettings {
  readonly config: ResolvedConfig;
  /** All keys: those of the configuration, and those of its file. Default: the former. */
  readonly apiKeys?: readonly ApiKey[];
  readonly endpoint: Endpoint;
  readonly clock: Clock;
  /** 0..1, for jitter. */
  readonly random: () => number;
  readonly notify: Notify;
  /** Requests to identity providers go through the proxy of the environment. */
  readonly usesProxy: boolean;
  /** The configuration as the operator wrote it. Without it no fix is shown. */
  readonly written?: WrittenConfig | null;
}
