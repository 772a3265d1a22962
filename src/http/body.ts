// Decides when a request body is whole, too large or abandoned. Never decides what is in it.
import type { IncomingMessage } from 'node:http';
import { ChunkBuffer } from '../core/chunk-buffer.js';
import type { BodyListener, DisconnectListener } from '../core/exchange.js';
import { bodyTooLarge, clientDisconnected } from '../core/failures.js';
import { ok, type Result } from '../core/result.js';
import { type BodySink, FastIncomingMessage } from './fast-incoming-message.js';

const EMPTY = Buffer.alloc(0);

/** Collects a body; tells once. A class for the reason that NodeExchange is one. */
export class BodyReader implements DisconnectListener, BodySink {
  private readonly incoming: IncomingMessage;
  private readonly declared: number;
  private readonly limitBytes: number;
  private listener: BodyListener | null;
  private size = 0;
  /** Nearly every body comes in one piece. */
  private first: Buffer | null = null;
  private pieces: ChunkBuffer | null = null;
  private readonly onData: ((chunk: Buffer) => void) | null = null;

  /** `declared`: the Content-Length; 0 where there is none. */
  constructor(
    incoming: IncomingMessage,
    declared: number,
    limitBytes: number,
    listener: BodyListener,
  ) {
    this.incoming = incoming;
    this.declared = declared;
    this.limitBytes = limitBytes;
    this.listener = listener;
    if (incoming instanceof FastIncomingMessage && incoming.pour(this)) return;
    this.onData = (chunk) => this.take(chunk);
    incoming.on('data', this.onData);
    incoming.on('end', () => this.end());
  }

  onDisconnect(): void {
    this.tell(clientDisconnected({ detail: 'while sending the body' }));
  }

  private tell(read: Result<Buffer>): void {
    const { listener } = this;
    this.listener = null;
    listener?.onBody(read);
  }

  take(chunk: Buffer): void {
    this.size += chunk.length;
    if (this.size > this.limitBytes) {
      this.first = null;
      this.pieces = null;
      // What is still to come is for the refusal to drain or cut.
      if (this.onData === null) (this.incoming as FastIncomingMessage).unpour();
      else this.incoming.off('data', this.onData).pause();
      this.tell(bodyTooLarge({ detail: `more than ${this.limitBytes} bytes` }));
    } else if (this.first === null) this.first = chunk;
    else this.gather(this.first, chunk);
    // The parser hands out as many bytes as were declared, or none of the rest: no end to wait for.
    if (this.size === this.declared) this.end();
  }

  private gather(first: Buffer, chunk: Buffer): void {
    if (this.pieces === null) {
      this.pieces = new ChunkBuffer();
      this.pieces.add(first);
    }
    this.pieces.add(chunk);
  }

  end(): void {
    if (this.listener === null || this.size < this.declared) return;
    if (this.size <= this.limitBytes)
      this.tell(ok(this.pieces === null ? (this.first ?? EMPTY) : this.pieces.take()));
  }
}
