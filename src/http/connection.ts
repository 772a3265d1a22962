// Decides what is remembered of one connection: what is under way on it, whether its peer reads, and that it was given up. Never decides
// what is allowed on it.
import type { Socket } from 'node:net';
import type { HttpExchange } from './http-exchange.js';

export class Connection {
  readonly socket: Socket;
  /** The peer; asked for once, because every question is a system call or a walk through getters. */
  readonly address: string;
  /** Told when the connection is lost: Node tells only the answer that is being written. */
  readonly underWay: HttpExchange[] = [];
  /** An answer with `Connection: close` was announced: nothing more is processed here (RFC 9112 section 9.6). */
  closing = false;
  /** Bytes that the peer had taken at the last look. */
  private taken = 0;
  private looksInVain = 0;

  constructor(socket: Socket) {
    this.socket = socket;
    this.address = socket.remoteAddress ?? '';
  }

  /** True while an answer is still to be handed to the socket, whoever writes it. */
  isAnswering(): boolean {
    return this.underWay.some(({ outgoing }) => !outgoing.writableEnded);
  }

  /** The order does not matter: nearly always there is one. */
  remove(exchange: HttpExchange): void {
    const { underWay } = this;
    const last = underWay.pop() as HttpExchange;
    if (last !== exchange) underWay[underWay.indexOf(exchange)] = last;
  }

  /** How many looks in a row found bytes waiting for the peer, and none taken since the look before. */
  look(): number {
    const { writableLength, bytesWritten } = this.socket;
    const taken = bytesWritten - writableLength;
    this.looksInVain = writableLength > 0 && taken === this.taken ? this.looksInVain + 1 : 0;
    this.taken = taken;
    return this.looksInVain;
  }

  /** Closes it with a reset: what waits in the kernel for such a peer is memory, too. */
  giveUp(): void {
    for (const exchange of this.underWay) exchange.clientStalled = true;
    this.socket.resetAndDestroy();
  }
}
