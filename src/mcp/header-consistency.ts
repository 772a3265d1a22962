// Decides whether the headers that mirror a modern request say what its body says (MCP 2026-07-28, transports, B-50..B-53). Decisions are
// taken from the body; this only refuses those who say two things.
import { isUtf8 } from 'node:buffer';
import { type RequestHead, singleHeader } from '../core/exchange.js';
import type { MessageFields } from './message-reader.js';
import { METHODS } from './methods.js';

const VISIBLE = /^[\x20-\x7e]*$/;
/** Exact, lower-case markers; anything else is a literal (B-53). */
const SENTINEL = /^=\?base64\?([A-Za-z0-9+/]*={0,2})\?=$/;

/** What the call is about: a tool, a prompt, a resource or a task. */
export function nameOf(scanned: MessageFields): string | undefined {
  const about = METHODS.get(scanned.method ?? '');
  return about ? scanned[about.member] : undefined;
}

/** The value a mirrored header stands for; null where it cannot be decoded. */
export function decodeHeaderValue(value: string): string | null {
  if (!VISIBLE.test(value)) return null;
  const encoded = SENTINEL.exec(value)?.[1];
  if (encoded === undefined) return value.startsWith('=?base64?') ? null : value;
  const bytes = Buffer.from(encoded, 'base64');
  return bytes.toString('base64') === encoded && isUtf8(bytes) ? bytes.toString('utf8') : null;
}

/** Null where headers and body agree, else what does not. `scanned` is a modern message; each header stands once at most. */
export function findMismatch(head: RequestHead, scanned: MessageFields): string | null {
  const method = singleHeader(head, 'mcp-method');
  const name = singleHeader(head, 'mcp-name');
  // Undefined on notifications in this revision (B-61): absent is fine there, a lie is not.
  const optional = scanned.idText === undefined;
  if (method === undefined ? !optional : method !== scanned.method) return 'Mcp-Method';
  const needed = METHODS.get(scanned.method ?? '')?.mirrored === true;
  if (name === undefined && (optional || !needed)) return null;
  const expected = nameOf(scanned);
  // Where there is nothing to hold it against it does not cross, see proxy/headers.ts.
  if (expected === undefined) return needed ? 'the body has no name' : null;
  return typeof name === 'string' && decodeHeaderValue(name) === expected ? null : 'Mcp-Name';
}
