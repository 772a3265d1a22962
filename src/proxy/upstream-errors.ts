// Decides which failure an upstream's fault is. Every error of undici ends here, named or not; none becomes a 500.
import type { Failure } from '../core/failure.js';
import {
  upstreamBroken,
  upstreamGatewayRejected,
  upstreamRefusedCaller,
  upstreamTimeout,
  upstreamUnreachable,
} from '../core/failures.js';
import type { Caller } from '../core/principal.js';
import { isEventStream, isJson, type UpstreamHeaders } from './headers.js';

const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
]);
const TLS =
  /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|ERR_OSSL|EPROTO|HOSTNAME_MISMATCH|INVALID_(CA|PURPOSE))/;
const TIMEOUT = new Set(['UND_ERR_CONNECT_TIMEOUT', 'ETIMEDOUT']);

/** An error before the answer began. */
export function failureOf(error: Error): Failure {
  const code = (error as NodeJS.ErrnoException).code ?? error.name;
  const particulars = { detail: code, cause: error };
  if (UNREACHABLE.has(code) || TLS.test(code)) return upstreamUnreachable(particulars);
  return TIMEOUT.has(code) ? upstreamTimeout(particulars) : upstreamBroken(particulars);
}

/** Part of an answer, though no part was asked for, and what is said of the hop between the upstream and us (C-146). */
const NEVER_OURS = new Set([206, 407, 426]);
/** A body without the fields that say how to read it is another body (RFC 9110 section 7.6.1). */
const STRIPS_BODY_FIELDS = /(^|[,\s])content-/i;

/** Neither has a body (RFC 9110 sections 15.3.5 and 15.3.6); a declared one would cut the connection after the head was sent. */
function hasForbiddenBody(status: number, headers: UpstreamHeaders): boolean {
  if ((status !== 204 && status !== 205) || headers['content-length'] === '0') return false;
  // Without a length the body of a 205 ends with the connection; that of a 204 is never read.
  return (
    status === 205 ||
    headers['content-length'] !== undefined ||
    headers['transfer-encoding'] !== undefined
  );
}

/** What is neither JSON nor a stream of events is no answer of MCP (D-23). Servers end a session with 200 and nothing more. */
function hasForeignBody(headers: UpstreamHeaders): boolean {
  const { 'content-type': type, 'content-length': length } = headers;
  if (length === '0' || isJson(headers) || isEventStream(headers)) return false;
  return type !== undefined || length !== undefined;
}

/** Statuses and media types that are not passed on, judged before a byte of the answer is. Null: pass it on. */
export function rejectResponse(
  status: number,
  headers: UpstreamHeaders,
  caller: Caller,
): Failure | null {
  if (status < 200 || status > 599) return upstreamBroken({ detail: `status ${status}` });
  // A caller that follows would take its credential elsewhere, or leave the gateway (C-141).
  if (status >= 300 && status < 400) return upstreamBroken({ detail: `redirect ${status}` });
  if (hasForbiddenBody(status, headers)) return upstreamBroken({ detail: `${status} with a body` });
  if (status !== 200 && NEVER_OURS.has(status))
    return upstreamBroken({ detail: `status ${status}` });
  const { connection, 'transfer-encoding': coding } = headers;
  // Only chunks are undone: the caller would be given the bytes of another coding, and nothing that says which.
  if (coding !== undefined && String(coding).toLowerCase() !== 'chunked')
    return upstreamBroken({ detail: 'a transfer coding' });
  if (
    connection !== undefined &&
    connection !== 'keep-alive' &&
    STRIPS_BODY_FIELDS.test(String(connection))
  )
    return upstreamBroken({ detail: 'Connection names an end-to-end field' });
  if (caller.kind === 'pass-through') {
    if (status === 401) return upstreamRefusedCaller();
  } else if (status === 401 || status === 403) {
    // It speaks of the gateway's credential; relayed, it would start a login at the wrong server.
    return upstreamGatewayRejected({ detail: `status ${status}` });
  }
  return status === 200 && hasForeignBody(headers)
    ? upstreamBroken({ detail: 'neither JSON nor an event stream' })
    : null;
}
