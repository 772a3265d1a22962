// Finds the lists that the gateway filters in a response: lists that the message requests and that
// have rules. An entry is visible if a call may use it, or may after the caller requests scopes
// (A-37, filtered lists).
import type { Message } from '../core/message.js';
import type { Kind, Policy } from '../core/policy.js';
import type { Caller } from '../core/principal.js';
import type { ListMember, ListView } from '../mcp/lists.js';
import type { Rules } from './rules.js';

/** Rules compare a template as it is written, like the URI of a resource. */
const KINDS: Readonly<Record<ListMember, Kind>> = {
  tools: 'tool',
  prompts: 'prompt',
  resources: 'resource',
  resourceTemplates: 'resource',
};
const MEMBERS = Object.keys(KINDS) as ListMember[];

const REQUESTED_BY: ReadonlyMap<string | null, ListMember> = new Map([
  ['tools/list', 'tools'],
  ['prompts/list', 'prompts'],
  ['resources/list', 'resources'],
  ['resources/templates/list', 'resourceTemplates'],
]);

const isFiltered = (policy: Policy, member: ListMember): boolean =>
  (policy[KINDS[member]]?.filterLists ?? false) !== false;

function requestedBy({ calls }: Message): readonly ListMember[] {
  const found = new Set<ListMember>();
  for (const { method } of calls) {
    const member = REQUESTED_BY.get(method);
    if (member !== undefined) found.add(member);
  }
  return [...found];
}

/** Null: the response passes unchanged. */
export function findListView(
  policy: Policy,
  isListed: Rules['isListed'],
  caller: Caller,
  message: Message,
): ListView | null {
  // A GET stream may replay any earlier response.
  const requested = message.body === null ? MEMBERS : requestedBy(message);
  const members = requested.filter((member) => isFiltered(policy, member));
  if (members.length === 0) return null;
  return { members, mayUse: (member, name) => isListed(caller, KINDS[member], name) };
}
