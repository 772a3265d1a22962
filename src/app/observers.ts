// Everything that looks at the gateway and changes nothing: log, metrics, the last refusals, audit
// and traces, and the state for the admin listener.
import type { Clock } from '../core/clock.js';
import type { Failure } from '../core/failure.js';
import type { RequestSummary } from '../core/request-summary.js';
import type { GatewayStatus } from '../core/status.js';
import type { Log } from '../observe/log.js';
import { createMetrics, type Metrics } from '../observe/metrics.js';
import { createRecentRefusals } from '../observe/recent-refusals.js';
import { createGatewayState, type GatewayStateParts } from './gateway-state.js';
import { createStatus } from './status.js';
import type { Telemetry } from './telemetry.js';

export interface ObserverParts extends GatewayStateParts {
  readonly telemetry: Telemetry;
  readonly clock: Clock;
  readonly log: Log;
  readonly isReady: () => boolean;
}

export interface Observers {
  readonly metrics: Metrics;
  /** The state at this moment. */
  readonly status: () => Promise<GatewayStatus>;
  /** Step 14 of the corridor. */
  readonly record: (summary: RequestSummary) => void;
  /** A request that node:http rejected before it became an exchange. */
  readonly recordUnreadable: (failure: Failure, clientAddress: string) => void;
}

export function createObservers(all: ObserverParts): Observers {
  const { clock, log, isReady, ...parts } = all;
  const { telemetry } = parts;
  const state = createGatewayState(parts, clock);
  const metrics = createMetrics(state);
  const refusals = createRecentRefusals(clock);
  const config = () => parts.active().config;
  return {
    metrics,
    status: createStatus({
      clock,
      state,
      config,
      isReady,
      counts: metrics.counts,
      refusals: refusals.list,
    }),
    record(summary) {
      metrics.request(summary);
      log.request(summary);
      if (summary.failure !== null) refusals.request(summary, summary.failure);
      telemetry.watch?.record(summary);
    },
    recordUnreadable(failure, clientAddress) {
      metrics.unreadable(failure);
      log.unreadable(failure, clientAddress);
      refusals.unreadable(failure, clientAddress);
      telemetry.watch?.unreadable(failure, clientAddress);
    },
  };
}
