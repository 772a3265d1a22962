// Decides how an upstream's answer reaches the caller: at once, chunk for chunk, those of one tick joined into one write; a slow caller
// pauses the upstream; a caller that left aborts it; a cut answer is cut visibly. What becomes of an open event stream: event-stream.ts.
import type { Dispatcher } from 'undici';
import type { DisconnectListener, Exchange, ResponseListener } from '../core/exchange.js';
import type { Failure } from '../core/failure.js';
import {
  clientDisconnected,
  clientStalled,
  streamBroken,
  upstreamTimeout,
} from '../core/failures.js';
import type { Era } from '../core/message.js';
import type { Caller } from '../core/principal.js';
import type { EventStream, OpenStream, StreamOwner } from './event-stream.js';
import { isEventStream, responseHeaders, type UpstreamHeaders } from './headers.js';
import type { Slot, Waiting } from './pool.js';
import type { CallSession } from './sessions.js';
import { failureOf, rejectResponse } from './upstream-errors.js';

/** So many 1xx may come before an answer; without a limit they would keep the process busy for as long as a head may take. */
const INTERIM_ANSWERS = 16;
/** The pool destroys its connections at the end of the drain, and at no other time. */
const DESTROYED = 'UND_ERR_DESTROYED';

/** What the answer to one request depends on. Not the request itself: its body would live as long as a stream. */
export interface RelayContext {
  readonly exchange: Exchange;
  readonly era: Era;
  readonly caller: Caller;
  /** Expected to stay open until somebody leaves: then that is its good end. */
  readonly held: boolean;
  readonly slot: Slot;
  /** Null for a modern request. */
  readonly session: CallSession | null;
  /** The id of the one request, as written. */
  readonly idText: string | undefined;
  readonly openStream: OpenStream;
}

/** A class, because undici calls its methods for every chunk of every answer. */
export class Relay implements Dispatcher.DispatchHandler, DisconnectListener, Waiting, StreamOwner {
  protected readonly carried: RelayContext;
  private readonly exchange: Exchange;
  private listener: ResponseListener | null;
  private controller: Dispatcher.DispatchController | null = null;
  index = -1;
  since = 0;
  private began = false;
  private ended = false;
  private interims = 0;
  private status = 0;
  private isEvents = false;
  private isEncoded = false;
  /** Of an answer that is not begun yet. */
  private fields: string[] | null = null;
  /** Declared length of the body; -1 unknown, so that a body in one chunk goes out with its head. */
  private expected = -1;
  private queue: Buffer[] | null = null;
  isHeldBack = false;
  /** Where the answer is an event stream that was begun. */
  private stream: EventStream | null = null;

  constructor(carried: RelayContext, listener: ResponseListener) {
    this.carried = carried;
    this.exchange = carried.exchange;
    this.listener = listener;
    carried.slot.awaitHead(this);
    this.exchange.onDisconnect(this);
  }

  /** The caller left: the upstream is to know at once (B-73). */
  onDisconnect(): void {
    this.controller?.abort(new Error('client gone'));
  }

  late(): void {
    const { controller } = this;
    this.finish(upstreamTimeout({ detail: 'no head in time' }));
    controller?.abort(new Error('no head in time'));
  }

  /** An error that undici threw instead of telling. */
  fail(error: Error): void {
    this.finish(failureOf(error));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.controller = controller;
    // Over before a connection was there.
    if (this.exchange.disconnected || this.listener === null)
      controller.abort(new Error('no longer wanted'));
  }

  onRequestUpgrade(controller: Dispatcher.DispatchController): void {
    controller.abort(new Error('upgrade'));
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: UpstreamHeaders,
  ): void {
    // None of those is passed on (D-26); one too many is refused below, as the answer that it is not.
    if (status >= 100 && status < 200 && this.interims++ < INTERIM_ANSWERS) return;
    const refused = this.refused(status, headers);
    if (refused === null) return this.start(status, headers);
    this.finish(refused);
    controller.abort(new Error('answer refused'));
  }

  /** Why an answer with this head is not passed on. */
  protected refused(status: number, headers: UpstreamHeaders): Failure | null {
    const { caller, session } = this.carried;
    return rejectResponse(status, headers, caller) ?? session?.refused(headers) ?? null;
  }

  protected start(status: number, headers: UpstreamHeaders): void {
    const length = headers['content-length'];
    this.expected = typeof length === 'string' ? Number(length) : -1;
    this.status = status;
    this.isEvents = isEventStream(headers);
    this.isEncoded = this.isEvents && (headers['content-encoding'] ?? 'identity') !== 'identity';
    const { session } = this.carried;
    this.fields = responseHeaders(
      headers,
      session === null ? null : session.forCaller(headers),
      this.isEvents,
    );
    // Whoever says that a method is not there says which is (C-146); POST always is.
    if (status === 405 && headers.allow === undefined) this.fields.push('allow', 'POST');
    if (this.expected < 0) this.begin();
  }

  /** Where a body was announced its first byte is waited for: until then a cut or a stall has a status of its own. */
  private begin(): void {
    const { fields, exchange, carried } = this;
    if (fields === null) return;
    this.fields = null;
    this.began = true;
    carried.slot.headCame(this);
    exchange.begin(this.status, fields, this.expected < 0);
    if (!this.isEvents) return;
    const takesMore = this.expected < 0 && !this.isEncoded;
    const { caller, idText, held, openStream } = carried;
    this.stream = openStream(this, caller, {
      exchangeId: exchange.id,
      idText,
      isListening: held,
      takesMore,
    });
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.began) this.begin();
    if (!this.began || this.ended) return;
    if (this.expected === chunk.length) {
      this.ended = true;
      this.exchange.endInBatch(chunk);
    } else if (this.queue === null) {
      this.queue = [chunk];
      queueMicrotask(() => this.flush());
    } else this.queue.push(chunk);
  }

  /** Writes what came in this tick. */
  flush(): void {
    const queue = this.queue;
    if (queue === null) return;
    this.queue = null;
    const joined = queue.length === 1 ? (queue[0] as Buffer) : Buffer.concat(queue);
    if (this.ended) return this.exchange.end(joined);
    this.stream?.sent(joined);
    this.send(joined);
  }

  send(bytes: Buffer): void {
    if (this.exchange.write(bytes)) return;
    this.controller?.pause();
    if (this.isHeldBack) return;
    this.isHeldBack = true;
    this.exchange.onDrain(() => {
      this.isHeldBack = false;
      this.controller?.resume();
    });
  }

  onResponseEnd(_controller: Dispatcher.DispatchController): void {
    if (!this.began) this.begin();
    if (this.began && !this.ended) {
      this.ended = true;
      if (this.queue === null) this.exchange.end();
    }
    this.finish(null);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.exchange.disconnected) return this.finish(this.left());
    if (!this.began) return this.finish(failureOf(error));
    if (this.listener === null) return;
    const { code = error.name } = error as NodeJS.ErrnoException;
    this.cut(code === DESTROYED ? 'cut by the shutdown' : code);
  }

  /** The end of a caller that is no longer there. */
  private left(): Failure | null {
    if (this.exchange.clientStalled) return clientStalled();
    return this.carried.held && this.began ? null : clientDisconnected();
  }

  /** What came before the cut goes out first. */
  protected cut(detail: string): void {
    this.flush();
    const failure = streamBroken({ detail });
    this.close(this.stream?.lastError(failure) ?? null, failure);
  }

  close(last: Buffer | null, end: Failure | null): void {
    const { controller, exchange } = this;
    if (this.listener === null || exchange.disconnected) return;
    this.ended = true;
    if (last !== null) exchange.end(last);
    // Node holds back what was written until the end of this tick.
    else setImmediate(() => exchange.destroy());
    this.finish(end);
    controller?.abort(new Error('stream closed'));
  }

  protected finish(end: Failure | null): void {
    const { listener, carried } = this;
    if (listener === null) return;
    // What is over holds on to nothing: a carrier that outlives a collection would drag its whole request along.
    this.listener = null;
    this.controller = null;
    this.fields = null;
    this.stream?.over();
    this.stream = null;
    carried.slot.headCame(this);
    carried.slot.release();
    listener.onResponseEnd(end);
  }
}
