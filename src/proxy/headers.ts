// Decides which header fields cross, in both directions: an allow-list plus the open Mcp-* family. Everything else stays behind: the
// caller's credential, cookies, forwarding and identity fields in every spelling, hop-by-hop fields (C-130, C-135, C-143).
import type { RequestHead } from '../core/exchange.js';
import type { Message } from '../core/message.js';
import { isEventStreamType, isJsonType } from '../mcp/media-type.js';

const REQUEST_FIELDS = new Set([
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
/** Without a session there is none to name and nothing to resume; a modern request is always without (B-85). */
const OF_SESSION = [SESSION, 'last-event-id'];
/** They cross only where they were held against the body: else they name to the upstream what nobody judged (B-57). */
const MIRRORS = ['mcp-method', 'mcp-name'];
const NOT_MODERN: ReadonlySet<string> = new Set(OF_SESSION);
const NOT_OF_NAMELESS: ReadonlySet<string> = new Set([...OF_SESSION, 'mcp-name']);
const NOT_LEGACY: ReadonlySet<string> = new Set(MIRRORS);
const NOT_WITHOUT_SESSION: ReadonlySet<string> = new Set([...OF_SESSION, ...MIRRORS]);
const RESPONSE_FIELDS = new Set([
  'content-type',
  'content-length',
  'content-encoding',
  'retry-after',
  'allow',
]);
const MCP = 'mcp-';
const MCP_PARAM = 'mcp-param-';
/** Servers that make `_` of all but letters and digits (CGI, RFC 3875 section 4.1.18) would read Mcp-Session~Id as the one that was judged. */
const OTHER_SPELLING = /[^a-z0-9-]/;
const NO_FIELDS: ReadonlySet<string> = new Set();

/** The open family. Parameters are named by the schemas of tools, in letters of their own choice (B-55). */
const isOpen = (name: string): boolean =>
  name.startsWith(MCP) && (name.startsWith(MCP_PARAM) || !OTHER_SPELLING.test(name));

/** Fields that Connection names belong to the hop, whatever they are (RFC 9110 section 7.6.1). */
function namedByConnection(connection: string | undefined): ReadonlySet<string> {
  if (connection === undefined || connection === 'keep-alive' || connection === 'close')
    return NO_FIELDS;
  return new Set(connection.split(',').map((name) => name.trim().toLowerCase()));
}

/** All lines of a field as one; several are legal (RFC 9110 section 5.3). */
function joined({ names, values }: RequestHead, name: string): string | undefined {
  let found: string | undefined;
  for (let i = 0; i < names.length; i++) {
    if (names[i] === name) found = found === undefined ? values[i] : `${found}, ${values[i]}`;
  }
  return found;
}

/** True where the request has been through this gateway already (RFC 9110 section 7.6.3). */
export function isLoop(head: RequestHead, pseudonym: string): boolean {
  return joined(head, 'via')?.includes(pseudonym) ?? false;
}

/** Earlier members are kept, so that a loop over several gateways is seen (C-133, C-134). */
function viaOf(head: RequestHead, pseudonym: string): string {
  const earlier = joined(head, 'via');
  return earlier === undefined ? `1.1 ${pseudonym}` : `${earlier}, 1.1 ${pseudonym}`;
}

/** Fields of the allow-list that mean nothing on this message; in the legacy revisions that is what mirrors the body (B-61). */
function withheld({ era, calls }: Message, session: string | null): ReadonlySet<string> {
  if (era === 'legacy') return session === null ? NOT_WITHOUT_SESSION : NOT_LEGACY;
  return calls[0]?.name === null ? NOT_OF_NAMELESS : NOT_MODERN;
}

/** Flat name, value pairs for the upstream. `session`: its own id, never what the caller sent. `onward`: what we present to it. */
export function requestHeaders(
  head: RequestHead,
  message: Message,
  session: string | null,
  onward: readonly string[],
  pseudonym: string,
): string[] {
  const { names, values } = head;
  const headers: string[] = ['via', viaOf(head, pseudonym)];
  const hop = namedByConnection(joined(head, 'connection'));
  const behind = withheld(message, session);
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string;
    if (!REQUEST_FIELDS.has(name) && !isOpen(name)) continue;
    if (behind.has(name)) continue;
    if (hop !== NO_FIELDS && hop.has(name)) continue;
    headers.push(name, name === SESSION ? (session as string) : (values[i] as string));
  }
  for (const part of onward) headers.push(part);
  return headers;
}

export type UpstreamHeaders = Readonly<Record<string, string | string[] | undefined>>;

const first = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value.join(', ') : value;

/** Two lines say two things: then it is neither this nor JSON. */
export const isEventStream = ({ 'content-type': type }: UpstreamHeaders): boolean =>
  typeof type === 'string' && isEventStreamType(type);

export const isJson = ({ 'content-type': type }: UpstreamHeaders): boolean =>
  typeof type === 'string' && isJsonType(type);

const SECONDS = /^\d{1,6}$/;
/** RFC 9110 section 5.6.7; the two obsolete forms are not written any more. */
const IMF_FIXDATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;
const MAX_WAIT_SECONDS = 999_999;

/** Retry-After in seconds, however it was written: a date by the clock that wrote it, which Date tells. Undefined: it says nothing. */
function secondsToWait({ 'retry-after': value, date }: UpstreamHeaders): string | undefined {
  if (typeof value !== 'string') return undefined;
  if (SECONDS.test(value)) return value;
  if (typeof date !== 'string' || !IMF_FIXDATE.test(value) || !IMF_FIXDATE.test(date))
    return undefined;
  const seconds = Math.max(0, (Date.parse(value) - Date.parse(date)) / 1000);
  return seconds <= MAX_WAIT_SECONDS ? String(seconds) : undefined;
}

/** Flat name, value pairs for the caller; `session`: what it knows its session by. Nothing that was authorized may be stored on the way (C-150). */
export function responseHeaders(
  headers: UpstreamHeaders,
  session: string | null,
  eventStream: boolean,
): string[] {
  const hop = namedByConnection(first(headers.connection));
  const out = eventStream
    ? ['cache-control', 'no-store, no-transform', 'x-accel-buffering', 'no']
    : ['cache-control', 'no-store'];
  for (const name in headers) {
    if (!RESPONSE_FIELDS.has(name) && !isOpen(name)) continue;
    if (hop !== NO_FIELDS && hop.has(name)) continue;
    const value =
      name === SESSION
        ? session
        : name === 'retry-after'
          ? secondsToWait(headers)
          : first(headers[name]);
    if (value === undefined || value === null) continue;
    out.push(name, value);
    // It was not asked for, so nobody may take it for the one form that there is (RFC 9110 section 12.5.5).
    if (name === 'content-encoding') out.push('vary', 'accept-encoding');
  }
  return out;
}
