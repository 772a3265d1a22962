// The facts about a request that the relay of its response needs.
import type { Admission } from '../core/endpoint-runtime.js';
import type { Exchange } from '../core/exchange.js';
import type { Era } from '../core/message.js';
import type { OpenStream } from './event-stream.js';
import type { Slot } from './pool.js';
import type { ResponseContext } from './upstream-errors.js';

/** It omits the request, so that a stream does not keep its body. */
export interface RelayContext extends ResponseContext {
  readonly exchange: Exchange;
  readonly era: Era;
  /** A GET stream or a subscription. A disconnect is its normal end. */
  readonly held: boolean;
  readonly slot: Slot;
  /** The JSON-RPC id as the client wrote it; undefined unless the message is one request. */
  readonly idText: string | undefined;
  /** True unless `streams.keepAliveSeconds` is 0. */
  readonly addsComments: boolean;
  readonly openStream: OpenStream;
  readonly admission: Admission;
  /** The generation of `admission` under which the request was forwarded. */
  readonly generation: number;
}
