// Decides how a request on a node:http socket becomes an Exchange: raw header pairs in, raw writes out, no fetch objects, because
// this path is the product. Never decides what is allowed.
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { BodyListener, DisconnectListener, Exchange } from '../core/exchange.js';
import type { Failure } from '../core/failure.js';
import { bodyTooLarge, connectionTooSlow } from '../core/failures.js';
import type { Result } from '../core/result.js';
import { BodyReader } from './body.js';
import type { Connection } from './connection.js';
import { lowerCase } from './header-names.js';
import { type Ending, endWithTurn } from './response-batch.js';

/** Unread body that is drained after a refusal; a longer or chunked one costs the caller the connection. */
const DRAIN_BYTES = 64 * 1024;
/** How long the caller has to read the refusal before the socket is destroyed under it. */
export const LINGER_MS = 1000;

/** Request ids: random per process, then counted; unique, short, and a tenth of the price of a UUID each. */
const ID_PREFIX = `${randomBytes(9).toString('base64url')}-`;
let lastId = 0;

/** A class, not a closure: one is made per request, and methods on a prototype cost nothing to make. */
export class HttpExchange implements Exchange, BodyListener, Ending {
  readonly id: string;
  readonly method: string;
  readonly target: string;
  readonly path: string;
  readonly host: string;
  readonly names: string[];
  readonly values: string[];
  readonly clientAddress: string;
  readonly responseHeaders: string[];
  disconnected = false;
  clientStalled = false;
  sentStatus = 0;
  /** Close the connection after this answer: the listener is draining. */
  lastOnConnection = false;
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  /** The caller waits for `100 Continue` before it sends the body. */
  private awaitsContinue: boolean;
  private wholeBody = false;
  private broken: Failure | null = null;
  private isOver = false;
  /** The body of an answer that goes out with this turn. */
  private whole: Buffer | null = null;
  private readonly connection: Connection;
  private bodyListener: BodyListener | null = null;
  private goneListener: DisconnectListener | null = null;

  constructor(
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    connection: Connection,
    awaitsContinue: boolean,
  ) {
    this.id = `${ID_PREFIX}${++lastId}`;
    this.incoming = incoming;
    this.outgoing = outgoing;
    this.connection = connection;
    this.awaitsContinue = awaitsContinue;
    this.method = incoming.method ?? '';
    this.target = incoming.url ?? '';
    const query = this.target.indexOf('?');
    this.path = query < 0 ? this.target : this.target.slice(0, query);
    this.clientAddress = connection.address;
    const raw = incoming.rawHeaders;
    const names: string[] = [];
    const values: string[] = [];
    let host = '';
    for (let i = 0; i + 1 < raw.length; i += 2) {
      const name = lowerCase(raw[i] as string);
      names.push(name);
      values.push(raw[i + 1] as string);
      if (name === 'host') host = raw[i + 1] as string;
    }
    this.host = host;
    if (!outgoing.shouldKeepAlive) connection.closing = true;
    this.names = names;
    this.values = values;
    this.responseHeaders = ['x-request-id', this.id];
  }

  /** The connection was lost, and the answer is not complete: its caller left. */
  lost(): void {
    if (this.isOver) return;
    this.over();
    const listener = this.goneListener;
    this.goneListener = null;
    this.disconnected = true;
    listener?.onDisconnect();
    this.outgoing.destroy();
  }

  /** The last of the answer was handed to the socket. Not when it was sent: a listener for that would cost every request. */
  over(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.connection.remove(this);
  }

  get version(): string {
    return this.incoming.httpVersion;
  }

  onDisconnect(listener: DisconnectListener): void {
    if (this.disconnected) listener.onDisconnect();
    else this.goneListener = listener;
  }

  readBody(limitBytes: number, listener: BodyListener): void {
    if (this.broken !== null) return listener.onBody(this.broken);
    const declared = this.declaredBytes();
    if (declared > limitBytes)
      return listener.onBody(bodyTooLarge({ detail: `declared ${declared} bytes` }));
    if (this.awaitsContinue) {
      this.awaitsContinue = false;
      this.outgoing.writeContinue();
    }
    this.bodyListener = listener;
    this.onDisconnect(new BodyReader(this.incoming, declared, limitBytes, this));
  }

  onBody(read: Result<Buffer>): void {
    const listener = this.bodyListener;
    if (listener === null) return;
    this.bodyListener = null;
    this.wholeBody = read.ok;
    this.goneListener = null;
    listener.onBody(read);
  }

  /**
   * The parser stumbled, or waited too long. True where that was in the body of this request, and nobody has that in hand yet: then the
   * request is refused in its turn. Behind a body of a known length the parser is in the next request.
   */
  bodyBroken(failure: Failure): boolean {
    const late = failure.definition === connectionTooSlow.definition;
    const inBody = late ? this.bodyListener !== null : this.names.includes('transfer-encoding');
    if (this.wholeBody || this.sentStatus !== 0 || !inBody) return false;
    this.lastOnConnection = true;
    this.broken = failure;
    this.onBody(failure);
    return true;
  }

  begin(status: number, headers: string[], flush: boolean): void {
    this.sentStatus = status;
    for (const entry of this.responseHeaders) headers.push(entry);
    const long = this.unreadBodyIsLong();
    if (long || this.lastOnConnection) {
      headers.push('connection', 'close');
      this.connection.closing = true;
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
    this.over();
  }

  endInBatch(body: Buffer): void {
    this.whole = body;
    endWithTurn(this);
  }

  sendEnd(): void {
    const { whole } = this;
    this.whole = null;
    if (whole !== null && !this.disconnected) this.end(whole);
  }

  destroy(): void {
    this.outgoing.destroy();
  }

  private declaredBytes(): number {
    const at = this.names.indexOf('content-length');
    return at < 0 ? 0 : Number(this.values[at]) || 0;
  }

  private unreadBodyIsLong(): boolean {
    if (this.wholeBody) return false;
    return (
      this.awaitsContinue ||
      this.names.includes('transfer-encoding') ||
      this.declaredBytes() > DRAIN_BYTES
    );
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
