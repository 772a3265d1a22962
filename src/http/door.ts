// Decides how a request on a node:http socket becomes an Exchange: raw header pairs in, raw writes out, no fetch objects, because
// this path is the product. Never decides what is allowed.
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Exchange, GoneListener } from '../core/exchange.js';
import { bodyTooLarge } from '../core/failure.js';
import type { Verdict } from '../core/verdict.js';
import { BodyReader } from './body.js';
import { lowerCase } from './names.js';

/** Unread body that is drained after a refusal; a longer or chunked one costs the caller the connection. */
const DRAIN_BYTES = 64 * 1024;
/** How long the caller has to read the refusal before the socket is destroyed under it. */
export const LINGER_MS = 1000;

/** Request ids: random per process, then counted; unique, short, and a tenth of the price of a UUID each. */
const ID_PREFIX = `${randomBytes(9).toString('base64url')}-`;
let lastId = 0;

/** Connections on which an answer with `Connection: close` was announced: what is pipelined behind it has no reader. */
const closing = new WeakSet<Socket>();

/** RFC 9112 section 9.6: nothing more is processed on such a connection. */
export const isClosing = (socket: Socket): boolean => closing.has(socket);

/** A class, not a closure: one is made per request, and methods on a prototype cost nothing to make. */
export class NodeExchange implements Exchange {
  readonly id: string;
  readonly method: string;
  readonly target: string;
  readonly path: string;
  readonly names: string[];
  readonly values: string[];
  readonly clientAddress: string;
  readonly answerHeaders: string[];
  gone = false;
  sentStatus = 0;
  /** Close the connection after this answer: the listener is draining. */
  lastOnConnection = false;
  held = false;
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  /** The caller waits for `100 Continue` before it sends the body. */
  private awaitsContinue: boolean;
  private bodyRead = false;
  private isOver = false;
  private readonly onOver: (exchange: NodeExchange) => void;
  private goneListener: GoneListener | null = null;

  constructor(
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    awaitsContinue: boolean,
    onOver: (exchange: NodeExchange) => void,
  ) {
    this.id = ID_PREFIX + (++lastId).toString(36);
    this.incoming = incoming;
    this.outgoing = outgoing;
    this.awaitsContinue = awaitsContinue;
    this.method = incoming.method ?? '';
    this.target = incoming.url ?? '';
    const query = this.target.indexOf('?');
    this.path = query < 0 ? this.target : this.target.slice(0, query);
    this.clientAddress = incoming.socket.remoteAddress ?? '';
    const raw = incoming.rawHeaders;
    const names: string[] = [];
    const values: string[] = [];
    for (let i = 0; i + 1 < raw.length; i += 2) {
      names.push(lowerCase(raw[i] as string));
      values.push(raw[i + 1] as string);
    }
    if (!outgoing.shouldKeepAlive) closing.add(incoming.socket);
    this.names = names;
    this.values = values;
    this.answerHeaders = ['x-request-id', this.id];
    this.onOver = onOver;
    outgoing.on('close', () => this.over());
  }

  /** The answer is complete, or its connection is lost; whichever is noticed first. */
  over(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.onOver(this);
    const listener = this.goneListener;
    this.goneListener = null;
    if (this.outgoing.writableFinished) return;
    this.gone = true;
    listener?.gone();
    this.outgoing.destroy();
  }

  onGone(listener: GoneListener): void {
    if (this.gone) listener.gone();
    else this.goneListener = listener;
  }

  readBody(limitBytes: number): Promise<Verdict<Buffer>> {
    const declared = this.declaredBytes();
    if (declared > limitBytes) return Promise.resolve(bodyTooLarge({ detail: `declared ${declared} bytes` }));
    if (this.awaitsContinue) {
      this.awaitsContinue = false;
      this.outgoing.writeContinue();
    }
    return new Promise((resolve) => {
      const reader = new BodyReader(this.incoming, limitBytes, (read) => {
        this.bodyRead = read.ok;
        this.goneListener = null;
        resolve(read);
      });
      this.onGone(reader);
    });
  }

  begin(status: number, headers: string[], flush: boolean): void {
    this.sentStatus = status;
    for (const entry of this.answerHeaders) headers.push(entry);
    const long = this.unreadBodyIsLong();
    if (long || this.lastOnConnection) {
      headers.push('connection', 'close');
      closing.add(this.incoming.socket);
    }
    if (long) this.linger();
    this.outgoing.writeHead(status, headers);
    if (flush) this.outgoing.flushHeaders();
  }

  write(chunk: Buffer): boolean {
    return this.outgoing.write(chunk);
  }

  onDrain(listener: () => void): void {
    this.outgoing.once('drain', listener);
  }

  end(chunk?: Buffer): void {
    if (chunk === undefined) this.outgoing.end();
    else this.outgoing.end(chunk);
  }

  /** Ends a stream that has no end of its own, so that its caller reconnects elsewhere. */
  retire(): void {
    this.outgoing.end();
    this.gone = true;
    this.goneListener?.gone();
  }

  destroy(): void {
    this.outgoing.destroy();
  }

  /** For answers that others write: a long unread body costs the connection there too. */
  guardUnreadBody(): void {
    if (!this.unreadBodyIsLong()) return;
    closing.add(this.incoming.socket);
    this.outgoing.shouldKeepAlive = false;
    this.linger();
  }

  private declaredBytes(): number {
    const at = this.names.indexOf('content-length');
    return at < 0 ? 0 : Number(this.values[at]);
  }

  private unreadBodyIsLong(): boolean {
    if (this.bodyRead) return false;
    return this.awaitsContinue || this.names.includes('transfer-encoding') || this.declaredBytes() > DRAIN_BYTES;
  }

  /** Without this Node swallows the whole declared body after the answer (measured: 2 GB), or resets before the answer is read. */
  private linger(): void {
    const { incoming } = this;
    const { socket } = incoming;
    let drained = 0;
    incoming.on('data', (chunk: Buffer) => {
      drained += chunk.length;
      if (drained >= DRAIN_BYTES) incoming.pause();
    });
    incoming.resume();
    socket.destroySoon = () => {
      if (socket.writable) socket.end();
      setTimeout(() => socket.destroy(), LINGER_MS).unref();
    };
  }
}
