// Explains tokens and API keys with the steps of the gateway and the clock of the process.
import { createExplainToken, type ExplainToken } from '../app/explain.js';
import type { ResolvedConfig } from '../config/resolved-config.js';
import type { WrittenConfig } from '../config/written-config.js';
import type { ApiKey } from '../core/api-key.js';
import type { Endpoint } from '../core/endpoint.js';
import type { Notify } from '../core/notice.js';
import { systemClock } from '../launch/clock.js';
import { usesProxyOfNode } from '../launch/proxy-of-node.js';

export const explainTokenFor = (
  config: ResolvedConfig,
  endpoint: Endpoint,
  notify: Notify,
  written: WrittenConfig | null = null,
  apiKeys: readonly ApiKey[] = config.apiKeys,
): ExplainToken =>
  createExplainToken({
    config,
    apiKeys,
    endpoint,
    clock: systemClock,
    random: Math.random,
    usesProxy: usesProxyOfNode(),
    notify,
    written,
  });
