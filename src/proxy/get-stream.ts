// Opens the GET stream of a legacy session for its relay. Some upstreams send no head before their
// first event, and some refuse connections while they restart. Clients survive neither, so the
// gateway sends the head itself, and waits for the upstream.
import type { Dispatcher } from 'undici';
import type { Exchange } from '../core/exchange.js';
import { streamBroken } from '../core/failures.js';
import { isEventStream, type UpstreamHeaders } from './headers.js';
import { NOTHING } from './own-events.js';
import type { Reconnects, Waiter } from './reconnects.js';
import { MAX_INTERIM_RESPONSES, type Relay } from './relay.js';
import { isUnreachable } from './upstream-errors.js';

/**
 * How long a connected upstream may take to refuse the stream. Java servers send the head with the
 * first event, and clients of several SDKs never open a stream again that was refused.
 */
export const REFUSAL_MS = 1_500;
const HEAD: UpstreamHeaders = { 'content-type': 'text/event-stream' };

/** Why the response of an upstream cannot continue a stream that has begun; null: it can. */
function lateRefusal(relay: Relay, status: number, headers: UpstreamHeaders): string | null {
  const rejection = relay.rejection(status, headers);
  if (rejection !== null) return rejection.detail ?? rejection.definition.reason;
  if (status !== 200) return `status ${status}`;
  if (!isEventStream(headers)) return 'not an event stream';
  return (headers['content-encoding'] ?? 'identity') === 'identity' ? null : 'compressed';
}

export class GetStream implements Dispatcher.DispatchHandler, Waiter {
  endMs: number | null = null;
  private readonly relay: Relay;
  private readonly exchange: Exchange;
  private readonly reconnects: Reconnects;
  /** It holds the whole request, so it is null from the connection on. */
  private dispatch: ((handler: Dispatcher.DispatchHandler) => void) | null;
  /** True from the connection on. Its errors may have the same codes as a refused connection. */
  private isConnected = false;
  /** Runs from the connection to the head. */
  private timer: NodeJS.Timeout | null = null;
  /** The gateway sent the head before the upstream did. */
  private hasOwnHead = false;
  private interimCount = 0;
  private refusal: [Dispatcher.DispatchController, Error] | null = null;

  /** `dispatch` sends the request. It may be called again after a refused connection. */
  constructor(
    relay: Relay,
    exchange: Exchange,
    reconnects: Reconnects,
    dispatch: (handler: Dispatcher.DispatchHandler) => void,
  ) {
    this.relay = relay;
    this.exchange = exchange;
    this.reconnects = reconnects;
    this.dispatch = dispatch;
  }

  get isAbandoned(): boolean {
    return this.exchange.disconnected;
  }

  tryAgain(): void {
    try {
      this.dispatch?.(this);
    } catch (error) {
      this.relay.fail(error as Error);
    }
  }

  giveUp(): void {
    const { refusal } = this;
    if (refusal !== null) this.relay.onResponseError(...refusal);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.isConnected = true;
    this.dispatch = null;
    this.timer = setTimeout(() => this.beginEarly(controller), REFUSAL_MS).unref();
    this.relay.onRequestStart(controller);
    this.reconnects.connected();
  }

  private beginEarly(controller: Dispatcher.DispatchController): void {
    this.hasOwnHead = true;
    this.relay.onResponseStart(controller, 200, HEAD);
  }

  onRequestUpgrade(controller: Dispatcher.DispatchController): void {
    this.relay.onRequestUpgrade(controller);
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: UpstreamHeaders,
  ): void {
    if (!this.hasOwnHead) {
      this.relay.onResponseStart(controller, status, headers);
      if (status < 200) return;
      this.stopTimer();
      return this.relay.awaitFirstByte();
    }
    if (status < 200 && this.interimCount++ < MAX_INTERIM_RESPONSES) return;
    const detail = lateRefusal(this.relay, status, headers);
    // A clean end: the client opens the stream again, and may be refused in time then.
    if (detail !== null)
      this.relay.close(NOTHING, streamBroken({ detail: `late response: ${detail}` }));
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.relay.onResponseData(controller, chunk);
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    this.stopTimer();
    this.relay.onResponseEnd(controller);
  }

  onResponseError(controller: Dispatcher.DispatchController, error: Error): void {
    this.stopTimer();
    this.refusal = [controller, error];
    if (!this.isConnected && isUnreachable(error) && this.reconnects.wait(this)) return;
    this.relay.onResponseError(controller, error);
  }

  private stopTimer(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }
}
