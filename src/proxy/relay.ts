// Relays the response of an upstream to the caller chunk by chunk. A slow caller pauses the
// upstream, a disconnect aborts it, and a broken response is cut.
import type { Dispatcher } from 'undici';
import type { DisconnectListener, Exchange, ResponseListener } from '../core/exchange.js';
import type { Failure } from '../core/failure.js';
import {
  clientDisconnected,
  clientStalled,
  streamBroken,
  upstreamTimeout,
} from '../core/failures.js';
import type { EventStream, StreamWriter } from './event-stream.js';
import { responseHeaders, type UpstreamHeaders } from './headers.js';
import { LeadingMark } from './leading-mark.js';
import { Outbox, type OutboxOwner } from './outbox.js';
import { COMMENT, NOTHING } from './own-events.js';
import type { HeadWaiter } from './pool.js';
import type { RelayContext } from './relay-context.js';
import { NO_HEAD, readHead, streamContext } from './response-head.js';
import { cutDetail, failureOf, rejectResponse, untypedBody } from './upstream-errors.js';

/** The limit of 1xx responses. Without it, they keep the process busy until the timeout. */
export const MAX_INTERIM_RESPONSES = 16;

/** A class, because undici calls its methods for each chunk of each response. */
export class Relay
  implements Dispatcher.DispatchHandler, DisconnectListener, HeadWaiter, StreamWriter, OutboxOwner
{
  protected readonly context: RelayContext;
  private readonly exchange: Exchange;
  private listener: ResponseListener | null;
  private controller: Dispatcher.DispatchController | null = null;
  index = -1;
  sinceTick = 0;
  private began = false;
  private ended = false;
  private interimCount = 0;
  private relayed = NO_HEAD;
  private pendingHeaders: string[] | null = null;
  /** Null for a response with a declared length that arrived in one chunk. */
  private outbox: Outbox | null = null;
  /** The open event stream; null for other responses. */
  private stream: EventStream | null = null;

  constructor(context: RelayContext, listener: ResponseListener) {
    this.context = context;
    this.exchange = context.exchange;
    this.listener = listener;
    this.exchange.onDisconnect(this);
  }

  /** The caller disconnected. The upstream learns it at once (B-73, cancellation). */
  onDisconnect(): void {
    this.controller?.abort(new Error('client disconnected'));
  }

  headTimedOut(): void {
    this.abandon(
      upstreamTimeout({ detail: 'no response headers within upstream.headersTimeoutMs' }),
    );
  }

  revocation(): Failure | null {
    const { admission, generation, caller } = this.context;
    return generation === admission.generation ? null : admission.recheck(caller, this.exchange);
  }

  private abandon(failure: Failure): void {
    const { controller } = this;
    this.finish(failure);
    controller?.abort(new Error(failure.definition.reason));
  }

  /** Handles an error that undici threw instead of passing it to `onResponseError`. */
  fail(error: Error): void {
    this.finish(failureOf(error, this.context.upstream.url));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    // The exchange ended before the connection was open.
    if (this.exchange.disconnected || this.listener === null)
      controller.abort(new Error('exchange ended'));
  }

  onRequestUpgrade(controller: Dispatcher.DispatchController): void {
    controller.abort(new Error('upgrade not supported'));
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: UpstreamHeaders,
  ): void {
    // The gateway drops interim responses (D-26, relayed statuses). The first one above the limit
    // is rejected below for its status.
    if (status >= 100 && status < 200 && this.interimCount++ < MAX_INTERIM_RESPONSES) return;
    const rejection = this.rejection(status, headers);
    if (rejection === null) return this.start(status, headers);
    this.reject(controller, rejection);
  }

  protected reject(controller: Dispatcher.DispatchController, failure: Failure): void {
    this.finish(failure);
    controller.abort(new Error('response rejected'));
  }

  /** The reason why the gateway rejects a response with this head; null: it relays it. */
  rejection(status: number, headers: UpstreamHeaders): Failure | null {
    return rejectResponse(status, headers, this.context);
  }

  protected start(status: number, headers: UpstreamHeaders): void {
    const head = readHead(status, headers, this.context);
    this.relayed = head;
    const sessionId = this.context.session?.forCaller(headers) ?? null;
    this.pendingHeaders = responseHeaders(headers, sessionId, head.isEventStream);
    // A 405 lists the allowed methods (C-146, fields that a status requires). POST always is one.
    if (status === 405 && headers.allow === undefined) this.pendingHeaders.push('allow', 'POST');
    if (head.declaredLength < 0 && !head.mustBeEmpty) this.begin();
  }

  /** Waits for the first byte of a declared body: until then, a failure has its own status. */
  private begin(): void {
    const { pendingHeaders, exchange, context } = this;
    if (pendingHeaders === null) return;
    const { status, isEventStream, declaredLength, hasComment } = this.relayed;
    const revoked = isEventStream ? this.revocation() : null;
    if (revoked !== null) return this.abandon(revoked);
    this.pendingHeaders = null;
    this.began = true;
    context.slot.headReceived(this);
    exchange.begin(status, pendingHeaders);
    if (declaredLength < 0)
      this.outbox = new Outbox(exchange, this, hasComment ? COMMENT : NOTHING);
  }

  headSent(): void {
    if (!this.relayed.isEventStream || this.listener === null) return;
    const { caller, openStream, admission, generation } = this.context;
    this.listener.onStreamOpen?.();
    // The raw header fields would keep the first bytes of the response in memory.
    if (this.controller !== null) this.controller.rawHeaders = null;
    this.stream = openStream(this, caller, streamContext(this.context, this.relayed));
    // The recheck of a reload in the turn of the head did not see this stream.
    if (generation !== admission.generation) setImmediate(() => this.stream?.recheck());
  }

  /** Starts the timeout anew where the caller gets the head only with the first byte. */
  awaitFirstByte(): void {
    if (this.began || this.listener === null) return;
    const { slot } = this.context;
    slot.headReceived(this);
    slot.awaitHead(this);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.relayed.mustBeEmpty && chunk.length > 0) return this.reject(controller, untypedBody());
    if (!this.began) this.begin();
    if (!this.began || this.ended) return;
    if (this.relayed.declaredLength === chunk.length) {
      this.ended = true;
      this.exchange.endInBatch(chunk);
    } else {
      this.outbox ??= new Outbox(this.exchange, this, NOTHING);
      this.outbox.add(chunk);
    }
  }

  pass(bytes: Buffer, isLast: boolean): Buffer {
    const { stream } = this;
    if (stream !== null) return isLast ? stream.passLast(bytes) : stream.pass(bytes);
    return this.relayed.hasComment ? new LeadingMark().strip(bytes) : bytes;
  }

  callerIsSlow(isSlow: boolean): void {
    if (isSlow) this.controller?.pause();
    else this.controller?.resume();
  }

  get isPaused(): boolean {
    return this.outbox?.isPaused === true;
  }

  flush(): void {
    this.outbox?.flush();
  }

  send(bytes: Buffer): void {
    this.outbox?.send(bytes);
  }

  onResponseEnd(_controller: Dispatcher.DispatchController): void {
    if (!this.began) this.begin();
    if (this.began && !this.ended) {
      this.ended = true;
      if (this.outbox === null) this.exchange.end();
      else this.outbox.end();
    }
    this.finish(this.relayed.error);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.exchange.disconnected) return this.finish(this.endAfterDisconnect());
    if (!this.began) return this.finish(failureOf(error, this.context.upstream.url));
    if (this.listener === null) return;
    this.cut(cutDetail(error));
  }

  /** The failure to record after a disconnect; null where that is the normal end. */
  private endAfterDisconnect(): Failure | null {
    if (this.exchange.clientStalled) return clientStalled();
    return this.context.held && this.began ? null : clientDisconnected();
  }

  /** Ends a broken response. The bytes that arrived before are sent first. */
  protected cut(detail: string): void {
    this.flush();
    const failure = streamBroken({ detail });
    this.close(this.stream?.errorEvent(failure) ?? null, failure);
  }

  close(last: Buffer | null, end: Failure | null): void {
    const { controller, exchange } = this;
    if (this.listener === null || exchange.disconnected) return;
    this.flush();
    this.ended = true;
    if (last !== null) exchange.end(last);
    // The socket has the bytes that were sent, and a cut in this tick would drop them.
    else setImmediate(() => exchange.destroy());
    this.finish(end);
    controller?.abort(new Error('stream closed'));
  }

  protected finish(end: Failure | null): void {
    const { listener, context } = this;
    if (listener === null) return;
    // An ended relay drops its references. Otherwise one that survives a garbage collection would
    // keep its whole request alive.
    this.listener = null;
    this.controller = null;
    this.pendingHeaders = null;
    this.stream?.stop();
    this.stream = null;
    context.slot.headReceived(this);
    context.slot.release();
    listener.onResponseEnd(end);
  }
}
