// Describes an error response of the upstream for the log. The caller gets the response unchanged:
// the gateway rejects nothing here.
import type { Failure } from '../core/failure.js';
import { upstreamClientError, upstreamServerError } from '../core/failures.js';
import { isEventStream, isJson, type UpstreamHeaders } from './headers.js';
import type { RelayContext } from './relay-context.js';
import { withoutPresented } from './without-presented.js';

const MEDIA_TYPE = /^[\w!#$&^.+-]{1,60}\/[\w!#$&^.+-]{1,60}/;

/** Null: the response has no body, or one of MCP. */
function otherMediaType(
  headers: UpstreamHeaders,
  credentialHeaders: readonly string[],
): string | null {
  const { 'content-type': type, 'content-length': length } = headers;
  if (type === undefined || length === '0' || isJson(headers) || isEventStream(headers))
    return null;
  const shown = withoutPresented(String(type), credentialHeaders);
  return MEDIA_TYPE.exec(shown)?.[0].toLowerCase() ?? 'not of a valid media type';
}

function hintOf(status: number): string {
  if (status >= 500) return '; a proxy of the MCP server may have sent it';
  return status === 404 || status === 405 ? '; the path of upstream.url may be wrong' : '';
}

/** Working servers of the older revisions send some errors; null for all others. */
function noteOf(
  status: number,
  headers: UpstreamHeaders,
  { exchange: { method }, session, credentialHeaders }: RelayContext,
): string | null {
  if (status === 405 && method === 'GET') return 'the MCP server offers no GET stream';
  if (status === 405 && method === 'DELETE') return 'clients cannot end sessions of this server';
  const type = otherMediaType(headers, credentialHeaders);
  if (type !== null) {
    return `the body is ${type}, so it is not JSON${hintOf(status)}`;
  }
  const hasSession = session !== null && session.id !== null;
  return status === 404 && hasSession ? 'usual for a session that ended' : null;
}

/** `status`: from 400 to 599. */
export function relayedError(
  status: number,
  headers: UpstreamHeaders,
  context: RelayContext,
): Failure {
  const note = noteOf(status, headers, context);
  const detail = note === null ? `status ${status}` : `status ${status}: ${note}`;
  return status < 500 ? upstreamClientError({ detail }) : upstreamServerError({ detail });
}
