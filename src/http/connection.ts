// Decides what is remembered of one connection: what is under way on it, and that it was given up. Never decides what is allowed on it.
import type { Socket } from 'node:net';
import type { NodeExchange } from './door.js';

export class Connection {
  readonly socket: Socket;
  /** The peer; asked for once, because every question is a system call or a walk through getters. */
  readonly address: string;
  /** Told when the connection is lost: Node tells only the answer that is being written. */
  readonly underWay: NodeExchange[] = [];
  /** An answer with `Connection: close` was announced: nothing more is processed here (RFC 9112 section 9.6). */
  closing = false;

  constructor(socket: Socket) {
    this.socket = socket;
    this.address = socket.remoteAddress ?? '';
  }

  /** True while an answer is still to be handed to the socket, whoever writes it. */
  isAnswering(): boolean {
    return this.underWay.some(({ outgoing }) => !outgoing.writableEnded);
  }

  /** The order does not matter: nearly always there is one. */
  remove(exchange: NodeExchange): void {
    const { underWay } = this;
    const last = underWay.pop() as NodeExchange;
    if (last !== exchange) underWay[underWay.indexOf(exchange)] = last;
  }
}
