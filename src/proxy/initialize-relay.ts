// Relays the response to `initialize`, and rejects one with a revision that the gateway does not
// serve. Otherwise the client would learn it only at its second request (B-37, one version list).
import type { Dispatcher } from 'undici';
import { ChunkBuffer } from '../core/chunk-buffer.js';
import type { Failure } from '../core/failure.js';
import { upstreamVersion } from '../core/failures.js';
import { isObject } from '../core/json.js';
import { SUPPORTED_VERSIONS } from '../mcp/versions.js';
import { EventFilter } from './event-filter.js';
import { isEventStream, isJson, type UpstreamHeaders } from './headers.js';
import { Relay } from './relay.js';
import { withoutPresented } from './without-presented.js';

/** A longer response passes unread. It has a name and instructions, so it is short. */
const MAX_BYTES = 1024 * 1024;
/** The caller and the log get this much of an unknown revision. */
const SHOWN_CHARACTERS = 40;

/** Undefined: not JSON, or not an object. */
function parse(message: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    const parsed: unknown = JSON.parse(message.toString());
    return isObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

export class InitializeRelay extends Relay {
  /** The head, until the gateway has read the response. The caller has received nothing. */
  private head: { readonly status: number; readonly headers: UpstreamHeaders } | null = null;
  private readonly held = new ChunkBuffer();
  private events: EventFilter | null = null;
  /** True after the response, and after a request of the server, which may wait for its answer. */
  private mayLeave = false;
  private refusal: Failure | null = null;

  protected override start(status: number, headers: UpstreamHeaders): void {
    const { 'content-encoding': encoding = 'identity', 'content-length': length } = headers;
    const isReadable =
      status === 200 && encoding === 'identity' && Number(length ?? 0) <= MAX_BYTES;
    if (!isReadable || !(isEventStream(headers) || isJson(headers)))
      return super.start(status, headers);
    this.head = { status, headers };
    if (isEventStream(headers))
      this.events = new EventFilter((message) => this.read(message), MAX_BYTES);
  }

  /** Changes no byte. */
  private read(message: Buffer): { readonly ok: true; readonly bytes: Buffer } {
    const { method, id, result } = parse(message) ?? {};
    this.mayLeave ||= method === undefined || id !== undefined;
    const version = isObject(result) ? result.protocolVersion : undefined;
    if (typeof version === 'string' && !SUPPORTED_VERSIONS.includes(version)) {
      const shown = withoutPresented(version, this.context.credentialHeaders);
      const answered = shown.slice(0, SHOWN_CHARACTERS);
      this.refusal = upstreamVersion({
        detail: `initialize was answered with ${JSON.stringify(answered)}`,
        data: { supported: SUPPORTED_VERSIONS, answered },
      });
    }
    return { ok: true, bytes: message };
  }

  override onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const { events, head, held } = this;
    // Once the head is sent, nothing is left to reject.
    if (head === null) return super.onResponseData(controller, chunk);
    held.add(chunk);
    events?.push(chunk);
    if (this.refusal !== null) return this.reject(controller, this.refusal);
    if (this.mayLeave || held.size > MAX_BYTES) this.release(controller, head);
  }

  override onResponseEnd(controller: Dispatcher.DispatchController): void {
    const { events, head, held } = this;
    if (head !== null) {
      const whole = held.take();
      if (events === null) this.read(whole);
      else events.end();
      if (this.refusal !== null) return this.reject(controller, this.refusal);
      held.add(whole);
      this.release(controller, head);
    }
    super.onResponseEnd(controller);
  }

  private release(
    controller: Dispatcher.DispatchController,
    head: { readonly status: number; readonly headers: UpstreamHeaders },
  ): void {
    this.head = null;
    super.start(head.status, head.headers);
    const bytes = this.held.take();
    if (bytes.length > 0) super.onResponseData(controller, bytes);
  }
}
