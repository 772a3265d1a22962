// Decides which lists of an answer are filtered: those that the message asks for and the endpoint has rules about. What is shown is what a call may
// use, by the same judgement. Never decides how an answer is cut.
import type { Message } from '../core/message.js';
import type { Kind, Policy } from '../core/policy.js';
import type { Caller } from '../core/principal.js';
import type { ListMember, ListView } from '../mcp/lists.js';
import type { Rules } from './rules.js';

/** A template is judged as it is written: it shows where the rules show what begins and ends like it. */
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
  policy[KINDS[member]]?.filterLists === true;

function requestedBy({ calls }: Message): readonly ListMember[] {
  const found = new Set<ListMember>();
  for (const { method } of calls) {
    const member = REQUESTED_BY.get(method);
    if (member !== undefined) found.add(member);
  }
  return [...found];
}

/** Null: the answer passes as it is. */
export function findListView(
  policy: Policy,
  mayUse: Rules['mayUse'],
  caller: Caller,
  message: Message,
): ListView | null {
  // A GET stream may replay any earlier answer.
  const requested = message.body === null ? MEMBERS : requestedBy(message);
  const members = requested.filter((member) => isFiltered(policy, member));
  if (members.length === 0) return null;
  return { members, mayUse: (member, name) => mayUse(caller, KINDS[member], name) };
}
