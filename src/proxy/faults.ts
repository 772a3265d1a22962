// Decides which failure an upstream's fault is. Every error of undici ends here, named or not; none becomes a 500.
import {
  type Failure,
  upstreamBroken,
  upstreamRefusedCaller,
  upstreamRefusedUs,
  upstreamTimeout,
  upstreamUnreachable,
} from '../core/failure.js';
import type { Caller } from '../core/principal.js';
import { isEventStream, isJson, type UpstreamHeaders } from './headers.js';

const UNREACHABLE = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL']);
const TLS = /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|ERR_OSSL|EPROTO|HOSTNAME_MISMATCH|INVALID_(CA|PURPOSE))/;
const TIMEOUT = new Set(['UND_ERR_CONNECT_TIMEOUT', 'ETIMEDOUT']);

/** An error before the answer began. */
export function faultOf(error: Error): Failure {
  const code = (error as NodeJS.ErrnoException).code ?? error.name;
  const particulars = { detail: code, cause: error };
  if (UNREACHABLE.has(code) || TLS.test(code)) return upstreamUnreachable(particulars);
  return TIMEOUT.has(code) ? upstreamTimeout(particulars) : upstreamBroken(particulars);
}

/** Statuses and media types that are not passed on, judged before a byte of the answer is. Null: pass it on. */
export function refusedAnswer(status: number, headers: UpstreamHeaders, caller: Caller): Failure | null {
  if (status < 200 || status > 599) return upstreamBroken({ detail: `status ${status}` });
  // A caller that follows would take its credential elsewhere, or leave the gateway (C-141).
  if (status >= 300 && status < 400) return upstreamBroken({ detail: `redirect ${status}` });
  // Neither has a body (RFC 9110 sections 15.3.5 and 15.3.6); a declared one would cut the connection after the head was sent.
  const length = headers['content-length'];
  if ((status === 204 || status === 205) && length !== undefined && length !== '0')
    return upstreamBroken({ detail: `${status} with a body` });
  if (status === 407) return upstreamBroken({ detail: 'status 407' });
  if (caller.kind === 'pass-through') {
    if (status === 401) return upstreamRefusedCaller();
  } else if (status === 401 || status === 403) {
    // It speaks of the gateway's credential; relayed, it would start a login at the wrong server.
    return upstreamRefusedUs({ detail: `status ${status}` });
  }
  if (status !== 200 || isJson(headers) || headers['content-type'] === undefined || headers['content-length'] === '0')
    return null;
  return isEventStream(headers) ? null : upstreamBroken({ detail: 'neither JSON nor an event stream' });
}
