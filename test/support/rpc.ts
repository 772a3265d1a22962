// JSON-RPC messages of both eras as the steps behind the corridor read them.

import type { Failure } from '../../src/core/failure.js';
import { type MessageFields, readMessages } from '../../src/mcp/message-reader.js';
import { checkVersion } from '../../src/mcp/protocol-version.js';
import { head, type Lines } from './exchange.js';
import { reasonOf } from './kinds.js';

export type Json = Record<string, unknown>;

export const MODERN = '2026-07-28';
const PREFIX = 'io.modelcontextprotocol/';

/** The `_meta` that revision 2026-07-28 asks for. */
export const meta = (version: unknown = MODERN): Json => ({
  [`${PREFIX}protocolVersion`]: version,
  [`${PREFIX}clientCapabilities`]: {},
});

export function request(method = 'tools/call', params: Json = { name: 'echo' }, more: Json = {}): Json {
  return { jsonrpc: '2.0', id: 7, method, params, ...more };
}

export const modernRequest = (method = 'tools/call', params: Json = { name: 'echo' }): Json =>
  request(method, { ...params, _meta: meta() });

/** The headers that mirror a modern call of the tool echo; a value of null removes one. */
export function mirrored(changes: Record<string, string | null> = {}): Lines {
  const lines = { 'MCP-Protocol-Version': MODERN, 'Mcp-Method': 'tools/call', 'Mcp-Name': 'echo', ...changes };
  return Object.entries(lines).filter((line): line is [string, string] => line[1] !== null);
}

export function scanned(message: unknown): MessageFields {
  const result = readMessages(Buffer.from(JSON.stringify(message)));
  if (!result.ok) throw new Error(`not a message: ${result.detail}`);
  return result.messages[0] as MessageFields;
}

/** The era of a POST with this body, or its refusal. Null as body: a GET. */
export function eraOf(lines: Lines, body: unknown): ReturnType<typeof checkVersion> {
  if (body === null) return checkVersion(head({ lines }), null);
  const result = readMessages(Buffer.from(JSON.stringify(body)));
  if (!result.ok) throw new Error(`not a message: ${result.detail}`);
  return checkVersion(head({ lines }), result);
}

/** `modern`, `legacy`, or kind and code of the refusal. */
export function era(lines: Lines, body: unknown): string {
  const found = eraOf(lines, body);
  return found.ok ? found.value : `${reasonOf(found)} ${(found as Failure).definition.code}`;
}
