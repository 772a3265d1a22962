// Adds to an open event stream: keep-alive comments while the upstream is quiet, and a last event
// where the gateway ends it. A stream ends with its token, at its time limit, or at the shutdown.

import type { Clock } from '../core/clock.js';
import type { Endpoint } from '../core/endpoint.js';
import type { Failure } from '../core/failure.js';
import { streamMaxDuration, streamRevoked } from '../core/failures.js';
import { jsonRpcError } from '../core/json-rpc-error.js';
import type { Caller } from '../core/principal.js';
import { heldStreamOpened } from '../core/stream-burst.js';
import { sunsetMsOf } from '../core/sunset.js';
import { createEndedStreams, type EndedStreams } from './ended-streams.js';
import { LeadingMark } from './leading-mark.js';
import {
  COMMENT,
  completion,
  event,
  NOTHING,
  REOPEN_AT_ONCE,
  REOPEN_USUALLY,
} from './own-events.js';
import { SseTail } from './sse-tail.js';
import { tokenExpiryMs } from './stream-deadlines.js';
import { type StreamTicker, TICK_MS, type TickListener } from './stream-ticker.js';

/** Writes the stream to the caller. The relay of the response implements it. */
export interface StreamWriter {
  /** True while the caller reads too slowly. The gateway then adds no comment. */
  readonly isPaused: boolean;
  /** Sends the bytes of the upstream that are still queued. */
  flush(): void;
  send(bytes: Buffer): void;
  /**
   * Ends the response and aborts the upstream request. `last`: the last bytes; null: cut the
   * connection, so that the client sees an incomplete response. `end`: null where it ended well.
   */
  close(last: Buffer | null, end: Failure | null): void;
  /** Why the gateway would reject the caller now, after a reload; null: it would not. */
  revocation(): Failure | null;
}

export interface StreamContext {
  /** The request id in the log and in errors. */
  readonly exchangeId: string;
  /** The JSON-RPC id as the client wrote it; undefined unless the stream answers one request. */
  readonly idText: string | undefined;
  /** A GET stream or a subscription, which has no end of its own. */
  readonly isListening: boolean;
  /** The session that the upstream knows; null without one. */
  readonly sessionId: string | null;
  /** False where the response has a Content-Length or a Content-Encoding. */
  readonly canAppend: boolean;
  /** True where a comment of the gateway went out with the head. */
  readonly hasComment: boolean;
}

export type OpenStream = (
  writer: StreamWriter,
  caller: Caller,
  context: StreamContext,
) => EventStream;

export class EventStream implements TickListener {
  index = -1;
  private readonly writer: StreamWriter;
  private readonly context: StreamContext;
  private readonly ticker: StreamTicker;
  /** Milliseconds of the wall clock; infinite where the token does not end the stream. */
  private readonly tokenExpiryMs: number;
  /** Milliseconds of the wall clock; infinite where the credential has no sunset. */
  private readonly sunsetMs: number;
  /** Milliseconds of the monotonic clock. */
  private readonly maxEndMs: number;
  /** Ticks without a byte before a comment; 0: no comments. */
  private readonly keepAliveTicks: number;
  private readonly endedStreams: EndedStreams;
  /** The client of a GET stream, which may reopen it; null for other streams. */
  private readonly key: string | null;
  private quietTicks = 0;
  private readonly tail: SseTail;
  /** Null where no bytes of the gateway precede those of the upstream. */
  private mark: LeadingMark | null = null;

  constructor(
    writer: StreamWriter,
    context: StreamContext,
    ticker: StreamTicker,
    tokenExpiryMs: number,
    sunsetMs: number,
    maxEndMs: number,
    keepAliveMs: number,
    endedStreams: EndedStreams,
    key: string | null,
  ) {
    this.writer = writer;
    this.context = context;
    this.ticker = ticker;
    this.tokenExpiryMs = tokenExpiryMs;
    this.sunsetMs = sunsetMs;
    this.maxEndMs = maxEndMs;
    this.keepAliveTicks = keepAliveMs / TICK_MS;
    this.endedStreams = endedStreams;
    this.key = key;
    // Each of the two alone keeps the error away from a call.
    this.tail = new SseTail(!context.isListening);
    ticker.add(this);
    if (context.isListening) heldStreamOpened();
    if (context.hasComment) this.mark = new LeadingMark();
    // Not on every stream: some clients read no such field, and none of those reopens a stream.
    if (key !== null && context.canAppend && endedStreams.take(key)) this.add(REOPEN_USUALLY);
  }

  /** The relay calls it with the bytes of the upstream; returns those to send. */
  pass(bytes: Buffer): Buffer {
    this.quietTicks = 0;
    if (!this.context.canAppend) return bytes;
    const rest = this.mark === null ? bytes : this.mark.strip(bytes);
    this.tail.add(rest, this.dependsOnEvents());
    return rest;
  }

  /**
   * True while the events of the upstream can change how the gateway ends the stream. It reads no
   * more of them after that, because a search costs a sixth of a long response (measured).
   */
  private dependsOnEvents(): boolean {
    const { tail } = this;
    const { idText, isListening } = this.context;
    if (idText === undefined || tail.mayHaveResponse) return false;
    return isListening || !tail.hasEventIds;
  }

  /** As `pass`, for bytes after which the stream ends, so that nothing follows them. */
  passLast(bytes: Buffer): Buffer {
    return this.mark === null ? bytes : this.mark.strip(bytes);
  }

  /** Ends the ticks. */
  stop(): void {
    this.ticker.remove(this);
  }

  tick(wallMs: number, monotonicMs: number, shuttingDown: boolean): void {
    const { context } = this;
    if (shuttingDown && context.isListening) return this.end(null);
    if (wallMs + TICK_MS > this.sunsetMs)
      return this.end(streamRevoked({ detail: 'the credential reached its sunset' }));
    if (wallMs + TICK_MS > this.tokenExpiryMs || monotonicMs + TICK_MS > this.maxEndMs)
      return this.end(streamMaxDuration());
    this.quietTicks++;
    if (this.keepAliveTicks === 0 || this.quietTicks < this.keepAliveTicks || !this.canAdd())
      return;
    this.quietTicks = 0;
    this.add(COMMENT);
  }

  recheck(): void {
    const rejection = this.writer.revocation();
    if (rejection === null) return;
    const { detail, definition } = rejection;
    this.end(streamRevoked({ detail: detail ?? definition.reason }));
  }

  /** Sends bytes of the gateway between events of the upstream. */
  private add(bytes: Buffer): void {
    // A byte order mark after them would belong to the first line, and hide its event.
    if (this.tail.isEmpty) this.mark ??= new LeadingMark();
    this.writer.send(bytes);
  }

  /**
   * The last event of a broken response: a JSON-RPC error for its request (B-77, broken streams).
   * Null where the stream can carry no event, or the client needs none.
   */
  errorEvent(failure: Failure): Buffer | null {
    const { context, tail } = this;
    // After an event id, the client resumes by itself. After the response, an error would be a
    // second response.
    if (
      context.idText === undefined ||
      !this.isBetweenEvents() ||
      tail.hasEventIds ||
      tail.mayHaveResponse
    )
      return null;
    return event(jsonRpcError(failure, context.exchangeId, context.idText) as string);
  }

  private isBetweenEvents(): boolean {
    return this.context.canAppend && this.tail.isBetweenEvents;
  }

  private canAdd(): boolean {
    return !this.writer.isPaused && this.isBetweenEvents();
  }

  /** Ends an open stream; `failure`: null where it ends well. */
  private end(failure: Failure | null): void {
    const { writer, context, tail } = this;
    writer.flush();
    if (!context.isListening) return writer.close(failure && this.errorEvent(failure), failure);
    if (!this.isBetweenEvents()) return writer.close(null, failure);
    if (context.idText !== undefined)
      return writer.close(tail.mayHaveResponse ? NOTHING : completion(context.idText), failure);
    // Not at a shutdown: this gateway would reject the client.
    if (failure === null || this.key === null) return writer.close(NOTHING, failure);
    this.endedStreams.add(this.key);
    writer.close(REOPEN_AT_ONCE, failure);
  }
}

/** Null where the gateway cannot recognize the client when it comes back. */
function streamKey(
  caller: Caller,
  { isListening, idText, sessionId }: StreamContext,
): string | null {
  if (!isListening || idText !== undefined) return null;
  if (caller.kind !== 'pass-through') return JSON.stringify([caller.id, sessionId]);
  return sessionId === null ? null : JSON.stringify(sessionId);
}

/** Creates the function that opens the event streams of one endpoint. */
export function createOpenStream(
  endpoint: Endpoint,
  ticker: StreamTicker,
  clock: Clock,
  endedStreams: EndedStreams = createEndedStreams(clock),
): OpenStream {
  const { keepAliveSeconds, maxSeconds } = endpoint.streams;
  return (writer, caller, context) => {
    // The response of a call may outlive the token: the gateway allowed the call.
    const expiryMs = context.isListening
      ? tokenExpiryMs(endpoint, caller, clock.wallMs())
      : Number.POSITIVE_INFINITY;
    return new EventStream(
      writer,
      context,
      ticker,
      expiryMs,
      // The response of a call may outlive its token, but not its API key.
      sunsetMsOf(caller) ?? Number.POSITIVE_INFINITY,
      clock.monotonicMs() + maxSeconds * 1000,
      keepAliveSeconds * 1000,
      endedStreams,
      streamKey(caller, context),
    );
  };
}
