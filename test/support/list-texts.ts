// List results as text, and their filtered form.
import type { Era } from '../../src/core/message.js';
import type { ListMember, ListView } from '../../src/mcp/lists.js';
import { filterLists } from '../../src/proxy/list-filter.js';

/** Hides names that begin with `no`. `requested`: the names that the view was asked about. */
export function hiding(...members: ListMember[]): ListView & { requested: string[] } {
  const requested: string[] = [];
  return {
    requested,
    members,
    mayUse(member, name) {
      requested.push(`${member} ${name}`);
      return !name.startsWith('no');
    },
  };
}

export const ALL: ListMember[] = ['tools', 'prompts', 'resources', 'resourceTemplates'];

export function filter(text: string | Buffer, view: ListView = hiding('tools'), era: Era = 'legacy'): string {
  const filtered = filterLists(Buffer.from(text), view, era);
  return filtered.ok ? filtered.bytes.toString() : `flaw: ${filtered.detail}`;
}

export const answer = (result: string): string => `{"jsonrpc":"2.0","id":1,"result":${result}}`;
export const tools = (...entries: string[]): string => answer(`{"tools":[${entries.join(',')}]}`);
