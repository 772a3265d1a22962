// Reads the JSON-RPC id of a call that is rejected before its body was read. Some SDKs wait for
// ever for that id, or end their session without it (measured, docs/clients.md).
import type { Exchange } from '../core/exchange.js';
import { requestId } from '../core/message.js';
import { checkReadable, readMessage } from './read-message.js';

/**
 * A request whose body is too long to read begins like this in the SDKs that need the id. `method`
 * shows that it is a request: the id of a response belongs to a call of the server.
 */
const LEADING_ID =
  /^\s*\{\s*"jsonrpc"\s*:\s*"2\.0"\s*,\s*"id"\s*:\s*("[\w.:-]{1,128}"|\d{1,15})\s*,\s*"method"\s*:/;
const LEADING_BYTES = 1024;

/** The id as the caller wrote it; undefined where the bytes are not one call, or not its start. */
function idIn(exchange: Exchange, bytes: Buffer): string | undefined {
  try {
    const message = readMessage(exchange, bytes);
    if (message.ok) return requestId(message.value);
    return message.idText ?? LEADING_ID.exec(bytes.toString('latin1', 0, LEADING_BYTES))?.[1];
  } catch {
    // No body changes the rejection, not even one that its reader cannot bear.
    return undefined;
  }
}

/** Calls its listener once: at once, or when the bytes have arrived or are late. */
export function readCallId(exchange: Exchange, listener: (idText: string | undefined) => void) {
  if (exchange.method !== 'POST' || checkReadable(exchange) !== null) return listener(undefined);
  exchange.readStart((bytes) => listener(bytes === null ? undefined : idIn(exchange, bytes)));
}
