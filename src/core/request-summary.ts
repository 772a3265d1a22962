// Decides what is told of an exchange when it is over: the one record behind the log line, the counter and the histogram.
import type { Endpoint } from './endpoint.js';
import type { Exchange } from './exchange.js';
import type { Failure } from './failure.js';
import type { Message } from './message.js';
import type { Caller } from './principal.js';

export interface RequestSummary {
  readonly exchange: Exchange;
  /** Metadata or health: told at debug, because probes come every second. */
  readonly page: boolean;
  readonly endpoint: Endpoint | null;
  readonly caller: Caller | null;
  readonly message: Message | null;
  /** Null where the exchange ended well. */
  readonly failure: Failure | null;
  /** Status sent; 499 where the caller left before one was. */
  readonly status: number;
  readonly durationMs: number;
}
