// Holds the state of one client connection: its open exchanges, whether it is closing, and whether
// its client still reads.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { RequestHead } from '../core/exchange.js';
import type { Failure } from '../core/failure.js';
import type { ClientAddresses } from './client-address.js';
import { drainBytesOf, Linger } from './linger.js';

/** The part of an exchange that its connection and the listener need. */
export interface OpenExchange {
  readonly outgoing: ServerResponse;
  /** True once the gateway has reset the connection because the client does not read. */
  clientStalled: boolean;
  /** Announces `Connection: close` in the answer, if its head has not been sent. */
  closeConnectionAfter(): void;
  /** The connection is closed before the answer is complete. */
  connectionClosed(): void;
  /** The parser failed. True where that ends the body of this exchange with the failure. */
  rejectBody(failure: Failure): boolean;
  /** Cuts the answer, so that the client sees that it is incomplete. */
  destroy(): void;
}

export class Connection {
  readonly socket: Socket;
  /** IP address of the peer. Read once: each read is a system call or several getters. */
  readonly address: string;
  /**
   * Exchanges whose answers are not complete. The listener calls all of them when the connection
   * closes, because Node only informs the answer that is being written.
   */
  readonly openExchanges: OpenExchange[] = [];
  /**
   * True once an answer has announced `Connection: close`. The gateway then ignores further
   * requests on this connection (RFC 9112 section 9.6).
   */
  closing = false;
  /** Not null while the gateway drops bytes that the client sends after its answer. */
  linger: Linger | null = null;
  /** The number of bytes that the client had taken at the last tick. */
  private takenBytes = 0;
  private stalledTicks = 0;
  private readonly clients: ClientAddresses;

  constructor(socket: Socket, clients: ClientAddresses) {
    this.socket = socket;
    this.clients = clients;
    this.address = socket.remoteAddress ?? '';
  }

  /** The address of the client of this request: the peer, or the client of a trusted proxy. */
  clientAddress(head: RequestHead): string {
    return this.clients.find(this.address, head);
  }

  /** True while the socket has not been given the whole of each answer. */
  isAnswering(): boolean {
    return this.openExchanges.some(({ outgoing }) => !outgoing.writableEnded);
  }

  /** Call this before the answer to a request whose body the gateway does not read to its end. */
  dropBody(incoming: IncomingMessage, limitBytes: number): void {
    this.startLinger(limitBytes).dropBody(incoming, this.closing);
  }

  startLinger(limitBytes: number): Linger {
    const linger = new Linger(this.socket, drainBytesOf(limitBytes), () => {
      if (this.linger === linger) this.linger = null;
    });
    this.linger = linger;
    return linger;
  }

  /** The bytes that follow cannot be read: no further request, and no byte after the answer. */
  endAfterAnswer(): void {
    this.closing = true;
    this.linger?.dropRaw();
    if (!this.isAnswering()) this.linger?.answered();
  }

  /** Closes the connection before its answers are complete. */
  cut(): void {
    for (const exchange of [...this.openExchanges]) exchange.destroy();
    this.socket.destroy();
  }

  /** Does not keep the order: nearly always there is one exchange. */
  remove(exchange: OpenExchange): void {
    const { openExchanges } = this;
    const last = openExchanges.pop() as OpenExchange;
    if (last !== exchange) openExchanges[openExchanges.indexOf(exchange)] = last;
  }

  /** The number of ticks in a row at which bytes waited and the client had taken no more. */
  countStalledTicks(): number {
    const { writableLength, bytesWritten } = this.socket;
    const takenBytes = bytesWritten - writableLength;
    const stalled = writableLength > 0 && takenBytes === this.takenBytes;
    this.stalledTicks = stalled ? this.stalledTicks + 1 : 0;
    this.takenBytes = takenBytes;
    return this.stalledTicks;
  }

  /** Resets the connection, so that the kernel frees the bytes that wait for this client, too. */
  resetStalled(): void {
    for (const exchange of this.openExchanges) exchange.clientStalled = true;
    this.socket.resetAndDestroy();
  }
}
