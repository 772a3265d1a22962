// Decides how a failure is written to the caller: status, headers, body, all from its row. Never decides that there is one.
import type { Endpoint } from '../core/endpoint.js';
import type { Exchange } from '../core/exchange.js';
import { type Failure, retryAfterSeconds } from '../core/failure.js';
import { policyDenials } from '../core/failures.js';
import { jsonRpcError } from '../core/json-rpc-error.js';
import { type Message, requestId } from '../core/message.js';
import { challenge } from './challenge.js';

export function errorBody(
  failure: Failure,
  exchangeId: string,
  idText: string | undefined,
): Buffer | null {
  const text = jsonRpcError(failure, exchangeId, idText);
  return text === null ? null : Buffer.from(text);
}

/** Some clients register anew after any 403: their operator has a denial told as the answer of the call. A call without an id gets no answer (B-24). */
const isAnswer = (
  endpoint: Endpoint | null,
  { definition }: Failure,
  idText: string | undefined,
): boolean =>
  endpoint?.denialResponse === 'jsonrpc' && idText !== undefined && policyDenials.has(definition);

/** The status that the caller gets; null where nobody is left to get one. `idText` is the id of the call, where it has one. */
export const errorStatus = (
  endpoint: Endpoint | null,
  failure: Failure,
  idText: string | undefined,
): number | null => (isAnswer(endpoint, failure, idText) ? 200 : failure.definition.status);

export function sendError(
  exchange: Exchange,
  endpoint: Endpoint | null,
  failure: Failure,
  message: Message | null,
): void {
  const idText = failure.idText ?? (message === null ? undefined : requestId(message));
  const status = errorStatus(endpoint, failure, idText);
  if (exchange.disconnected || status === null) return;
  // An answer that has begun cannot become another one: cut it, so that it is not taken for whole.
  if (exchange.sentStatus !== 0) return exchange.destroy();
  const headers = ['cache-control', 'no-store'];
  const line = endpoint === null ? null : challenge(endpoint, failure);
  if (line !== null) headers.push('www-authenticate', line);
  const retryAfter = retryAfterSeconds(failure);
  if (retryAfter !== undefined) headers.push('retry-after', String(retryAfter));
  if (failure.allow !== undefined) headers.push('allow', failure.allow);
  const body = errorBody(failure, exchange.id, idText);
  if (body !== null) headers.push('content-type', 'application/json');
  headers.push('content-length', String(body?.length ?? 0));
  exchange.begin(status, headers, false);
  exchange.end(body ?? undefined);
}
