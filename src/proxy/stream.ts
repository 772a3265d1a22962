// Decides how an upstream's answer reaches the caller: at once, chunk for chunk, those of one tick joined into one write; a slow caller
// pauses the upstream; a caller that left aborts it; a cut answer is cut visibly.
import type { Dispatcher } from 'undici';
import type { Exchange } from '../core/exchange.js';
import { clientGone, type Failure, streamBroken } from '../core/failure.js';
import type { Era } from '../core/message.js';
import type { Caller } from '../core/principal.js';
import { faultOf, refusedAnswer } from './faults.js';
import { isEventStream, responseHeaders, type UpstreamHeaders } from './headers.js';

/** A class, because undici calls its methods for every chunk of every answer. */
export class AnswerCarrier implements Dispatcher.DispatchHandler {
  readonly #exchange: Exchange;
  readonly #era: Era;
  readonly #caller: Caller;
  readonly #settle: (end: Failure | null) => void;
  #controller: Dispatcher.DispatchController | null = null;
  #settled = false;
  #began = false;
  #ended = false;
  /** Declared length of the body; -1 unknown, so that a body in one chunk goes out with its head. */
  #expected = -1;
  #queue: Buffer[] | null = null;

  constructor(exchange: Exchange, era: Era, caller: Caller, settle: (end: Failure | null) => void) {
    this.#exchange = exchange;
    this.#era = era;
    this.#caller = caller;
    this.#settle = settle;
    exchange.onGone(() => this.#controller?.abort(new Error('client gone')));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#exchange.gone) controller.abort(new Error('client gone'));
  }

  onRequestUpgrade(controller: Dispatcher.DispatchController): void {
    controller.abort(new Error('upgrade'));
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: UpstreamHeaders): void {
    if (status >= 100 && status < 200) return;
    const refused = refusedAnswer(status, headers, this.#caller);
    if (refused !== null) {
      this.#finish(refused);
      controller.abort(new Error('answer refused'));
      return;
    }
    this.#began = true;
    const length = headers['content-length'];
    this.#expected = typeof length === 'string' ? Number(length) : -1;
    this.#exchange.begin(status, responseHeaders(headers, this.#era, isEventStream(headers)), this.#expected < 0);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#began) return;
    if (this.#expected === chunk.length) {
      this.#ended = true;
      this.#exchange.end(chunk);
    } else if (this.#queue === null) {
      this.#queue = [chunk];
      queueMicrotask(() => this.flush());
    } else this.#queue.push(chunk);
  }

  /** Writes what came in this tick. */
  flush(): void {
    const queue = this.#queue;
    if (queue === null) return;
    this.#queue = null;
    const joined = queue.length === 1 ? (queue[0] as Buffer) : Buffer.concat(queue);
    if (this.#ended) return this.#exchange.end(joined);
    if (this.#exchange.write(joined)) return;
    this.#controller?.pause();
    this.#exchange.onDrain(() => this.#controller?.resume());
  }

  onResponseEnd(): void {
    if (this.#began && !this.#ended) {
      this.#ended = true;
      if (this.#queue === null) this.#exchange.end();
    }
    this.#finish(null);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#exchange.gone) return this.#finish(clientGone());
    if (!this.#began) return this.#finish(faultOf(error));
    if (this.#settled) return;
    // What came before the cut goes out first; then the connection goes, so that nobody takes the answer for whole.
    this.flush();
    this.#exchange.destroy();
    this.#finish(streamBroken({ detail: (error as NodeJS.ErrnoException).code ?? error.name }));
  }

  #finish(end: Failure | null): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#settle(end);
  }
}
