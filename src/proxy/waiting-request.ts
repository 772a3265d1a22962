// A request that waits for a connection to its upstream, because all of them are in use.
import type { DisconnectListener, Exchange, ResponseListener } from '../core/exchange.js';
import { clientDisconnected, gatewayFault, upstreamBusy } from '../core/failures.js';
import type { Message } from '../core/message.js';
import type { Caller } from '../core/principal.js';
import type { ListView } from '../mcp/lists.js';
import type { Slot } from './pool.js';
import type { CallSession } from './sessions.js';
import type { SlotLine, SlotWaiter } from './slot-queue.js';

/** A request that lacks only the connection. */
export interface Prepared {
  readonly exchange: Exchange;
  readonly caller: Caller;
  readonly message: Message;
  /** The header fields for the upstream: names and values in turn. */
  readonly headers: string[];
  /** Those of the credential among them. */
  readonly credentialHeaders: readonly string[];
  /** Null for revisions without sessions. */
  readonly session: CallSession | null;
  /** The lists to filter in the response; null: none. */
  readonly view: ListView | null;
  readonly held: boolean;
  /** The generation of the admission under which the caller is accepted. */
  readonly generation: number;
  readonly listener: ResponseListener;
}

export class WaitingRequest implements SlotWaiter<Slot>, DisconnectListener {
  private readonly prepared: Prepared;
  private readonly queue: SlotLine<Slot>;
  private readonly send: (slot: Slot, prepared: Prepared) => void;
  private isOver = false;

  constructor(
    prepared: Prepared,
    queue: SlotLine<Slot>,
    send: (slot: Slot, prepared: Prepared) => void,
  ) {
    this.prepared = prepared;
    this.queue = queue;
    this.send = send;
  }

  /** Sends the request once it has a connection, or ends it with a failure. */
  wait(): void {
    if (!this.queue.wait(this)) return this.onSlot(null);
    this.prepared.exchange.onDisconnect(this);
  }

  onDisconnect(): void {
    this.isOver = true;
    this.queue.leave(this);
    this.prepared.listener.onResponseEnd(clientDisconnected({ detail: 'while waiting' }));
  }

  onSlot(slot: Slot | null): void {
    const { listener } = this.prepared;
    if (this.isOver) return slot?.release();
    if (slot === null) return listener.onResponseEnd(upstreamBusy({ retryAfterSeconds: 1 }));
    try {
      this.send(slot, this.prepared);
    } catch (cause) {
      listener.onResponseEnd(gatewayFault({ cause }));
    }
  }
}
