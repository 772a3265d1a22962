// Reads a request body: until it is complete, too large, or the client has disconnected.
import type { IncomingMessage } from 'node:http';
import { ChunkBuffer } from '../core/chunk-buffer.js';
import type { BodyListener, DisconnectListener } from '../core/exchange.js';
import type { Failure } from '../core/failure.js';
import { bodyTooLarge, clientDisconnected, connectionBadRequest } from '../core/failures.js';
import { ok, type Result } from '../core/result.js';
import { type BodySink, FastIncomingMessage } from './fast-incoming-message.js';

const EMPTY = Buffer.alloc(0);

/** Calls its listener once. A class for the same reason as HttpExchange: one is made per body. */
export class BodyReader implements DisconnectListener, BodySink {
  private readonly incoming: IncomingMessage;
  private readonly declaredBytes: number;
  private readonly limitBytes: number;
  private listener: BodyListener | null;
  private size = 0;
  /** Nearly every body arrives in one chunk. */
  private first: Buffer | null = null;
  private chunks: ChunkBuffer | null = null;
  private readonly onData: ((chunk: Buffer) => void) | null = null;

  /** `declaredBytes`: the Content-Length; 0 where the request has none. */
  constructor(
    incoming: IncomingMessage,
    declaredBytes: number,
    limitBytes: number,
    listener: BodyListener,
  ) {
    this.incoming = incoming;
    this.declaredBytes = declaredBytes;
    this.limitBytes = limitBytes;
    this.listener = listener;
    if (incoming instanceof FastIncomingMessage && incoming.attachSink(this)) return;
    this.onData = (chunk) => this.write(chunk);
    incoming.on('data', this.onData);
    incoming.on('end', () => this.end());
  }

  onDisconnect(): void {
    this.report(clientDisconnected({ detail: 'while sending the body' }));
  }

  private report(read: Result<Buffer>): void {
    const { listener } = this;
    this.listener = null;
    listener?.onBody(read);
  }

  write(chunk: Buffer): void {
    this.size += chunk.length;
    if (this.size > this.limitBytes) {
      this.first = null;
      this.chunks = null;
      // The answer decides whether the gateway drains the rest or cuts the connection.
      if (this.onData === null) (this.incoming as FastIncomingMessage).detachSink();
      else this.incoming.off('data', this.onData).pause();
      this.report(this.excess());
    } else if (this.first === null) this.first = chunk;
    else this.addChunk(this.first, chunk);
    // The parser never hands out more bytes than were declared, so this is the end of the body.
    if (this.size === this.declaredBytes) this.end();
  }

  private excess(): Failure {
    const { limitBytes } = this;
    if (limitBytes === 0) return connectionBadRequest({ detail: 'a body of a method without one' });
    return bodyTooLarge({ detail: `more than ${limitBytes} bytes` });
  }

  private addChunk(first: Buffer, chunk: Buffer): void {
    if (this.chunks === null) {
      this.chunks = new ChunkBuffer();
      this.chunks.add(first);
    }
    this.chunks.add(chunk);
  }

  end(): void {
    if (this.listener === null || this.size < this.declaredBytes) return;
    if (this.size <= this.limitBytes)
      this.report(ok(this.chunks === null ? (this.first ?? EMPTY) : this.chunks.take()));
  }
}
