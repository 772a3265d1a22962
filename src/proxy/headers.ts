// Selects the header fields that cross the gateway, in both directions: an allow-list and the open
// Mcp-* family. Never forwards the credential of the caller, cookies, forwarding or identity fields
// in any spelling, or hop-by-hop fields (C-130, C-135, C-143: rebuilt headers).
import type { RequestHead, TraceContext } from '../core/exchange.js';
import { headerSpelling } from '../core/header-line.js';
import type { Message } from '../core/message.js';
import { isEventStreamType, isJsonType } from '../mcp/media-type.js';

const REQUEST_FIELDS: ReadonlySet<string> = new Set([
  'accept',
  'accept-language',
  'content-type',
  'last-event-id',
  'user-agent',
  'traceparent',
  'tracestate',
  'baggage',
  'mcp-protocol-version',
  'mcp-method',
  'mcp-name',
  'mcp-session-id',
]);
const SESSION = 'mcp-session-id';
/**
 * Without a session, a request cannot name or resume one. A modern request never has a session
 * (B-85, stateless revision).
 */
const SESSION_FIELDS = [SESSION, 'last-event-id'];
/**
 * The gateway forwards them only after it compared them with the body. Otherwise an upstream that
 * trusts them could execute an unauthorized call (B-57, mirrored headers).
 */
const MIRRORED_FIELDS = ['mcp-method', 'mcp-name'];
const NOT_MODERN: ReadonlySet<string> = new Set(SESSION_FIELDS);
const NOT_MODERN_WITHOUT_NAME: ReadonlySet<string> = new Set([...SESSION_FIELDS, 'mcp-name']);
const NOT_LEGACY: ReadonlySet<string> = new Set(MIRRORED_FIELDS);
const NOT_LEGACY_WITHOUT_SESSION: ReadonlySet<string> = new Set([
  ...SESSION_FIELDS,
  ...MIRRORED_FIELDS,
]);
const RESPONSE_FIELDS = new Set([
  'content-type',
  'content-length',
  'content-encoding',
  'retry-after',
  'allow',
]);
const MCP = 'mcp-';
const MCP_PARAM = 'mcp-param-';
/**
 * Some servers turn all but letters and digits into `_` (CGI, RFC 3875 section 4.1.18). They would
 * read Mcp-Session~Id as Mcp-Session-Id.
 */
const OTHER_SPELLING = /[^a-z0-9-]/;
const NO_FIELDS: ReadonlySet<string> = new Set();

/** The open family. Schemas of tools name parameters with any letters (B-55, open header set). */
const isMcpField = (name: string): boolean =>
  name.startsWith(MCP) && (name.startsWith(MCP_PARAM) || !OTHER_SPELLING.test(name));

/** The fields that Connection names are hop-by-hop, whatever they are (RFC 9110 section 7.6.1). */
function namedByConnection(connection: string | undefined): ReadonlySet<string> {
  if (connection === undefined || connection === 'keep-alive' || connection === 'close')
    return NO_FIELDS;
  return new Set(connection.split(',').map((name) => name.trim().toLowerCase()));
}

/** All lines of a field as one value. A field may have several lines (RFC 9110 section 5.3). */
function fieldValue({ names, values }: RequestHead, name: string): string | undefined {
  let found: string | undefined;
  for (let i = 0; i < names.length; i++) {
    if (names[i] === name) found = found === undefined ? values[i] : `${found}, ${values[i]}`;
  }
  return found;
}

/** True where the request passed this gateway before (RFC 9110 section 7.6.3). */
export function isLoop(head: RequestHead, pseudonym: string): boolean {
  return fieldValue(head, 'via')?.includes(pseudonym) ?? false;
}

/** Keeps the earlier members, so that a loop over several gateways shows (C-133, C-134: Via). */
function viaOf(head: RequestHead, pseudonym: string): string {
  const earlier = fieldValue(head, 'via');
  return earlier === undefined ? `1.1 ${pseudonym}` : `${earlier}, 1.1 ${pseudonym}`;
}

/**
 * Fields of the allow-list that do not apply to this message. Legacy messages have no mirrored
 * fields (B-61, legacy requests).
 */
function withheldFields({ era, calls }: Message, sessionId: string | null): ReadonlySet<string> {
  if (era === 'legacy') return sessionId === null ? NOT_LEGACY_WITHOUT_SESSION : NOT_LEGACY;
  return calls[0]?.name === null ? NOT_MODERN_WITHOUT_NAME : NOT_MODERN;
}

/** The fields of a caller that cross at one endpoint. */
export interface RequestFields {
  readonly allowed: ReadonlySet<string>;
  /** Spellings of `Mcp-*` headers that never cross. */
  readonly withheld: ReadonlySet<string>;
}

const USUAL_FIELDS: RequestFields = { allowed: REQUEST_FIELDS, withheld: NO_FIELDS };

/**
 * The fields that cross at an endpoint. `forwardHeaders`: its further names, in lower case.
 * `ownHeaders`: headers that hold API keys, and those that the gateway sets. No spelling of them
 * crosses, whatever the other lists say (C-135, identity fields removed).
 */
export function requestFields(
  forwardHeaders: readonly string[],
  ownHeaders: readonly string[] = [],
): RequestFields {
  const own = new Set(ownHeaders.map(headerSpelling));
  if (forwardHeaders.length === 0 && own.size === 0) return USUAL_FIELDS;
  const names = [...REQUEST_FIELDS, ...forwardHeaders];
  return {
    allowed: new Set(names.filter((name) => !own.has(headerSpelling(name)))),
    withheld: new Set([...own].filter((name) => name.startsWith('mcp_'))),
  };
}

/**
 * Flat name, value pairs for the upstream. `sessionId`: the id that the upstream issued, never the
 * text that the caller sent. `credentialHeaders`: flat pairs with the credential for the upstream.
 * `fields`: those of the endpoint.
 */
export function requestHeaders(
  head: RequestHead,
  message: Message,
  sessionId: string | null,
  credentialHeaders: readonly string[],
  pseudonym: string,
  { allowed, withheld: ownFields } = USUAL_FIELDS,
): string[] {
  const { names, values } = head;
  const headers: string[] = ['via', viaOf(head, pseudonym)];
  const hop = namedByConnection(fieldValue(head, 'connection'));
  const withheld = withheldFields(message, sessionId);
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string;
    if (!allowed.has(name)) {
      if (!isMcpField(name)) continue;
      if (ownFields.size > 0 && ownFields.has(headerSpelling(name))) continue;
    }
    if (withheld.has(name)) continue;
    if (hop !== NO_FIELDS && hop.has(name)) continue;
    headers.push(name, name === SESSION ? (sessionId as string) : (values[i] as string));
  }
  for (const part of credentialHeaders) headers.push(part);
  return headers;
}

/** Puts another trace context in the place of that of the caller. `headers`: flat pairs. */
export function replaceTraceContext(headers: string[], trace: TraceContext): void {
  const { traceparent, tracestate } = trace;
  for (let i = headers.length - 2; i >= 0; i -= 2)
    if (headers[i] === 'traceparent' || headers[i] === 'tracestate') headers.splice(i, 2);
  headers.push('traceparent', traceparent);
  if (tracestate !== null) headers.push('tracestate', tracestate);
}

export type UpstreamHeaders = Readonly<Record<string, string | string[] | undefined>>;

const joinLines = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value.join(', ') : value;

/** A response with two Content-Type lines is neither an event stream nor JSON. */
export const isEventStream = ({ 'content-type': type }: UpstreamHeaders): boolean =>
  typeof type === 'string' && isEventStreamType(type);

export const isJson = ({ 'content-type': type }: UpstreamHeaders): boolean =>
  typeof type === 'string' && isJsonType(type);

const SECONDS = /^\d{1,6}$/;
/** RFC 9110 section 5.6.7, without its two obsolete forms, which no server may generate. */
const IMF_FIXDATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;
const MAX_WAIT_SECONDS = 999_999;

/**
 * Retry-After in seconds. A date counts from the Date field, which shows the clock of the upstream.
 * Undefined where the value is missing or invalid.
 */
function retryAfterSeconds({ 'retry-after': value, date }: UpstreamHeaders): string | undefined {
  if (typeof value !== 'string') return undefined;
  if (SECONDS.test(value)) return value;
  if (typeof date !== 'string' || !IMF_FIXDATE.test(value) || !IMF_FIXDATE.test(date))
    return undefined;
  const seconds = Math.max(0, (Date.parse(value) - Date.parse(date)) / 1000);
  return seconds <= MAX_WAIT_SECONDS ? String(seconds) : undefined;
}

/**
 * Flat name, value pairs for the caller. `sessionId`: the sealed id for the caller. No cache may
 * store an authorized response (C-150, no-store).
 */
export function responseHeaders(
  headers: UpstreamHeaders,
  sessionId: string | null,
  eventStream: boolean,
): string[] {
  const hop = namedByConnection(joinLines(headers.connection));
  const out = eventStream
    ? ['cache-control', 'no-store, no-transform', 'x-accel-buffering', 'no']
    : ['cache-control', 'no-store'];
  for (const name in headers) {
    if (!RESPONSE_FIELDS.has(name) && !isMcpField(name)) continue;
    if (hop !== NO_FIELDS && hop.has(name)) continue;
    const value =
      name === SESSION
        ? sessionId
        : name === 'retry-after'
          ? retryAfterSeconds(headers)
          : joinLines(headers[name]);
    if (value === undefined || value === null) continue;
    out.push(name, value);
    // The client did not request this encoding. Vary tells caches that there are other forms
    // (RFC 9110 section 12.5.5).
    if (name === 'content-encoding') out.push('vary', 'accept-encoding');
  }
  return out;
}
