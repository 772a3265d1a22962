// Decides whether the headers that mirror a modern request say what its body says (MCP 2026-07-28, transports, B-50..B-53). Decisions are
// taken from the body; this only refuses those who say two things.
import { isUtf8 } from 'node:buffer';
import { type RequestHead, singleHeader } from '../core/exchange.js';
import type { Scanned } from './scan.js';

/** Which member of `params` a method's Mcp-Name mirrors. */
const NAMED_BY: ReadonlyMap<string, 'name' | 'uri' | 'taskId'> = new Map([
  ['tools/call', 'name'],
  ['prompts/get', 'name'],
  ['resources/read', 'uri'],
  ['tasks/get', 'taskId'],
  ['tasks/update', 'taskId'],
  ['tasks/cancel', 'taskId'],
]);

/** The legacy methods that are about a resource, and that no header mirrors. */
const ALSO_NAMED_BY: ReadonlyMap<string, 'uri'> = new Map([
  ['resources/subscribe', 'uri'],
  ['resources/unsubscribe', 'uri'],
]);

const VISIBLE = /^[\x20-\x7e]*$/;
/** Exact, lower-case markers; anything else is a literal (B-53). */
const SENTINEL = /^=\?base64\?([A-Za-z0-9+/]*={0,2})\?=$/;

/** What the call is about: a tool, a prompt, a resource or a task. */
export function nameOf(scanned: Scanned): string | undefined {
  const method = scanned.method ?? '';
  const member = NAMED_BY.get(method) ?? ALSO_NAMED_BY.get(method);
  return member === undefined ? undefined : scanned[member];
}

/** The value a mirrored header stands for; null where it cannot be decoded. */
export function decodeMirrored(value: string): string | null {
  if (!VISIBLE.test(value)) return null;
  const encoded = SENTINEL.exec(value)?.[1];
  if (encoded === undefined) return value.startsWith('=?base64?') ? null : value;
  const bytes = Buffer.from(encoded, 'base64');
  return bytes.toString('base64') === encoded && isUtf8(bytes) ? bytes.toString('utf8') : null;
}

/** Null where headers and body agree, else what does not. `scanned` is a modern message. */
export function disagreement(head: RequestHead, scanned: Scanned): string | null {
  const method = singleHeader(head, 'mcp-method');
  const name = singleHeader(head, 'mcp-name');
  if (method === null || name === null) return 'a mirrored header stands twice';
  // Undefined on notifications in this revision (B-61): absent is fine there, a lie is not.
  const optional = scanned.idText === undefined;
  if (method === undefined ? !optional : method !== scanned.method) return 'Mcp-Method';
  const needed = NAMED_BY.has(scanned.method ?? '');
  if (name === undefined && (optional || !needed)) return null;
  const expected = nameOf(scanned);
  // Where there is nothing to hold it against it does not cross, see proxy/headers.ts.
  if (expected === undefined) return needed ? 'the body has no name' : null;
  return name !== undefined && decodeMirrored(name) === expected ? null : 'Mcp-Name';
}
