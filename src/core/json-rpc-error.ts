// Decides how a failure is written as a JSON-RPC error. In core, because http/ writes the body of a refusal so and proxy/ the last event of a
// stream. Never decides that there is one.
import type { Failure } from './failure.js';

/**
 * Null where the row has no code. Without an id where the body was not read: MCP allows that, and a guess would be worse (D-02).
 * `exchangeId` is in the log too.
 */
export function jsonRpcError(
  failure: Failure,
  exchangeId: string,
  idText: string | undefined,
): string | null {
  const { definition } = failure;
  if (definition.code === null) return null;
  const data: Record<string, unknown> = { requestId: exchangeId, ...failure.data };
  if (definition.challenge !== null && definition.challenge !== 'bare')
    data.error = definition.challenge;
  const error = JSON.stringify({ code: definition.code, message: definition.message, data });
  return `{"jsonrpc":"2.0",${idText === undefined ? '' : `"id":${idText},`}"error":${error}}`;
}
