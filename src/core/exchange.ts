// Decides what a stage can see of one HTTP exchange and do with it. The sockets behind it are the http room's business.
import type { Failure } from './failure.js';
import type { Result } from './result.js';

export interface RequestHead {
  readonly method: string;
  /** HTTP version of the request, such as 1.1. */
  readonly version: string;
  /** Request target as sent. */
  readonly target: string;
  /** The target up to the query, undecoded. */
  readonly path: string;
  /** Header names in lower case, in the order sent, repetitions kept. */
  readonly names: readonly string[];
  readonly values: readonly string[];
}

/** Told when the caller's connection closes before the answer is complete. */
export interface DisconnectListener {
  onDisconnect(): void;
}

/** Told once: the whole body, or why there will be none. */
export interface BodyListener {
  onBody(read: Result<Buffer>): void;
}

/** Told once, when an answer is over; null where it ended well. */
export interface ResponseListener {
  onResponseEnd(end: Failure | null): void;
}

export interface Exchange extends RequestHead {
  readonly id: string;
  /** The Host header as sent; empty where there is none. */
  readonly host: string;
  readonly clientAddress: string;
  /** True once the caller's connection is closed before our answer was complete. */
  readonly disconnected: boolean;
  /** True where it was us who closed it, because the caller did not read. */
  readonly clientStalled: boolean;
  /** Flat name, value pairs that every answer of this exchange carries (request id, CORS); `begin` adds them. */
  readonly responseHeaders: string[];
  /** Status sent to the caller; 0 as long as there is none. */
  readonly sentStatus: number;
  /** Reads the whole body, or refuses: too large, or the caller left. Asks for it first where the caller waits for 100 (C-142). */
  readBody(limitBytes: number, listener: BodyListener): void;
  /** One listener at a time; told at once if the connection is closed already. */
  onDisconnect(listener: DisconnectListener): void;
  /** Sends status and headers (flat name, value pairs). `flush`: now, without waiting for the first byte of the body. */
  begin(status: number, headers: string[], flush: boolean): void;
  /** False when the caller reads too slowly: wait for `onDrain`. */
  write(chunk: Buffer): boolean;
  onDrain(listener: () => void): void;
  end(chunk?: Buffer): void;
  /** The whole body of an answer that was begun: goes out with others of this turn of the event loop. */
  endInBatch(body: Buffer): void;
  /** Cuts the connection, so that a broken answer cannot be taken for a whole one. */
  destroy(): void;
}

/** The value of a header sent at most once: undefined where absent, null where it was sent twice. */
export function singleHeader(head: RequestHead, name: string): string | undefined | null {
  const { names, values } = head;
  let found: string | undefined;
  for (let i = 0; i < names.length; i++) {
    if (names[i] !== name) continue;
    if (found !== undefined) return null;
    found = values[i];
  }
  return found;
}
