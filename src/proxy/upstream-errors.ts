// Maps errors and responses of an upstream to failures. Each error of undici gets one, known or
// not, so that no upstream error becomes a 500.
import type { Endpoint } from '../core/endpoint.js';
import type { Failure } from '../core/failure.js';
import {
  sessionNotFound,
  upstreamBroken,
  upstreamGatewayRejected,
  upstreamRefusedCaller,
  upstreamTimeout,
  upstreamUnreachable,
} from '../core/failures.js';
import type { Caller, Principal } from '../core/principal.js';
import { isEventStream, isJson, type UpstreamHeaders } from './headers.js';
import { redirectDetail } from './redirect-detail.js';
import type { CallSession } from './sessions.js';
import { withoutPresented } from './without-presented.js';

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
const CONNECT_TIMEOUT = 'UND_ERR_CONNECT_TIMEOUT';

const codeOf = (error: Error): string => (error as NodeJS.ErrnoException).code ?? error.name;

/** True where no connection was possible. An upstream that restarts may accept one later. */
export const isUnreachable = (error: Error): boolean => UNREACHABLE.has(codeOf(error));

/**
 * The failure for an error before the response began. Its detail is the code or the name, or the
 * setting that ended the wait. Without a connection it has the origin of `upstreamUrl` too: the
 * path and the query can hold a secret.
 */
export function failureOf(error: Error, upstreamUrl: string): Failure {
  const code = codeOf(error);
  const details = { detail: code, cause: error };
  if (UNREACHABLE.has(code) || TLS.test(code))
    return upstreamUnreachable({ ...details, detail: `${code} at ${new URL(upstreamUrl).origin}` });
  if (code === CONNECT_TIMEOUT)
    return upstreamTimeout({
      ...details,
      detail: `no connection to ${new URL(upstreamUrl).origin} within upstream.connectTimeoutMs`,
    });
  return code === 'ETIMEDOUT' ? upstreamTimeout(details) : upstreamBroken(details);
}

/**
 * The gateway requests no part of a resource (206). The others are about the hop between gateway
 * and upstream (C-146, fields that a status requires).
 */
const UNEXPECTED_STATUSES = new Set([206, 407, 426]);
/**
 * A content field in Connection. Without it, a client would read the body differently (RFC 9110
 * section 7.6.1).
 */
const CONTENT_FIELD = /(^|[,\s])content-/i;

/**
 * A 204 or 205 has no body (RFC 9110 sections 15.3.5 and 15.3.6). A declared body would cut the
 * connection of the client after the head.
 */
function hasForbiddenBody(status: number, headers: UpstreamHeaders): boolean {
  if ((status !== 204 && status !== 205) || headers['content-length'] === '0') return false;
  // Without a length, the body of a 205 ends with the connection, and HTTP reads none for a 204.
  return (
    status === 205 ||
    headers['content-length'] !== undefined ||
    headers['transfer-encoding'] !== undefined
  );
}

/**
 * MCP responses are JSON or event streams (D-23, invalid responses). An empty 200 is valid: servers
 * end a session with it.
 */
function hasOtherMediaType(headers: UpstreamHeaders): boolean {
  const { 'content-type': type, 'content-length': length } = headers;
  if (length === '0' || isJson(headers) || isEventStream(headers)) return false;
  return type !== undefined || length !== undefined;
}

/**
 * For a 200 that declares neither a media type nor a length, and has a body. Until its first byte
 * it may be an empty 200.
 */
export const untypedBody = (): Failure => upstreamBroken({ detail: 'a body without a media type' });

/** The request of a response. `session` is null for a modern request. */
export interface ResponseContext {
  readonly caller: Caller;
  readonly session: CallSession | null;
  readonly upstream: Endpoint['upstream'];
  /** The headers that the gateway presented: names and values in turn. */
  readonly credentialHeaders: readonly string[];
  /** With `forward`, the upstream verifies the tokens of issuers itself. */
  readonly credentialKind: Endpoint['upstreamCredential']['kind'];
}

/** A server can repeat the headers of a request in a redirect to its login page. */
function redirected(
  status: number,
  location: string | string[] | undefined,
  { upstream, credentialHeaders }: ResponseContext,
): Failure {
  const shown =
    typeof location === 'string' ? withoutPresented(location, credentialHeaders) : location;
  return upstreamBroken({ detail: redirectDetail(status, shown, upstream.url) });
}

/**
 * A 401 without a challenge to a request with a session id. Some servers answer so where they do
 * not know the session (rmcp up to 0.16, measured). MCP demands 404, at which clients begin anew.
 */
const isLostSession = (
  status: number,
  headers: UpstreamHeaders,
  session: CallSession | null,
): boolean =>
  status === 401 && session !== null && session.id !== null && !headers['www-authenticate'];

/** Names the credential of the gateway that the upstream did not accept. */
function gatewayRejectedDetail(
  status: number,
  { key }: Principal,
  kind: ResponseContext['credentialKind'],
): string {
  // The gateway forwards no API key.
  const isNone = kind === 'none' || (kind === 'forward' && key !== null);
  if (key !== null && key.upstreamAuthorization !== null)
    return `status ${status} to the upstreamAuthorization of the key ${key.name}`;
  return isNone
    ? `status ${status} to a request without a credential`
    : `status ${status} to the ${kind} credential`;
}

/** The reason why the gateway rejects a response with this head; null: it relays the response. */
export function rejectResponse(
  status: number,
  headers: UpstreamHeaders,
  context: ResponseContext,
): Failure | null {
  const { caller, session, credentialKind } = context;
  if (status < 200 || status > 599) return upstreamBroken({ detail: `status ${status}` });
  // A client that follows a redirect would send its credential elsewhere, or leave the gateway
  // (C-141, no redirects).
  if (status >= 300 && status < 400) return redirected(status, headers.location, context);
  if (hasForbiddenBody(status, headers)) return upstreamBroken({ detail: `${status} with a body` });
  if (status !== 200 && UNEXPECTED_STATUSES.has(status))
    return upstreamBroken({ detail: `status ${status}` });
  const { connection, 'transfer-encoding': transferCoding } = headers;
  // The gateway decodes chunks only. It does not relay Transfer-Encoding, so the caller could not
  // decode another coding.
  if (transferCoding !== undefined && String(transferCoding).toLowerCase() !== 'chunked')
    return upstreamBroken({ detail: 'transfer coding other than chunked' });
  if (
    connection !== undefined &&
    connection !== 'keep-alive' &&
    CONTENT_FIELD.test(String(connection))
  )
    return upstreamBroken({ detail: 'Connection names an end-to-end field' });
  if (caller.kind === 'pass-through') {
    // The upstream verifies this credential, so its 401 is about that.
    if (status === 401) return upstreamRefusedCaller();
  } else if (isLostSession(status, headers, session)) {
    const detail = 'the upstream answered 401 without a challenge';
    // The 401 may be about the credential. The client begins a new session, with a new token.
    return sessionNotFound({ detail, rejectsCredential: true });
  } else if (credentialKind === 'forward' && caller.key === null) {
    // The caller's own token: a new login at its issuer can help. A 403 is about its rights.
    if (status === 401) return upstreamRefusedCaller();
  } else if (status === 401 || status === 403) {
    // It is about the credential of the gateway. Relayed, it would start a login at the wrong
    // server (A-47, rejected gateway credential).
    const isOutdated = status === 401 ? ({ rejectsCredential: true } as const) : {};
    const detail = gatewayRejectedDetail(status, caller, credentialKind);
    return upstreamGatewayRejected({ detail, ...isOutdated });
  }
  if (status === 200 && hasOtherMediaType(headers))
    return upstreamBroken({ detail: 'neither JSON nor an event stream' });
  return session === null ? null : session.rejection(headers);
}

/** The error of undici when the pool destroys its connections, at the end of a shutdown only. */
const DESTROYED = 'UND_ERR_DESTROYED';

/** Names the error that ended a response after its head. */
export function cutDetail(error: Error): string {
  const { code = error.name } = error as NodeJS.ErrnoException;
  return code === DESTROYED ? 'cut by the shutdown' : code;
}
