// Sends a response in as few writes as possible. Its head and the chunks of one turn of the event
// loop become one write. A write costs more than all else that a chunk needs (measured).
import type { BatchedResponse, Exchange } from '../core/exchange.js';

/** The relay of the response. */
export interface OutboxOwner {
  /**
   * The head goes out now. It may `send` bytes that follow the head. Not called for a response that
   * ends in the turn of its head.
   */
  headSent(): void;
  /** The bytes to send in the place of these. `isLast`: the response ends with them. */
  pass(bytes: Buffer, isLast: boolean): Buffer;
  /** True: the caller reads too slowly. False: it has taken all bytes. */
  callerIsSlow(isSlow: boolean): void;
}

/** More bytes do not wait for the end of the turn, so that a slow caller costs little memory. */
const MAX_WAITING_BYTES = 64 * 1024;
/** Chunks of this size are not copied. A copy of smaller ones costs less than their writes. */
const LARGE_BYTES = 16 * 1024;

const join = (chunks: Buffer[]): Buffer =>
  chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);

export class Outbox implements BatchedResponse {
  isPaused = false;
  private readonly exchange: Exchange;
  private readonly owner: OutboxOwner;
  /** Bytes of the gateway that go out with the head; null once the head did. */
  private first: Buffer | null;
  /** Bytes of the upstream that wait for the end of the turn. */
  private chunks: Buffer[] = [];
  private size = 0;
  /** The parts of the current write; null outside of one. */
  private parts: Buffer[] | null = null;
  private isInBatch = false;
  private isEnded = false;

  /** The head goes out with this turn. `first`: the bytes before those of the upstream, or none. */
  constructor(exchange: Exchange, owner: OutboxOwner, first: Buffer) {
    this.exchange = exchange;
    this.owner = owner;
    this.first = first;
    this.waitForTurn();
  }

  private waitForTurn(): void {
    if (this.isInBatch) return;
    this.isInBatch = true;
    this.exchange.sendInBatch(this);
  }

  add(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.size += chunk.length;
    if (this.size >= MAX_WAITING_BYTES) this.flush();
    else this.waitForTurn();
  }

  /** The upstream has sent all bytes. */
  end(): void {
    this.isEnded = true;
    if (this.size > 0) this.chunks = [this.owner.pass(join(this.chunks), true)];
    if (!this.isInBatch) this.flush();
  }

  sendBatched(): void {
    this.isInBatch = false;
    if (!this.exchange.disconnected) this.flush();
  }

  /** Sends now what waits for the end of the turn. */
  flush(): void {
    const { first } = this;
    const parts: Buffer[] = [];
    if (first !== null) this.takeFirst(first, parts);
    this.takeChunks(parts);
    if (this.isEnded) this.exchange.end(parts.length === 0 ? undefined : join(parts));
    else if (parts.length > 0) this.write(parts);
    else if (first !== null) this.write([first]);
    if (first !== null && !this.isEnded) this.exchange.releaseHead();
  }

  private takeFirst(first: Buffer, parts: Buffer[]): void {
    this.first = null;
    if (first.length > 0) parts.push(first);
    if (this.isEnded) return;
    this.parts = parts;
    this.owner.headSent();
    this.parts = null;
  }

  private takeChunks(parts: Buffer[]): void {
    const { chunks, size, owner, isEnded } = this;
    if (size === 0) return;
    this.chunks = [];
    this.size = 0;
    if (isEnded) parts.push(...chunks);
    else if (size < chunks.length * LARGE_BYTES) parts.push(owner.pass(join(chunks), false));
    else for (const chunk of chunks) parts.push(owner.pass(chunk, false));
  }

  /** Sends bytes of the gateway, after the bytes of the upstream that were sent. */
  send(bytes: Buffer): void {
    if (this.parts === null) this.write([bytes]);
    else this.parts.push(bytes);
  }

  private write(chunks: Buffer[]): void {
    if (this.exchange.write(chunks) || this.isPaused) return;
    this.isPaused = true;
    this.owner.callerIsSlow(true);
    this.exchange.onDrain(() => {
      this.isPaused = false;
      this.owner.callerIsSlow(false);
    });
  }
}
