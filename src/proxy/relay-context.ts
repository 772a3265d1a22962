// The facts about a request that the relay of its response needs.
import type { Exchange } from '../core/exchange.js';
import type { Era } from '../core/message.js';
import type { Caller } from '../core/principal.js';
import type { OpenStream } from './event-stream.js';
import type { Slot } from './pool.js';
import type { CallSession } from './sessions.js';

/** It omits the request, so that a stream does not keep its body. */
export interface RelayContext {
  readonly exchange: Exchange;
  readonly era: Era;
  readonly caller: Caller;
  /** A GET stream or a subscription. A disconnect is its normal end. */
  readonly held: boolean;
  readonly slot: Slot;
  /** The session of a legacy request; null for a modern one. */
  readonly session: CallSession | null;
  /** The JSON-RPC id as the client wrote it; undefined unless the message is one request. */
  readonly idText: string | undefined;
  readonly openStream: OpenStream;
}
