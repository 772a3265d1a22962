// Relays the response to a message that expects no answer: a notification, a response of the
// client, or DELETE. No client reads a body there, so a 200 or 204 with any body means "accepted".
import type { Dispatcher } from 'undici';
import type { Failure } from '../core/failure.js';
import type { Message } from '../core/message.js';
import { isEventStream, isJson, type UpstreamHeaders } from './headers.js';
import { Relay } from './relay.js';

/** The gateway reads a body of this size, to use the connection again. It closes it otherwise. */
const DISCARDED_BYTES = 64 * 1024;
/** It waits this long for the end of the body. The upstream accepted the message already. */
const DISCARD_MS = 1_000;

/** True for DELETE, and for a POST without a request. `message`: has no calls for GET. */
export const expectsNoAnswer = (httpMethod: string, { calls }: Message): boolean =>
  httpMethod === 'DELETE' ||
  (calls.length > 0 &&
    calls.every(({ method, idText }) => method === null || idText === undefined));

/** JSON and event streams pass unchanged, as in every response. */
const hasOtherBody = (status: number, headers: UpstreamHeaders): boolean =>
  status === 204
    ? headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0
    : status === 200 && !isJson(headers) && !isEventStream(headers);

export class AcceptedRelay extends Relay {
  private discards = false;
  private discardedBytes = 0;
  private timer: NodeJS.Timeout | null = null;

  override onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: UpstreamHeaders,
  ): void {
    this.discards = hasOtherBody(status, headers);
    if (this.discards) this.timer = setTimeout(() => this.endEarly(controller), DISCARD_MS).unref();
    super.onResponseStart(controller, status, headers);
    // HTTP reads no body of a 204 (RFC 9112 section 6.3). The bytes would be the next response.
    if (this.discards && status === 204) this.endEarly(controller);
  }

  override rejection(status: number, headers: UpstreamHeaders): Failure | null {
    if (!this.discards) return super.rejection(status, headers);
    return this.context.session?.rejection(headers) ?? null;
  }

  protected override start(status: number, headers: UpstreamHeaders): void {
    if (!this.discards) return super.start(status, headers);
    const {
      'content-type': _type,
      'content-encoding': _encoding,
      'content-length': _length,
      ...others
    } = headers;
    if (status === 204) return super.start(status, others);
    // Some clients take a 200 for an answer and look for its media type. The status of an accepted
    // message is 202 (B-22, accepted notifications).
    const accepted = this.context.exchange.method === 'POST' ? 202 : status;
    super.start(accepted, { ...others, 'content-length': '0' });
  }

  override onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.discards) return super.onResponseData(controller, chunk);
    this.discardedBytes += chunk.length;
    if (this.discardedBytes > DISCARDED_BYTES) this.endEarly(controller);
  }

  override onResponseError(controller: Dispatcher.DispatchController, error: Error): void {
    // The upstream accepted the message. A cut of the discarded body changes nothing.
    if (this.discards && !this.context.exchange.disconnected) super.onResponseEnd(controller);
    else super.onResponseError(controller, error);
  }

  protected override finish(end: Failure | null): void {
    if (this.timer !== null) clearTimeout(this.timer);
    super.finish(end);
  }

  /** Answers the caller without the rest of the body, and closes the connection to the upstream. */
  private endEarly(controller: Dispatcher.DispatchController): void {
    super.onResponseEnd(controller);
    controller.abort(new Error('body discarded'));
  }
}
