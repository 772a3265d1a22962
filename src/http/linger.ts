// Reads and drops what a client still sends after its answer, within bounds. If the gateway closed
// the connection instead, the kernel would reset it, and the client would lose the answer.
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { FastIncomingMessage } from './fast-incoming-message.js';

/**
 * The gateway drops at least this much of an unread body, also where the endpoint takes less. Many
 * proxies send the whole body before they read the answer (measured: Apache, Varnish, h2o, hitch).
 */
const LEAST_DRAIN_BYTES = 8 << 20;
/** How long a client may send, in all, after its answer. */
const DRAIN_MS = 4000;
/** How long a client may be silent before the gateway closes a connection that ends anyway. */
const SILENCE_MS = 1000;
const TICK_MS = 250;

/** The size up to which the gateway drops an unread body. `limitBytes`: that of the endpoint. */
export const drainBytesOf = (limitBytes: number): number => Math.max(limitBytes, LEAST_DRAIN_BYTES);

export class Linger {
  private readonly socket: Socket;
  private readonly maxBytes: number;
  private readonly timer: NodeJS.Timeout;
  private readonly onEnd: () => void;
  private droppedBytes = 0;
  private droppedAtTick = 0;
  private ticks = 0;
  private silentTicks = 0;
  private hasAnswered = false;
  private ended = false;
  private isRaw = false;
  /** True where the connection ends after the dropped bytes. */
  private closes = false;
  private pause: () => void;
  private readonly onClose = (): void => this.end();
  private readonly onData = (chunk: Buffer): void => this.drop(chunk.length);
  /** The request whose body is dropped; null before and after. */
  private incoming: IncomingMessage | null = null;

  /** `onEnd`: the connection may serve the next request, or it is closed. */
  constructor(socket: Socket, maxBytes: number, onEnd: () => void) {
    this.socket = socket;
    this.maxBytes = maxBytes;
    this.onEnd = onEnd;
    this.pause = () => socket.pause();
    this.timer = setInterval(() => this.tick(), TICK_MS).unref();
    socket.once('close', this.onClose);
  }

  /**
   * Drops the rest of a body that the parser reads. `closes`: the answer is the last one on its
   * connection. Otherwise the connection is kept once the body is complete.
   */
  dropBody(incoming: IncomingMessage, closes: boolean): void {
    const { socket } = this;
    if (incoming instanceof FastIncomingMessage) incoming.detachSink();
    this.closes = closes;
    this.incoming = incoming;
    this.pause = () => incoming.pause();
    incoming.on('data', this.onData);
    // A client may send another request before it sees that the connection closes.
    incoming.once('end', () => (this.closes ? this.dropRaw() : this.end()));
    incoming.resume();
    // Node calls this after the last answer on a connection, and would close it at once.
    if (closes) socket.destroySoon = () => this.answered();
  }

  /** Drops all bytes of a connection from which the gateway reads no more requests. */
  dropRaw(): void {
    const { socket } = this;
    if (this.isRaw) return;
    this.isRaw = true;
    this.closes = true;
    // The parser would report each piece as another error.
    socket.removeAllListeners('data');
    socket.on('data', this.onData);
    this.pause = () => socket.pause();
    socket.resume();
  }

  /** Call this once the answer was written: the gateway sends nothing more. */
  answered(): void {
    this.hasAnswered = true;
    if (this.socket.writable) this.socket.end();
  }

  private drop(bytes: number): void {
    this.droppedBytes += bytes;
    // Without more bytes the connection is silent, and the next ticks close it.
    if (this.droppedBytes > this.maxBytes) this.pause();
  }

  private tick(): void {
    this.ticks++;
    const isSilent = this.hasAnswered && this.droppedBytes === this.droppedAtTick;
    this.silentTicks = isSilent ? this.silentTicks + 1 : 0;
    this.droppedAtTick = this.droppedBytes;
    if (this.silentTicks * TICK_MS >= SILENCE_MS || this.ticks * TICK_MS >= DRAIN_MS)
      this.socket.destroy();
  }

  private end(): void {
    if (this.ended) return;
    this.ended = true;
    clearInterval(this.timer);
    // A kept connection outlives this object, and must not keep it or its request.
    this.socket.off('close', this.onClose);
    this.incoming?.off('data', this.onData);
    this.incoming = null;
    this.pause = () => {};
    this.onEnd();
  }
}
