// The headers that fit a message (B-20, B-21, B-30..B-36, B-50..B-53, B-58, B-61, B-63).
//
// Written from the requirements. It shares no code with src/.
import type { Lines } from './exchange.js';
import type { MessageContent } from './strict-reference.js';

const MODERN = '2026-07-28';
const LEGACY = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'];

const mirroredName = ({ method, name, uri, taskId }: MessageContent): { named: boolean; value: string | undefined } => {
  if (method === 'tools/call' || method === 'prompts/get') return { named: true, value: name };
  if (method === 'resources/read') return { named: true, value: uri };
  if (method?.startsWith('tasks/') && ['get', 'update', 'cancel'].includes(method.slice(6)))
    return { named: true, value: taskId };
  return { named: false, value: undefined };
};

/** A name as a correct client writes it in a header. */
export function written(name: string): string {
  const plain = /^[\x21-\x7e]+( +[\x21-\x7e]+)*$/.test(name) && !name.startsWith('=?');
  return plain ? name : `=?base64?${btoa(String.fromCharCode(...new TextEncoder().encode(name)))}?=`;
}

function decoded(value: string): string | undefined {
  if ([...value].some((letter) => letter < ' ' || letter > '~')) return undefined;
  if (!value.startsWith('=?base64?')) return value;
  if (!value.endsWith('?=')) return undefined;
  const inner = value.slice('=?base64?'.length, -2);
  try {
    const bytes = atob(inner);
    if (btoa(bytes) !== inner) return undefined;
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes, (one) => one.charCodeAt(0)));
  } catch {
    return undefined;
  }
}

/** The headers that a client sends with these messages. */
export function honest(messages: readonly MessageContent[], batch: boolean): [string, string][] {
  const message = messages[0];
  if (batch || message === undefined) return [['MCP-Protocol-Version', '2025-03-26']];
  if (message.metaVersion === undefined) return [['MCP-Protocol-Version', '2025-11-25']];
  const lines: [string, string][] = [['MCP-Protocol-Version', message.metaVersion]];
  if (message.method !== undefined) lines.push(['Mcp-Method', message.method]);
  const { value } = mirroredName(message);
  if (value !== undefined) lines.push(['Mcp-Name', written(value)]);
  return lines;
}

/** The era in which these messages pass with these headers; null if they must be rejected. */
export function eraWith(lines: Lines, messages: readonly MessageContent[], batch: boolean): 'modern' | 'legacy' | null {
  const valuesOf = (name: string): string[] => lines.filter(([one]) => one.toLowerCase() === name).map(([, value]) => value);
  const [versions, methods, names] = ['mcp-protocol-version', 'mcp-method', 'mcp-name'].map(valuesOf) as [
    string[],
    string[],
    string[],
  ];
  if ([versions, methods, names, valuesOf('mcp-session-id')].some(({ length }) => length > 1)) return null;
  const [version] = versions;
  if (batch) {
    const served = version === undefined || version === '2025-03-26';
    return served && messages.length > 0 && messages.every(({ metaVersion }) => metaVersion === undefined) ? 'legacy' : null;
  }
  const message = messages[0] as MessageContent;
  if (message.method === 'initialize' && message.metaVersion === undefined) return 'legacy';
  if (version !== MODERN && message.metaVersion === undefined)
    return version === undefined || LEGACY.includes(version) ? 'legacy' : null;
  const notification = message.idText === undefined;
  if (message.method === undefined || version !== MODERN) return null;
  if (message.metaVersion !== version && !(notification && message.metaVersion === undefined)) return null;
  if (!notification && (!message.metaHasCapabilities || methods.length === 0)) return null;
  if (methods.length > 0 && methods[0] !== message.method) return null;
  const { named, value } = mirroredName(message);
  if (!named || (notification && names.length === 0)) return 'modern';
  return names.length > 0 && value !== undefined && decoded(names[0] as string) === value ? 'modern' : null;
}
