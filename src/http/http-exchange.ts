// Turns a request on a node:http socket into an Exchange. It reads and writes raw header pairs,
// without fetch objects, because every MCP request takes this path.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Audited } from '../core/audited.js';
import type {
  AbsoluteTarget,
  BatchedResponse,
  BodyListener,
  DisconnectListener,
  Exchange,
  TraceContext,
} from '../core/exchange.js';
import type { Failure } from '../core/failure.js';
import { bodyTooLarge, connectionTooSlow } from '../core/failures.js';
import type { Result } from '../core/result.js';
import { BodyReader } from './body.js';
import { BodyStart, START_BYTES } from './body-start.js';
import type { Connection, OpenExchange } from './connection.js';
import { nextExchangeId } from './exchange-id.js';
import { declaredBytes, hasBody } from './framing.js';
import { lowerCase } from './header-names.js';
import { drainBytesOf } from './linger.js';
import { releaseLines } from './release-lines.js';
import { readAbsolute, withoutEmptyPort } from './request-target.js';
import { addToBatch } from './response-batch.js';
import { writeChunks } from './write-chunks.js';

/** A class, not a closure: each request needs one, and prototype methods cost nothing to make. */
export class HttpExchange implements Exchange, OpenExchange, BodyListener, BatchedResponse {
  readonly id: string;
  readonly method: string;
  readonly target: string;
  readonly absolute: AbsoluteTarget | null;
  readonly path: string;
  readonly host: string;
  readonly names: string[];
  readonly values: string[];
  readonly responseHeaders: string[];
  disconnected = false;
  clientStalled = false;
  sentStatus = 0;
  trace: TraceContext | null = null;
  audited: Audited | null = null;
  /** The body limit of the endpoint: an answer that does not read the body drops as much of it. */
  bodyLimitBytes = 0;
  /** True: close the connection after this answer, for example because the listener is draining. */
  lastOnConnection = false;
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  /** True while the client waits for `100 Continue` before it sends the body. */
  private awaitsContinue: boolean;
  private bodyIsComplete = false;
  /** True once a reader got bytes of the body, or its failure. */
  private bodyWasRead = false;
  private bodyFailure: Failure | null = null;
  private isEnded = false;
  /** The body of an answer that is sent with the batch of this turn of the event loop. */
  private batchedBody: Buffer | null = null;
  private readonly connection: Connection;
  private bodyListener: BodyListener | null = null;
  private bodyStart: BodyStart | null = null;
  private disconnectListener: DisconnectListener | null = null;

  constructor(
    incoming: IncomingMessage,
    outgoing: ServerResponse,
    connection: Connection,
    awaitsContinue: boolean,
  ) {
    this.id = nextExchangeId();
    this.incoming = incoming;
    this.outgoing = outgoing;
    this.connection = connection;
    this.awaitsContinue = awaitsContinue;
    this.method = incoming.method ?? '';
    const sent = incoming.url ?? '';
    this.absolute = readAbsolute(sent);
    this.target = this.absolute === null ? sent : this.absolute.originForm;
    const query = this.target.indexOf('?');
    this.path = query < 0 ? this.target : this.target.slice(0, query);
    const raw = incoming.rawHeaders;
    const names: string[] = [];
    const values: string[] = [];
    let host = '';
    let offersUpgrade = false;
    for (let i = 0; i + 1 < raw.length; i += 2) {
      const name = lowerCase(raw[i] as string);
      names.push(name);
      values.push(raw[i + 1] as string);
      if (name === 'host') host = raw[i + 1] as string;
      else if (name === 'upgrade') offersUpgrade = true;
    }
    this.host = withoutEmptyPort(host);
    // After an offer, the parser drops bytes that follow the request (measured).
    if (offersUpgrade) outgoing.shouldKeepAlive = false;
    if (!outgoing.shouldKeepAlive) connection.closing = true;
    this.names = names;
    this.values = values;
    this.responseHeaders = ['x-request-id', this.id];
  }

  closeConnectionAfter(): void {
    if (this.outgoing.headersSent) return;
    this.lastOnConnection = true;
    // Pages write their answer without `begin`.
    this.outgoing.shouldKeepAlive = false;
  }

  connectionClosed(): void {
    if (this.isEnded) return;
    this.markEnded();
    const listener = this.disconnectListener;
    this.disconnectListener = null;
    this.disconnected = true;
    listener?.onDisconnect();
    this.outgoing.destroy();
  }

  /** The socket has the whole answer, maybe unsent. A listener for that would cost each request. */
  markEnded(): void {
    if (this.isEnded) return;
    this.isEnded = true;
    this.connection.remove(this);
  }

  get version(): string {
    return this.incoming.httpVersion;
  }

  get clientAddress(): string {
    return this.connection.clientAddress(this);
  }

  onDisconnect(listener: DisconnectListener): void {
    if (this.disconnected) listener.onDisconnect();
    else this.disconnectListener = listener;
  }

  readBody(limitBytes: number, listener: BodyListener): void {
    if (this.bodyFailure !== null) return listener.onBody(this.bodyFailure);
    const declared = declaredBytes(this);
    if (declared > limitBytes)
      return listener.onBody(bodyTooLarge({ detail: `declared ${declared} bytes` }));
    if (this.awaitsContinue) {
      this.awaitsContinue = false;
      this.outgoing.writeContinue();
    }
    this.bodyListener = listener;
    this.bodyWasRead = true;
    this.onDisconnect(new BodyReader(this.incoming, declared, limitBytes, this));
  }

  readStart(listener: (bytes: Buffer | null) => void): void {
    const declared = declaredBytes(this);
    if (this.awaitsContinue || this.bodyWasRead || this.bodyIsComplete || !hasBody(this))
      return listener(null);
    const isLong = declared === 0 || declared > START_BYTES;
    const start = new BodyStart(this.incoming, isLong ? 1 : declared, (bytes) => {
      this.disconnectListener = null;
      this.bodyIsComplete = bytes !== null && !isLong;
      listener(bytes);
    });
    this.bodyStart = start;
    this.onDisconnect(start);
  }

  onBody(read: Result<Buffer>): void {
    const listener = this.bodyListener;
    if (listener === null) return;
    this.bodyListener = null;
    this.bodyIsComplete = read.ok;
    this.disconnectListener = null;
    listener.onBody(read);
  }

  /**
   * The parser found invalid bytes, or waited too long. True where that is in the body of this
   * request. Invalid bytes after a body of a declared length belong to the next request.
   */
  rejectBody(failure: Failure): boolean {
    const tooSlow = failure.definition === connectionTooSlow.definition;
    const inBody = tooSlow ? this.bodyListener !== null : this.names.includes('transfer-encoding');
    if (this.bodyIsComplete || this.sentStatus !== 0 || !inBody) return false;
    this.lastOnConnection = true;
    this.bodyFailure = failure;
    this.bodyWasRead = true;
    this.onBody(failure);
    this.bodyStart?.onInvalid();
    return true;
  }

  begin(status: number, headers: string[]): void {
    this.sentStatus = status;
    for (const entry of this.responseHeaders) headers.push(entry);
    const unread = !this.bodyIsComplete && hasBody(this);
    const mustClose = this.lastOnConnection || (unread && !this.isWorthKeeping());
    if (mustClose) {
      headers.push('connection', 'close');
      this.connection.closing = true;
    }
    if (unread && !this.incoming.readableEnded)
      this.connection.dropBody(this.incoming, this.bodyLimitBytes);
    this.outgoing.writeHead(status, headers);
  }

  write(chunks: readonly Buffer[]): boolean {
    return writeChunks(this.outgoing, chunks);
  }

  releaseHead(): void {
    releaseLines(this.incoming, this.outgoing);
  }

  onDrain(listener: () => void): void {
    this.outgoing.once('drain', listener);
  }

  end(chunk?: Buffer): void {
    this.outgoing.end(chunk);
    this.markEnded();
  }

  endInBatch(body: Buffer): void {
    this.batchedBody = body;
    addToBatch(this);
  }

  sendInBatch(response: BatchedResponse): void {
    addToBatch(response);
  }

  sendBatched(): void {
    const { batchedBody } = this;
    this.batchedBody = null;
    if (batchedBody !== null && !this.disconnected) this.end(batchedBody);
  }

  destroy(): void {
    // In HTTP/1.0 an answer without a length ends with its connection, so only a reset shows a cut
    // (RFC 9112 section 8).
    if (this.version === '1.0') this.incoming.socket.resetAndDestroy();
    else this.outgoing.destroy();
  }

  /** True where the unread body is short enough for a next request on this connection. */
  private isWorthKeeping(): boolean {
    const declared = declaredBytes(this);
    return !this.awaitsContinue && declared > 0 && declared <= drainBytesOf(this.bodyLimitBytes);
  }
}
