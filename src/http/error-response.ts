// Writes a failure to the client: status, headers and body follow from its row in the table.
import type { Endpoint } from '../core/endpoint.js';
import type { Exchange } from '../core/exchange.js';
import { type Failure, retryAfterSeconds } from '../core/failure.js';
import { policyDenials, sessionNotFound } from '../core/failures.js';
import { jsonRpcError } from '../core/json-rpc-error.js';
import { type Message, requestId } from '../core/message.js';
import { challenge } from './challenge.js';

/** A JSON-RPC error; null where the failure has no body. `idText`: the JSON-RPC id as sent. */
export function errorBody(
  failure: Failure,
  exchangeId: string,
  idText: string | undefined,
): Buffer | null {
  const text = jsonRpcError(failure, exchangeId, idText);
  return text === null ? null : Buffer.from(text);
}

/**
 * True for a denial that the operator wants as a JSON-RPC error with status 200, because some
 * clients register again after each 403. Notifications get no such answer (B-24, no reply).
 */
const isJsonRpcDenial = (
  endpoint: Endpoint | null,
  { definition }: Failure,
  idText: string | undefined,
): boolean =>
  endpoint?.denialResponse === 'jsonrpc' && idText !== undefined && policyDenials.has(definition);

/**
 * The HTTP status for the client; null where there is no client to answer. `idText`: the JSON-RPC
 * id of the call as sent; undefined where it has none.
 */
export const errorStatus = (
  endpoint: Endpoint | null,
  failure: Failure,
  idText: string | undefined,
): number | null => (isJsonRpcDenial(endpoint, failure, idText) ? 200 : failure.definition.status);

/**
 * A lost session is not the failure of one call. With the id of the call, go-sdk does not end the
 * session; with null, it does, and the Python SDK shows the message (measured, docs/clients.md).
 */
function idOf(failure: Failure, message: Message | null): string | undefined {
  if (failure.definition === sessionNotFound.definition) return 'null';
  return failure.idText ?? (message === null ? undefined : requestId(message));
}

export function sendError(
  exchange: Exchange,
  endpoint: Endpoint | null,
  failure: Failure,
  message: Message | null,
): void {
  const idText = idOf(failure, message);
  const status = errorStatus(endpoint, failure, idText);
  if (exchange.disconnected || status === null) return;
  // An answer has begun: cut it, so that the client does not take it for a complete one.
  if (exchange.sentStatus !== 0) return exchange.destroy();
  if (endpoint !== null) exchange.bodyLimitBytes = endpoint.maxBodyBytes;
  const headers = ['cache-control', 'no-store'];
  const challengeValue = endpoint === null ? null : challenge(endpoint, failure);
  if (challengeValue !== null) headers.push('www-authenticate', challengeValue);
  const retryAfter = retryAfterSeconds(failure);
  if (retryAfter !== undefined) headers.push('retry-after', String(retryAfter));
  if (failure.allow !== undefined) headers.push('allow', failure.allow);
  const body = errorBody(failure, exchange.id, idText);
  if (body !== null) headers.push('content-type', 'application/json');
  headers.push('content-length', String(body?.length ?? 0));
  exchange.begin(status, headers);
  // Not in the batch of this turn: bytes that follow in the same packet must find it answered.
  exchange.end(body ?? undefined);
}
