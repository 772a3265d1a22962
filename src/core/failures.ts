// The table of failures: one row for each way in which a request can end badly. The status, the
// challenge, the JSON-RPC code, the message, the log event, the metric label and docs/failures.md
// are derived from it.
import type { FailureColumns, FailureDefinition, MakeFailure } from './failure.js';
import { defineFailure } from './failure.js';

const rows: FailureDefinition[] = [];

/** Every row, in the order of the table. */
export const failureTable: readonly FailureDefinition[] = rows;

function row(columns: FailureColumns): MakeFailure {
  const make = defineFailure(columns);
  rows.push(make.definition);
  return make;
}

const BAD_TOKEN = 'The access token is invalid';
const NO_CHECK = 'Cannot check tokens right now';
const NO_EXCHANGE = 'Cannot reach the server on your behalf right now';

// The formatter is off for this file: each row is read by its named columns.
export const originRefused = row({ reason: 'origin.refused', blame: 'caller', status: 403,
  message: 'Origin not allowed', event: 'http.origin', level: 'warn' });
export const routeUnknown = row({ reason: 'route.unknown', blame: 'caller', status: 404,
  message: 'No such MCP server', event: 'http.route', level: 'info' });
export const routeSlash = row({ reason: 'route.slash', blame: 'caller', status: 404,
  message: 'No such MCP server; data.path has the right slashes', event: 'http.route_slash',
  level: 'info' });
export const routeHost = row({ reason: 'route.host', blame: 'caller', status: 421,
  message: 'No MCP server under this host name', event: 'http.host', level: 'info' });
export const methodRefused = row({ reason: 'method.refused', blame: 'caller', status: 405,
  message: 'Method not allowed', event: 'http.method', level: 'info' });
export const clientDisconnected = row({ reason: 'client.disconnected', blame: 'caller',
  event: 'http.client_disconnected', level: 'debug' });
export const gatewayDraining = row({
  reason: 'gateway.draining', blame: 'gateway', status: 503,
  message: 'Shutting down, retry elsewhere', event: 'http.draining',
  level: 'info' });
export const auditUnavailable = row({
  reason: 'audit.unavailable', blame: 'gateway', status: 503,
  message: 'Cannot record calls right now', event: 'gateway.audit', level: 'error' });
export const gatewayFault = row({
  reason: 'gateway.fault', blame: 'gateway', status: 500, code: -32603,
  message: 'Internal error', event: 'gateway.fault', level: 'error' });
export const credentialMissing = row({
  reason: 'credential.missing', blame: 'caller', status: 401, challenge: 'bare',
  message: 'Authentication required', event: 'identify.missing', level: 'info' });
export const credentialMalformed = row({
  reason: 'credential.malformed', blame: 'caller', status: 400, challenge: 'invalid_request',
  code: -32600, message: 'Malformed Authorization header', event: 'identify.malformed',
  level: 'info' });
export const credentialScheme = row({
  reason: 'credential.scheme', blame: 'caller', status: 401, challenge: 'bare',
  message: 'Use a Bearer token', event: 'identify.scheme', level: 'info' });
export const tokenMalformed = row({
  reason: 'token.malformed', blame: 'caller', status: 401, challenge: 'invalid_token',
  message: BAD_TOKEN, event: 'verify.malformed', level: 'info' });
export const tokenAlgorithm = row({
  reason: 'token.algorithm', blame: 'caller', status: 401, challenge: 'invalid_token',
  message: BAD_TOKEN, event: 'verify.algorithm', level: 'warn' });
export const tokenType = row({
  reason: 'token.type', blame: 'caller', status: 401, challenge: 'invalid_token',
  message: BAD_TOKEN, event: 'verify.type', level: 'warn' });
export const tokenIssuer = row({
  reason: 'token.issuer', blame: 'caller', status: 401, challenge: 'invalid_token',
  message: BAD_TOKEN, event: 'verify.issuer', level: 'warn' });
export const tokenKeyUnknown = row({
  reason: 'token.key_unknown', blame: 'caller', status: 401, challenge: 'invalid_token',
  message: BAD_TOKEN, event: 'verify.key_unknown', level: 'warn' });
export const tokenSignature = row({
  reason: 'token.signature', blame: 'caller', status: 401, challenge: 'invalid_token',
  message: BAD_TOKEN, event: 'verify.signature', level: 'warn' });
export const tokenClaims = row({
  reason: 'token.claims', blame: 'caller', status: 401, challenge: 'invalid_token',
  message: BAD_TOKEN, event: 'verify.claims', level: 'warn' });
export const tokenNotYetValid = row({
  reason: 'token.not_yet_valid', blame: 'caller', status: 401, challenge: 'invalid_token',
  message: BAD_TOKEN, event: 'verify.not_yet_valid', level: 'warn' });
export const tokenExpired = row({
  reason: 'token.expired', blame: 'caller', status: 401, challenge: 'invalid_token',
  message: 'The access token expired', event: 'verify.expired', level: 'info' });
export const tokenInactive = row({
  reason: 'token.inactive', blame: 'caller', status: 401, challenge: 'invalid_token',
  message: BAD_TOKEN, event: 'verify.inactive', level: 'info' });
export const keysUnavailable = row({
  reason: 'keys.unavailable', blame: 'dependency', status: 503, message: NO_CHECK,
  event: 'verify.keys_down', level: 'error' });
export const keysRefetchLimited = row({
  reason: 'keys.refetch_limited', blame: 'dependency', status: 503, message: NO_CHECK,
  event: 'verify.keys_refetch_limited', level: 'warn' });
export const introspectionUnavailable = row({
  reason: 'introspection.unavailable', blame: 'dependency', status: 503, message: NO_CHECK,
  event: 'verify.introspection_down', level: 'error' });
export const introspectionGatewayRejected = row({
  reason: 'introspection.gateway_rejected', blame: 'gateway', status: 503, message: NO_CHECK,
  event: 'verify.introspection_gateway_rejected', level: 'error' });
export const audienceMismatch = row({
  reason: 'audience.mismatch', blame: 'caller', status: 401, challenge: 'invalid_token',
  message: 'The access token is not for this server', event: 'authorize.audience', level: 'warn' });
export const audienceLegacy = row({
  reason: 'audience.legacy', blame: 'caller', status: 401, challenge: 'bare',
  message: 'Use a Bearer token here', event: 'authorize.legacy', level: 'info' });
export const bodyTooLarge = row({ reason: 'body.too_large', blame: 'caller', status: 413,
  message: 'Request body too large', event: 'authorize.body_size', level: 'info' });
export const bodyMediaType = row({
  reason: 'body.media_type', blame: 'caller', status: 415, message: 'Send application/json',
  event: 'authorize.media_type', level: 'info' });
export const envelopeUnreadable = row({
  reason: 'envelope.unreadable', blame: 'caller', status: 400, code: -32700,
  message: 'Parse error', event: 'authorize.unreadable', level: 'info' });
export const envelopeInvalid = row({
  reason: 'envelope.invalid', blame: 'caller', status: 400, code: -32600,
  message: 'Invalid Request', event: 'authorize.envelope', level: 'info' });
export const envelopeHeaderMismatch = row({
  reason: 'envelope.header_mismatch', blame: 'caller', status: 400, code: -32020,
  message: 'Header mismatch', event: 'authorize.header_mismatch', level: 'warn' });
export const scopeInsufficient = row({
  reason: 'scope.insufficient', blame: 'caller', status: 403, challenge: 'insufficient_scope',
  message: 'The access token lacks a scope', event: 'authorize.scope', level: 'info' });
export const toolDenied = row({ reason: 'tool.denied', blame: 'caller', status: 403,
  message: 'You may not use this tool', event: 'authorize.tool', level: 'warn' });
export const promptDenied = row({ reason: 'prompt.denied', blame: 'caller', status: 403,
  message: 'You may not use this prompt', event: 'authorize.prompt', level: 'warn' });
export const resourceDenied = row({
  reason: 'resource.denied', blame: 'caller', status: 403,
  message: 'You may not use this resource', event: 'authorize.resource', level: 'warn' });
export const sessionNotFound = row({
  reason: 'session.not_found', blame: 'caller', status: 404, message: 'Session not found',
  event: 'proxy.session', level: 'warn' });
export const upstreamBusy = row({
  reason: 'upstream.busy', blame: 'dependency', status: 503, message: 'The MCP server is busy',
  event: 'proxy.busy', level: 'warn' });
export const upstreamUnreachable = row({
  reason: 'upstream.unreachable', blame: 'dependency', status: 502,
  message: 'The MCP server is unreachable', event: 'proxy.unreachable', level: 'error' });
export const upstreamTimeout = row({
  reason: 'upstream.timeout', blame: 'dependency', status: 504,
  message: 'The MCP server timed out', event: 'proxy.timeout', level: 'error' });
export const upstreamBroken = row({
  reason: 'upstream.broken', blame: 'dependency', status: 502,
  message: 'The MCP server sent no valid response', event: 'proxy.broken', level: 'error' });
export const upstreamGatewayRejected = row({
  reason: 'upstream.gateway_rejected', blame: 'gateway', status: 502,
  message: 'The MCP server rejected the gateway', event: 'proxy.gateway_rejected',
  level: 'error' });
export const upstreamVersion = row({
  reason: 'upstream.version', blame: 'dependency', status: 502,
  message: 'The MCP server chose an unsupported protocol version',
  event: 'proxy.version', level: 'error' });
export const streamBroken = row({
  reason: 'stream.broken', blame: 'dependency', code: -31502,
  message: 'The response of the MCP server is incomplete', event: 'proxy.stream_broken',
  level: 'warn' });
export const streamMaxDuration = row({
  reason: 'stream.max_duration', blame: 'caller', code: -31504,
  message: 'The stream reached its time limit', event: 'proxy.stream_max_duration',
  level: 'info' });
export const streamRevoked = row({
  reason: 'stream.revoked', blame: 'caller', code: -31401,
  message: 'The access of this stream has ended', event: 'proxy.stream_revoked',
  level: 'info' });
export const connectionBadRequest = row({
  reason: 'connection.bad_request', blame: 'caller', status: 400, message: 'Bad request',
  event: 'http.bad_request', level: 'info' });
export const connectionTargetTooLong = row({
  reason: 'connection.target_too_long', blame: 'caller', status: 414, code: null,
  event: 'http.target', level: 'info' });
export const connectionHeadersTooLarge = row({
  reason: 'connection.headers_too_large', blame: 'caller', status: 431,
  message: 'The request header is too large', event: 'http.headers', level: 'info' });
export const connectionTooSlow = row({
  reason: 'connection.too_slow', blame: 'caller', status: 408, code: null, event: 'http.slow',
  level: 'info' });
export const connectionExpectation = row({
  reason: 'connection.expectation', blame: 'caller', status: 417,
  message: 'Send no Expect header other than 100-continue', event: 'http.expectation',
  level: 'info' });
export const clientStalled = row({ reason: 'client.stalled', blame: 'caller',
  event: 'http.client_stalled', level: 'info' });
export const credentialInQuery = row({
  reason: 'credential.in_query', blame: 'caller', status: 400, challenge: 'invalid_request',
  message: 'Send the credential in a header, not in the URL', event: 'identify.in_query',
  level: 'info' });
export const credentialMultiple = row({
  reason: 'credential.multiple', blame: 'caller', status: 400, challenge: 'invalid_request',
  message: 'Send one credential only', event: 'identify.multiple', level: 'info' });
export const keyUnknown = row({
  reason: 'key.unknown', blame: 'caller', status: 401, challenge: 'bare',
  message: 'The API key is not valid', event: 'verify.key', level: 'info' });
export const keySunset = row({
  reason: 'key.sunset', blame: 'caller', status: 401, challenge: 'bare',
  message: 'This API key was retired; use OAuth', event: 'verify.sunset', level: 'warn' });
export const verifyFault = row({ reason: 'verify.fault', blame: 'gateway', status: 503,
  message: NO_CHECK, event: 'verify.fault', level: 'error' });
export const verifyBusy = row({ reason: 'verify.busy', blame: 'gateway', status: 503,
  message: NO_CHECK, event: 'verify.busy', level: 'error' });
export const envelopeVersion = row({
  reason: 'envelope.version', blame: 'caller', status: 400, code: -32022,
  message: 'Unsupported protocol version', event: 'authorize.version', level: 'info' });
export const envelopeMeta = row({
  reason: 'envelope.meta', blame: 'caller', status: 400, code: -32602,
  message: 'Missing request metadata', event: 'authorize.meta', level: 'info' });
export const methodDenied = row({ reason: 'method.denied', blame: 'caller', status: 403,
  message: 'You may not use this method', event: 'authorize.method', level: 'warn' });
export const claimMissing = row({ reason: 'claim.missing', blame: 'caller', status: 403,
  message: 'Your token lacks what this server needs', event: 'authorize.claim', level: 'warn' });
export const rateLimited = row({ reason: 'rate.limited', blame: 'caller', status: 429,
  message: 'Too many requests', event: 'authorize.rate', level: 'info' });
export const limitsUnavailable = row({
  reason: 'limits.unavailable', blame: 'dependency', status: 503,
  message: 'Cannot count requests right now', event: 'authorize.limits_down', level: 'warn' });
export const exchangeRefused = row({ reason: 'exchange.refused', blame: 'caller', status: 403,
  message: 'Your token cannot be used for this server', event: 'proxy.exchange_refused',
  level: 'warn' });
export const exchangeUnavailable = row({
  reason: 'exchange.unavailable', blame: 'dependency', status: 503, message: NO_EXCHANGE,
  event: 'proxy.exchange_down', level: 'error' });
export const exchangeGatewayRejected = row({
  reason: 'exchange.gateway_rejected', blame: 'gateway', status: 503, message: NO_EXCHANGE,
  event: 'proxy.exchange_gateway_rejected', level: 'error' });
export const upstreamRefusedCaller = row({
  reason: 'upstream.refused_caller', blame: 'caller', status: 401, challenge: 'bare',
  message: 'The MCP server rejected your credential', event: 'proxy.refused_caller',
  level: 'info' });
// The gateway relays these two responses unchanged: the rows are for the log and the metric.
export const upstreamClientError = row({ reason: 'upstream.client_error', blame: 'caller',
  event: 'proxy.client_error', level: 'info' });
export const upstreamServerError = row({ reason: 'upstream.server_error', blame: 'dependency',
  event: 'proxy.server_error', level: 'warn' });
// The oauth room writes these answers (RFC 6749 section 5.2): the rows are for log and metric.
export const grantRefused = row({ reason: 'grant.refused', blame: 'caller',
  event: 'oauth.refused', level: 'info' });
export const grantLimited = row({ reason: 'grant.limited', blame: 'caller',
  event: 'oauth.limited', level: 'warn' });
export const grantUnavailable = row({ reason: 'grant.unavailable', blame: 'gateway',
  event: 'oauth.unavailable', level: 'error' });
export const upstreamLoop = row({ reason: 'upstream.loop', blame: 'gateway', status: 508,
  message: 'The gateway forwards to itself', event: 'proxy.loop', level: 'error' });

/**
 * Denials by policy. No other token would help, so the operator can choose a JSON-RPC error with
 * HTTP 200 instead of 403 (A-34, policy denial).
 */
export const policyDenials: ReadonlySet<FailureDefinition> = new Set([
  toolDenied.definition,
  promptDenied.definition,
  resourceDenied.definition,
  methodDenied.definition,
]);
