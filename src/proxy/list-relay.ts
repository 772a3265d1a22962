// Relays responses that may contain lists, and filters the lists. It filters a JSON response as a
// whole and an event stream event by event. It never relays bytes that it cannot filter.
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
import { Relay } from './relay.js';
import type { RelayContext } from './relay-context.js';

/** The longest JSON response or event in bytes. Longer lists come in pages. */
export const MAX_LIST_BYTES = 4 * 1024 * 1024;

const hasNoBody = (status: number, headers: UpstreamHeaders): boolean =>
  status === 204 || status === 205 || headers['content-length'] === '0';

/** An error response with another media type is not JSON-RPC, so it has no list. */
const isOtherError = (status: number, headers: UpstreamHeaders): boolean =>
  status >= 400 && !isJson(headers) && !isEventStream(headers);

/** Tells why some client could read a list in the response that the gateway cannot; else null. */
function unfilterable(status: number, headers: UpstreamHeaders): string | null {
  if (hasNoBody(status, headers)) return null;
  const { 'content-encoding': encoding, 'content-type': type, 'content-length': length } = headers;
  if (encoding !== undefined && encoding !== 'identity') return 'a list in a compressed response';
  if (Array.isArray(type)) return 'a list with two media types';
  if (isOtherError(status, headers)) return null;
  if (type !== undefined && hasOtherCharset(type)) return 'a list in another charset';
  if (isEventStream(headers)) return null;
  return Number(length ?? 0) > MAX_LIST_BYTES ? `a list of ${length} bytes` : null;
}

export class ListRelay extends Relay {
  private readonly view: ListView;
  /** The head of a JSON response, until the body is complete. The caller has received nothing. */
  private head: { readonly status: number; readonly headers: UpstreamHeaders } | null = null;
  private readonly body = new ChunkBuffer();
  private events: EventFilter | null = null;

  constructor(context: RelayContext, listener: ResponseListener, view: ListView) {
    super(context, listener);
    this.view = view;
  }

  override rejection(status: number, headers: UpstreamHeaders): Failure | null {
    const rejection = super.rejection(status, headers);
    if (rejection !== null) return rejection;
    const detail = unfilterable(status, headers);
    return detail === null ? null : upstreamBroken({ detail });
  }

  protected override start(status: number, headers: UpstreamHeaders): void {
    if (hasNoBody(status, headers) || isOtherError(status, headers))
      return super.start(status, headers);
    if (isEventStream(headers)) {
      const filter = (message: Buffer) => filterLists(message, this.view, this.context.era);
      this.events = new EventFilter(filter, MAX_LIST_BYTES);
      // Filtering changes the length.
      const { 'content-length': _, ...others } = headers;
      return super.start(status, others);
    }
    // The caller gets the head with the filtered body. Until then, the timeout limits each pause.
    this.head = { status, headers };
    this.awaitFirstByte();
  }

  override onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const { events } = this;
    if (events !== null) {
      if (events.flaw === null) this.sendFiltered(controller, events, events.push(chunk));
    } else if (this.head === null) super.onResponseData(controller, chunk);
    else {
      this.awaitFirstByte();
      this.body.add(chunk);
      if (this.body.size <= MAX_LIST_BYTES) return;
      const detail = `a list of more than ${MAX_LIST_BYTES} bytes`;
      this.reject(controller, upstreamBroken({ detail }));
    }
  }

  override onResponseEnd(controller: Dispatcher.DispatchController): void {
    const { events, head } = this;
    if (events !== null && !this.sendFiltered(controller, events, events.end())) return;
    if (head !== null) {
      const whole = this.body.take();
      const filtered = filterLists(whole, this.view, this.context.era);
      // An empty body has no list.
      if (!filtered.ok && whole.length > 0)
        return this.finish(upstreamBroken({ detail: `unreadable list: ${filtered.detail}` }));
      const bytes = filtered.ok ? filtered.bytes : whole;
      super.start(head.status, { ...head.headers, 'content-length': String(bytes.length) });
      super.onResponseData(controller, bytes);
    }
    super.onResponseEnd(controller);
  }

  /** Sends the filtered bytes. False: the filter failed, and the stream was cut. */
  private sendFiltered(
    controller: Dispatcher.DispatchController,
    events: EventFilter,
    bytes: Buffer,
  ): boolean {
    if (bytes.length > 0) super.onResponseData(controller, bytes);
    if (events.flaw === null) return true;
    this.cut(`unreadable list: ${events.flaw}`);
    return false;
  }
}
