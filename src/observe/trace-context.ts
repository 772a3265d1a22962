// Reads the trace context that a caller sends (W3C Trace Context, level 1). Never reads baggage: a
// caller may write anything there, and no decision may depend on it.
import { type RequestHead, singleHeader } from '../core/exchange.js';
import type { CallMeta } from '../mcp/call-meta.js';

export interface RemoteContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly flags: number;
  readonly tracestate: string | null;
}

const TRACEPARENT = /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(?:-.*)?$/;
const ZEROS = /^0+$/;
/** A list of members in visible ASCII. Longer ones are dropped (section 3.3.1.5). */
const TRACESTATE = /^[\x20-\x7e]{1,512}$/;
const MOST_TRACEPARENT = 128;

const validTracestate = (text: string | null | undefined): string | null =>
  text !== null && text !== undefined && TRACESTATE.test(text) ? text : null;

/** Null: there is none, or it is not valid. */
function readTraceparent(
  text: string | null | undefined,
  tracestate: string | null | undefined,
): RemoteContext | null {
  if (text === null || text === undefined || text.length > MOST_TRACEPARENT) return null;
  const [, version, traceId = '', spanId = '', flags = ''] = TRACEPARENT.exec(text) ?? [];
  if (version === undefined || version === 'ff' || ZEROS.test(traceId) || ZEROS.test(spanId))
    return null;
  // Version 00 has no further parts.
  if (version === '00' && text.length !== 55) return null;
  const state = validTracestate(tracestate);
  return { traceId, spanId, flags: Number.parseInt(flags, 16), tracestate: state };
}

export const headerContext = (head: RequestHead): RemoteContext | null =>
  readTraceparent(singleHeader(head, 'traceparent'), singleHeader(head, 'tracestate'));

export const metaContext = (meta: CallMeta | undefined): RemoteContext | null =>
  meta === undefined ? null : readTraceparent(meta.traceparent, meta.tracestate);

/** The text of a valid context, as `traceparent`. */
export const traceparentOf = ({ traceId, spanId, flags }: Omit<RemoteContext, 'tracestate'>) =>
  `00-${traceId}-${spanId}-${flags.toString(16).padStart(2, '0')}`;
