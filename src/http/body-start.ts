// Reads the first bytes of a body, for a rejection that does not depend on them. It stops after a
// second, because the response must not wait for a slow body.
import type { IncomingMessage } from 'node:http';
import type { DisconnectListener } from '../core/exchange.js';

const LONGEST_MS = 1000;
/** The longest body that is read as a whole. */
export const START_BYTES = 64 * 1024;

/** Calls its listener once. Null: the bytes did not arrive in time, or will never arrive. */
export class BodyStart implements DisconnectListener {
  private readonly chunks: Buffer[] = [];
  private size = 0;
  private timer: NodeJS.Timeout | null = null;
  private readonly onData: (chunk: Buffer) => void;
  private readonly incoming: IncomingMessage;
  private listener: ((bytes: Buffer | null) => void) | null;

  /** Reads chunks until it has `wantedBytes` or more. */
  constructor(
    incoming: IncomingMessage,
    wantedBytes: number,
    listener: (bytes: Buffer | null) => void,
  ) {
    this.incoming = incoming;
    this.listener = listener;
    this.onData = (chunk) => {
      this.chunks.push(chunk);
      this.size += chunk.length;
      if (this.size >= wantedBytes) this.settle(Buffer.concat(this.chunks));
    };
    // A body that has arrived whole needs neither a timer nor stream events, which are slow.
    if (incoming.complete && incoming.readableLength === wantedBytes) {
      this.settle(incoming.read());
      return;
    }
    this.timer = setTimeout(() => this.settle(null), LONGEST_MS);
    incoming.on('data', this.onData);
    incoming.on('end', () => this.settle(null));
  }

  onDisconnect(): void {
    this.settle(null);
  }

  /** The parser found invalid bytes, so no more bytes arrive. */
  onInvalid(): void {
    this.settle(null);
  }

  private settle(bytes: Buffer | null): void {
    const { listener, incoming } = this;
    if (listener === null) return;
    this.listener = null;
    if (this.timer !== null) {
      clearTimeout(this.timer);
      incoming.off('data', this.onData);
    }
    listener(bytes);
  }
}
