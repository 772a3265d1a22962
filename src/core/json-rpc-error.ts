// Writes a failure as a JSON-RPC error response. It is in core because two rooms use it: http/ for
// the body of a rejection, and proxy/ for the last event of a stream.
import type { Failure } from './failure.js';

/**
 * Null if the failure has no code. The error has no id if the gateway did not read one: MCP allows
 * that (D-02, id not known). The client and the log get the same `exchangeId`.
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
