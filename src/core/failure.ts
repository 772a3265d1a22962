// Decides how every refusal looks: one row per kind, and everything else (status, challenge, JSON-RPC code, message, log event,
// level, metric label, docs/failures.md) is derived from it. Never decides when to refuse.

/** Whose fault it is. Only `caller` may be 4xx or carry a challenge; `dependency` and `gateway` are 5xx. */
export type Blame = 'caller' | 'dependency' | 'gateway';

/** `bare`: a challenge without `error`, because no usable credential was presented (RFC 6750 section 3.1). */
export type Challenge = 'bare' | 'invalid_request' | 'invalid_token' | 'insufficient_scope';

export type Level = 'debug' | 'info' | 'warn' | 'error';

export interface Row {
  readonly kind: string;
  readonly blame: Blame;
  /** HTTP status; null where the answer had already begun or nobody is left to read it. */
  readonly status: number | null;
  readonly challenge: Challenge | null;
  /** JSON-RPC error code: -(31000 + status), or one that JSON-RPC 2.0 or MCP defines. Without a status: that of the last event. */
  readonly code: number | null;
  /** The only text the caller sees: constant, so that nothing about the token or the upstream leaks (D-08, C-09). */
  readonly message: string | null;
  readonly event: string;
  readonly level: Level;
}

/** What one refusal adds to its row. `detail` and `cause` are for the log; `data` and `scopes` reach the wire. */
export interface Particulars {
  readonly detail?: string;
  readonly cause?: unknown;
  /** Every scope that the call needs. */
  readonly scopes?: readonly string[];
  /** Whole seconds, 1..30. Every 503 has one; without a value it is 5. */
  readonly retryAfterSeconds?: number;
  /** Value of the Allow header of a 405 (RFC 9110 section 15.5.6). */
  readonly allow?: string;
  /** The caller's JSON-RPC id as written, where the body was read far enough to know it (D-01). */
  readonly idText?: string;
  /** Joins the `data` of the JSON-RPC error. */
  readonly data?: Readonly<Record<string, unknown>>;
}

/** A refusal: a value that is returned, never thrown. */
export interface Failure extends Particulars {
  readonly ok: false;
  readonly row: Row;
}

/** Makes the one failure of its row. */
export type MakeFailure = ((particulars?: Particulars) => Failure) & { readonly row: Row };

const rows: Row[] = [];

/** Every row, in the order of the table. */
export const failureTable: readonly Row[] = rows;

function row(
  kind: string,
  blame: Blame,
  status: number | null,
  challenge: Challenge | null,
  code: number | null,
  message: string | null,
  event: string,
  level: Level,
): MakeFailure {
  const entry: Row = Object.freeze({ kind, blame, status, challenge, code, message, event, level });
  rows.push(entry);
  const make = (particulars?: Particulars): Failure => ({ ok: false, row: entry, ...particulars });
  return Object.assign(make, { row: entry });
}

const BAD_TOKEN = 'The access token is invalid';
const NO_CHECK = 'Cannot check tokens right now';

// A table is read by its columns: the formatter is off for this file.
export const originRefused = row('origin.refused', 'caller', 403, null, -31403, 'Origin not allowed', 'http.origin', 'warn');
export const routeUnknown = row('route.unknown', 'caller', 404, null, -31404, 'No such MCP server', 'http.route', 'info');
export const methodRefused = row('method.refused', 'caller', 405, null, -31405, 'Method not allowed', 'http.method', 'info');
export const clientGone = row('client.gone', 'caller', null, null, null, null, 'http.client_gone', 'debug');
export const gatewayDraining = row('gateway.draining', 'gateway', 503, null, -31503, 'Shutting down, retry elsewhere', 'http.draining', 'info');
export const gatewayFault = row('gateway.fault', 'gateway', 500, null, -32603, 'Internal error', 'gateway.fault', 'error');
export const credentialMissing = row('credential.missing', 'caller', 401, 'bare', -31401, 'Authentication required', 'identify.missing', 'info');
export const credentialMalformed = row('credential.malformed', 'caller', 400, 'invalid_request', -32600, 'Malformed Authorization header', 'identify.malformed', 'info');
export const credentialScheme = row('credential.scheme', 'caller', 401, 'bare', -31401, 'Use a Bearer token', 'identify.scheme', 'info');
export const tokenMalformed = row('token.malformed', 'caller', 401, 'invalid_token', -31401, BAD_TOKEN, 'verify.malformed', 'info');
export const tokenAlgorithm = row('token.algorithm', 'caller', 401, 'invalid_token', -31401, BAD_TOKEN, 'verify.algorithm', 'warn');
export const tokenType = row('token.type', 'caller', 401, 'invalid_token', -31401, BAD_TOKEN, 'verify.type', 'warn');
export const tokenIssuer = row('token.issuer', 'caller', 401, 'invalid_token', -31401, BAD_TOKEN, 'verify.issuer', 'warn');
export const tokenKeyUnknown = row('token.key_unknown', 'caller', 401, 'invalid_token', -31401, BAD_TOKEN, 'verify.key_unknown', 'warn');
export const tokenSignature = row('token.signature', 'caller', 401, 'invalid_token', -31401, BAD_TOKEN, 'verify.signature', 'warn');
export const tokenClaims = row('token.claims', 'caller', 401, 'invalid_token', -31401, BAD_TOKEN, 'verify.claims', 'warn');
export const tokenEarly = row('token.early', 'caller', 401, 'invalid_token', -31401, BAD_TOKEN, 'verify.early', 'warn');
export const tokenExpired = row('token.expired', 'caller', 401, 'invalid_token', -31401, 'The access token expired', 'verify.expired', 'info');
export const tokenInactive = row('token.inactive', 'caller', 401, 'invalid_token', -31401, BAD_TOKEN, 'verify.inactive', 'info');
export const keysUnavailable = row('keys.unavailable', 'dependency', 503, null, -31503, NO_CHECK, 'verify.keys_down', 'error');
export const introspectionUnavailable = row('introspection.unavailable', 'dependency', 503, null, -31503, NO_CHECK, 'verify.introspection_down', 'error');
export const introspectionRefusedUs = row('introspection.refused_us', 'gateway', 503, null, -31503, NO_CHECK, 'verify.introspection_refused_us', 'error');
export const audienceMismatch = row('audience.mismatch', 'caller', 401, 'invalid_token', -31401, 'The access token is not for this server', 'authorize.audience', 'warn');
export const audienceLegacy = row('audience.legacy', 'caller', 401, 'bare', -31401, 'Use a Bearer token here', 'authorize.legacy', 'info');
export const bodyTooLarge = row('body.too_large', 'caller', 413, null, -31413, 'Request body too large', 'authorize.body_size', 'info');
export const bodyMediaType = row('body.media_type', 'caller', 415, null, -31415, 'Send application/json', 'authorize.media_type', 'info');
export const envelopeUnreadable = row('envelope.unreadable', 'caller', 400, null, -32700, 'Parse error', 'authorize.unreadable', 'info');
export const envelopeInvalid = row('envelope.invalid', 'caller', 400, null, -32600, 'Invalid Request', 'authorize.envelope', 'info');
export const envelopeHeaderMismatch = row('envelope.header_mismatch', 'caller', 400, null, -32020, 'Header mismatch', 'authorize.header_mismatch', 'warn');
export const scopeInsufficient = row('scope.insufficient', 'caller', 403, 'insufficient_scope', -31403, 'More scope is needed', 'authorize.scope', 'info');
export const toolDenied = row('tool.denied', 'caller', 403, null, -31403, 'This tool is not open to you', 'authorize.tool', 'warn');
export const promptDenied = row('prompt.denied', 'caller', 403, null, -31403, 'This prompt is not open to you', 'authorize.prompt', 'warn');
export const resourceDenied = row('resource.denied', 'caller', 403, null, -31403, 'This resource is not open to you', 'authorize.resource', 'warn');
export const sessionForeign = row('session.foreign', 'caller', 404, null, -31404, 'Session not found', 'proxy.session', 'warn');
export const upstreamBusy = row('upstream.busy', 'dependency', 503, null, -31503, 'The MCP server is busy', 'proxy.busy', 'warn');
export const upstreamUnreachable = row('upstream.unreachable', 'dependency', 502, null, -31502, 'The MCP server is unreachable', 'proxy.unreachable', 'error');
export const upstreamTimeout = row('upstream.timeout', 'dependency', 504, null, -31504, 'The MCP server timed out', 'proxy.timeout', 'error');
export const upstreamBroken = row('upstream.broken', 'dependency', 502, null, -31502, 'The MCP server broke off', 'proxy.broken', 'error');
export const upstreamRefusedUs = row('upstream.refused_us', 'gateway', 502, null, -31502, 'The MCP server refused the gateway', 'proxy.refused_us', 'error');
export const streamBroken = row('stream.broken', 'dependency', null, null, -31502, 'The MCP server broke off', 'proxy.stream_broken', 'warn');
export const streamOutlived = row('stream.outlived', 'caller', null, null, -31504, 'The stream reached its time limit', 'proxy.stream_outlived', 'info');
export const connectionBadRequest = row('connection.bad_request', 'caller', 400, null, -31400, 'Bad request', 'http.bad_request', 'info');
export const connectionTargetTooLong = row('connection.target_too_long', 'caller', 414, null, null, null, 'http.target', 'info');
export const connectionHeadersTooLarge = row('connection.headers_too_large', 'caller', 431, null, -31431, 'The request header is too large', 'http.headers', 'info');
export const connectionTooSlow = row('connection.too_slow', 'caller', 408, null, null, null, 'http.slow', 'info');
export const connectionExpectation = row('connection.expectation', 'caller', 417, null, -31417, 'Expect nothing but 100-continue', 'http.expectation', 'info');
export const clientStalled = row('client.stalled', 'caller', null, null, null, null, 'http.client_stalled', 'info');
export const credentialQuery = row('credential.query', 'caller', 400, 'invalid_request', -31400, 'Send the credential in a header, not in the URL', 'identify.query', 'info');
export const credentialTwo = row('credential.two', 'caller', 400, 'invalid_request', -31400, 'One credential, please', 'identify.two', 'info');
export const keyUnknown = row('key.unknown', 'caller', 401, 'bare', -31401, 'The API key is not valid', 'verify.key', 'info');
export const keySunset = row('key.sunset', 'caller', 401, 'bare', -31401, 'This API key was retired; use OAuth', 'verify.sunset', 'warn');
export const verifyFault = row('verify.fault', 'gateway', 503, null, -31503, NO_CHECK, 'verify.fault', 'error');
export const envelopeVersion = row('envelope.version', 'caller', 400, null, -32022, 'Unsupported protocol version', 'authorize.version', 'info');
export const envelopeMeta = row('envelope.meta', 'caller', 400, null, -32602, 'Missing request metadata', 'authorize.meta', 'info');
export const methodDenied = row('method.denied', 'caller', 403, null, -31403, 'This method is not open to you', 'authorize.method', 'warn');
export const claimMissing = row('claim.missing', 'caller', 403, null, -31403, 'Your token lacks what this server needs', 'authorize.claim', 'warn');
export const rateLimited = row('rate.limited', 'caller', 429, null, -31429, 'Too many requests', 'authorize.rate', 'info');
export const exchangeUnavailable = row('exchange.unavailable', 'dependency', 503, null, -31503, 'Cannot reach the server on your behalf right now', 'proxy.exchange_down', 'error');
export const exchangeRefused = row('exchange.refused', 'caller', 403, null, -31403, 'Your token cannot be used for this server', 'proxy.exchange_refused', 'warn');
export const upstreamRefusedCaller = row('upstream.refused_caller', 'caller', 401, 'bare', -31401, 'The MCP server refused your credential', 'proxy.refused_caller', 'info');
export const upstreamLoop = row('upstream.loop', 'gateway', 508, null, -31508, 'The gateway points at itself', 'proxy.loop', 'error');

/** Refusals by policy: no token would help, so an operator may have them told as an answer instead of a status. */
export const policyDenials: ReadonlySet<Row> = new Set([
  toolDenied.row,
  promptDenied.row,
  resourceDenied.row,
  methodDenied.row,
  claimMissing.row,
]);

/** Retry-After in whole seconds for statuses that carry one (503, 429), else undefined. Bounds: 1..30. */
export function retryAfterSeconds(failure: Failure): number | undefined {
  if (failure.row.status !== 503 && failure.row.status !== 429) return undefined;
  return Math.min(30, Math.max(1, Math.ceil(failure.retryAfterSeconds ?? 5)));
}
