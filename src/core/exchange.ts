// The interface of one HTTP exchange: what a step can read of the request and do with the response.
// The http room implements it on sockets.
import type { Audited } from './audited.js';
import type { Failure } from './failure.js';
import type { Result } from './result.js';

/** A request target in absolute form (RFC 9112 section 3.2.2). */
export interface AbsoluteTarget {
  /** Path and query. */
  readonly originForm: string;
  /** Host and port as sent. */
  readonly authority: string;
  /** The port that the scheme implies. */
  readonly defaultPort: string;
}

export interface RequestHead {
  readonly method: string;
  /** HTTP version of the request, for example `1.1`. */
  readonly version: string;
  /** Request target in origin form; as sent where it names no path. */
  readonly target: string;
  /** Null unless the client sent the absolute form. */
  readonly absolute: AbsoluteTarget | null;
  /** The target up to the query, undecoded. */
  readonly path: string;
  /** Header names in lower case, in the order sent. A repeated header has several entries. */
  readonly names: readonly string[];
  /** Header values, each at the index of its name. */
  readonly values: readonly string[];
}

/**
 * The trace context (W3C Trace Context) that the upstream gets in place of that of the caller. For
 * a call that was not forwarded, that of the gateway's own span.
 */
export interface TraceContext {
  readonly traceparent: string;
  /** Null: the upstream gets none. */
  readonly tracestate: string | null;
}

/** Called when the caller's connection closes before the response is complete. */
export interface DisconnectListener {
  onDisconnect(): void;
}

/** Called once, with the whole body or with the failure that ended it. */
export interface BodyListener {
  onBody(body: Result<Buffer>): void;
}

/** A response that sends what it has at the end of a turn of the event loop. */
export interface BatchedResponse {
  /** Hands what has been made to the socket. Must not throw. */
  sendBatched(): void;
}

/** Called once, when a response has ended. Null: it ended without a failure. */
export interface ResponseListener {
  onResponseEnd(failure: Failure | null): void;
  /** The head of an event stream went out, and the stream stays open. Called at most once. */
  onStreamOpen?(): void;
}

export interface Exchange extends RequestHead {
  readonly id: string;
  /** The Host header without an empty port; empty if the request has none. */
  readonly host: string;
  /** IP address of the connection, or of the client of a trusted proxy. For log and limits only. */
  readonly clientAddress: string;
  /** True once the caller's connection closed before the response was complete. */
  readonly disconnected: boolean;
  /** True if the gateway closed the connection because the caller did not read. */
  readonly clientStalled: boolean;
  /**
   * Headers of every response of this exchange (request id, CORS): names and values in turn.
   * `begin` adds them.
   */
  readonly responseHeaders: string[];
  /** Status sent to the caller; 0 before that. */
  readonly sentStatus: number;
  /** Null: traces are off, or the request has no span yet. */
  trace: TraceContext | null;
  /** The holder of a key that got or was denied a token of the bridge, or an act of a facade. */
  audited: Audited | null;
  /** Bytes: an answer before the body was read drops at least as much of it. */
  bodyLimitBytes: number;
  /**
   * Reads the whole body. Fails if the body is too large or the caller disconnects. Sends
   * `100 Continue` first if the caller waits for it (C-142, 100-continue). `limitBytes` 0: the
   * method has no body, and a body is a bad request.
   */
  readBody(limitBytes: number, listener: BodyListener): void;
  /**
   * Reads the whole body where it has a declared length of up to 64 KiB, otherwise the first bytes.
   * Null: they do not arrive within a second, or there are none.
   */
  readStart(listener: (bytes: Buffer | null) => void): void;
  /** One listener at a time. It is called at once if the connection is closed already. */
  onDisconnect(listener: DisconnectListener): void;
  /** Begins an answer. The head (names and values in turn) goes out with the first of its body. */
  begin(status: number, headers: string[]): void;
  /** Sends all chunks at once. False if the caller reads too slowly. Then wait for `onDrain`. */
  write(chunks: readonly Buffer[]): boolean;
  onDrain(listener: () => void): void;
  end(chunk?: Buffer): void;
  /** Ends a response with its whole body, together with others of this turn of the event loop. */
  endInBatch(body: Buffer): void;
  /** Calls `sendBatched` once, together with others of this turn of the event loop. */
  sendInBatch(response: BatchedResponse): void;
  /** The head of a long response went out: drops what no later step reads of the request. */
  releaseHead(): void;
  /** Cuts the connection, so that a client cannot take a broken response for a complete one. */
  destroy(): void;
}

/** The value of a header. Undefined: the header is absent. Null: it was sent more than once. */
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
