// Checks that the headers that mirror a modern request agree with its body (MCP 2026-07-28,
// transports, B-50..B-53). Every other decision uses the body alone.
import { isUtf8 } from 'node:buffer';
import { type RequestHead, singleHeader } from '../core/exchange.js';
import type { MessageFields } from './message-reader.js';
import { METHODS } from './methods.js';

const VISIBLE = /^[\x20-\x7e]*$/;
/** The markers are exact and in lower case. Any other value is a literal (B-53, encoded names). */
const SENTINEL = /^=\?base64\?([A-Za-z0-9+/]*={0,2})\?=$/;

/** The name of the tool or prompt, the URI of the resource, or the id of the task of a call. */
export function nameOf(fields: MessageFields): string | undefined {
  const target = METHODS.get(fields.method ?? '');
  return target ? fields[target.member] : undefined;
}

/** Decodes the value of a mirrored header. Null: the value is malformed. */
export function decodeHeaderValue(value: string): string | null {
  if (!VISIBLE.test(value)) return null;
  const encoded = SENTINEL.exec(value)?.[1];
  if (encoded === undefined) return value.startsWith('=?base64?') ? null : value;
  const bytes = Buffer.from(encoded, 'base64');
  return bytes.toString('base64') === encoded && isUtf8(bytes) ? bytes.toString('utf8') : null;
}

/**
 * Compares the headers of a modern message with its body. Returns the header that does not agree,
 * or null. The caller has rejected repeated headers before.
 */
export function findMismatch(head: RequestHead, fields: MessageFields): string | null {
  const method = singleHeader(head, 'mcp-method');
  const name = singleHeader(head, 'mcp-name');
  // A notification may omit these headers (B-61, notifications), but they must not differ.
  const optional = fields.idText === undefined;
  if (method === undefined ? !optional : method !== fields.method) return 'Mcp-Method';
  const required = METHODS.get(fields.method ?? '')?.mirrored === true;
  if (name === undefined && (optional || !required)) return null;
  const expected = nameOf(fields);
  // The gateway does not forward a Mcp-Name that it cannot compare, see proxy/headers.ts.
  if (expected === undefined) return required ? 'the body has no name' : null;
  return typeof name === 'string' && decodeHeaderValue(name) === expected ? null : 'Mcp-Name';
}
