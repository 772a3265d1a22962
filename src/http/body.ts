// Decides when a request body is whole, too large or abandoned. Never decides what is in it.
import type { IncomingMessage } from 'node:http';
import type { BodyListener, GoneListener } from '../core/exchange.js';
import { bodyTooLarge, clientGone } from '../core/failure.js';
import { good, type Verdict } from '../core/verdict.js';

const EMPTY = Buffer.alloc(0);

/** Collects a body; tells once. A class for the reason that NodeExchange is one. */
export class BodyReader implements GoneListener {
  private readonly incoming: IncomingMessage;
  private readonly declared: number;
  private readonly limitBytes: number;
  private listener: BodyListener | null;
  private size = 0;
  /** Nearly every body comes in one piece. */
  private first: Buffer | null = null;
  private chunks: Buffer[] | null = null;
  private readonly onData = (chunk: Buffer): void => this.take(chunk);

  /** `declared`: the Content-Length; 0 where there is none. */
  constructor(incoming: IncomingMessage, declared: number, limitBytes: number, listener: BodyListener) {
    this.incoming = incoming;
    this.declared = declared;
    this.limitBytes = limitBytes;
    this.listener = listener;
    incoming.on('data', this.onData);
    // The parser hands out as many bytes as were declared, or none of the rest: no end to wait for.
    if (declared === 0) incoming.on('end', () => this.end());
  }

  gone(): void {
    this.tell(clientGone({ detail: 'while sending the body' }));
  }

  private tell(read: Verdict<Buffer>): void {
    const { listener } = this;
    this.listener = null;
    listener?.bodyRead(read);
  }

  private take(chunk: Buffer): void {
    this.size += chunk.length;
    if (this.size > this.limitBytes) {
      this.first = null;
      this.chunks = null;
      // What is still to come is for the refusal to drain or cut.
      this.incoming.off('data', this.onData);
      this.incoming.pause();
      this.tell(bodyTooLarge({ detail: `more than ${this.limitBytes} bytes` }));
    } else if (this.first === null) this.first = chunk;
    else if (this.chunks === null) this.chunks = [this.first, chunk];
    else this.chunks.push(chunk);
    if (this.size === this.declared) this.end();
  }

  private end(): void {
    if (this.size <= this.limitBytes) this.tell(good(this.chunks === null ? (this.first ?? EMPTY) : Buffer.concat(this.chunks)));
  }
}
