// The summary of a finished exchange: the one record behind the log line and the metrics.
import type { Endpoint } from './endpoint.js';
import type { Exchange } from './exchange.js';
import type { Failure } from './failure.js';
import type { Message } from './message.js';
import type { Caller } from './principal.js';

/** A time in which a step waited, mostly for another server. On the monotonic clock. */
export interface Wait {
  readonly step: 'authenticate' | 'limits' | 'upstream credential';
  readonly startedMs: number;
  readonly endedMs: number;
}

export interface RequestSummary {
  readonly exchange: Exchange;
  /** True for metadata and health, which the gateway logs at debug: probes come every second. */
  readonly page: boolean;
  readonly endpoint: Endpoint | null;
  readonly caller: Caller | null;
  readonly message: Message | null;
  /** Null if the exchange ended without a failure. */
  readonly failure: Failure | null;
  /** The sent status, or 499 if the caller disconnected before that. */
  readonly status: number;
  readonly durationMs: number;
  /** Empty where no observer looks at calls. */
  readonly waits: readonly Wait[];
}
