// Decides how an answer that may hold lists reaches the caller: JSON once it was read as a whole, an event stream event by event. What
// cannot be read for lists is not passed on. Never decides what is left of a list.
import type { Dispatcher } from 'undici';
import { ChunkBuffer } from '../core/chunk-buffer.js';
import type { ResponseListener } from '../core/exchange.js';
import type { Failure } from '../core/failure.js';
import { upstreamBroken } from '../core/failures.js';
import type { ListView } from '../mcp/lists.js';
import { hasOtherCharset } from '../mcp/media-type.js';
import { EventFilter } from './event-filter.js';
import { isEventStream, isJson, type UpstreamHeaders } from './headers.js';
import { filterLists } from './list-filter.js';
import { Relay, type RelayContext } from './relay.js';

/** A JSON answer, or one event: what is held back until it is whole. Longer lists come in pages. */
export const LIST_BYTES = 4 * 1024 * 1024;

const hasNoBody = (status: number, headers: UpstreamHeaders): boolean =>
  status === 204 || status === 205 || headers['content-length'] === '0';

/** What tells of an error and is no JSON-RPC is nobody's list. */
const isForeignError = (status: number, headers: UpstreamHeaders): boolean =>
  status >= 400 && !isJson(headers) && !isEventStream(headers);

/** Why a list could stand in the answer for somebody, though not for us. */
function unreadable(status: number, headers: UpstreamHeaders): string | null {
  if (hasNoBody(status, headers)) return null;
  const { 'content-encoding': encoding, 'content-type': type, 'content-length': length } = headers;
  if (encoding !== undefined && encoding !== 'identity') return 'a compressed list';
  if (Array.isArray(type)) return 'a list with two media types';
  if (isForeignError(status, headers)) return null;
  if (type !== undefined && hasOtherCharset(type)) return 'a list in another charset';
  if (isEventStream(headers)) return null;
  return Number(length ?? 0) > LIST_BYTES ? `a list of ${length} bytes` : null;
}

export class ListRelay extends Relay {
  private readonly listing: ListView;
  /** A JSON answer that is being read; nothing of it went out. */
  private head: { readonly status: number; readonly headers: UpstreamHeaders } | null = null;
  private readonly read = new ChunkBuffer();
  private events: EventFilter | null = null;

  constructor(carried: RelayContext, listener: ResponseListener, listing: ListView) {
    super(carried, listener);
    this.listing = listing;
  }

  protected override refused(status: number, headers: UpstreamHeaders): Failure | null {
    const refused = super.refused(status, headers);
    if (refused !== null) return refused;
    const detail = unreadable(status, headers);
    return detail === null ? null : upstreamBroken({ detail });
  }

  protected override start(status: number, headers: UpstreamHeaders): void {
    if (hasNoBody(status, headers) || isForeignError(status, headers))
      return super.start(status, headers);
    if (isEventStream(headers)) {
      this.events = new EventFilter(this.listing, this.carried.era, LIST_BYTES);
      // Its length will be another one.
      const { 'content-length': _, ...others } = headers;
      return super.start(status, others);
    }
    // Until it is whole the caller has no head either, and waits no longer than for any.
    this.head = { status, headers };
  }

  override onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const { events } = this;
    if (events !== null) {
      if (events.flaw === null) this.passes(controller, events, events.push(chunk));
    } else if (this.head === null) super.onResponseData(controller, chunk);
    else {
      this.read.add(chunk);
      if (this.read.size <= LIST_BYTES) return;
      this.finish(upstreamBroken({ detail: `a list of more than ${LIST_BYTES} bytes` }));
      controller.abort(new Error('answer refused'));
    }
  }

  override onResponseEnd(controller: Dispatcher.DispatchController): void {
    const { events, head } = this;
    if (events !== null && !this.passes(controller, events, events.end())) return;
    if (head !== null) {
      const whole = this.read.take();
      const filtered = filterLists(whole, this.listing, this.carried.era);
      // Of nothing nothing is left.
      if (!filtered.ok && whole.length > 0)
        return this.finish(upstreamBroken({ detail: `a list: ${filtered.detail}` }));
      const bytes = filtered.ok ? filtered.bytes : whole;
      super.start(head.status, { ...head.headers, 'content-length': String(bytes.length) });
      super.onResponseData(controller, bytes);
    }
    super.onResponseEnd(controller);
  }

  /** Sends what the filter let out. False where the stream cannot go on: then it was cut. */
  private passes(
    controller: Dispatcher.DispatchController,
    events: EventFilter,
    bytes: Buffer,
  ): boolean {
    if (bytes.length > 0) super.onResponseData(controller, bytes);
    if (events.flaw === null) return true;
    this.cut(`a list: ${events.flaw}`);
    return false;
  }
}
