// Decides how a failure is written as a JSON-RPC error. In core, because http/ writes the body of a refusal so and proxy/ the last event of a
// stream. Never decides that there is one.
import type { Failure } from './failure.js';

/**
 * Null where the row has no code. Without an id where the body was not read: MCP allows that, and a guess would be worse (D-02).
 * `exchangeId` is in the log too.
 */
export function rpcError(
  failure: Failure,
  exchangeId: string,
  idText: string | undefined,
): string | null {
  const { row } = failure;
  if (row.code === null) return null;
  const data: Record<string, unknown> = { requestId: exchangeId, ...failure.data };
  if (row.challenge !== null && row.challenge !== 'bare') data.error = row.challenge;
  const error = JSON.stringify({ code: row.code, message: row.message, data });
  return `{"jsonrpc":"2.0",${idText === undefined ? '' : `"id":${idText},`}"error":${error}}`;
}
