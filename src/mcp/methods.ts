// Decides which methods the protocol has for clients to call, in any revision served, and what each is about. Where an endpoint has rules
// all others are refused: the set is open, and what nobody judged is not allowed (B-107). Never decides whether a call is allowed.
import type { Kind } from '../core/policy.js';

/** What one call is about. */
export interface MethodTarget {
  /** The rules that are asked about it; null: none are. */
  readonly kind: Kind | null;
  /** The member of `params` that names it. */
  readonly member: 'name' | 'uri' | 'taskId';
  /** Mcp-Name of a modern request says the same (B-51). */
  readonly mirrored: boolean;
}

const subject = (
  kind: Kind | null,
  member: MethodTarget['member'],
  mirrored = true,
): MethodTarget => ({
  kind,
  member,
  mirrored,
});
const task = subject(null, 'taskId');

/** Null where a method is about nothing in particular. */
export const METHODS: ReadonlyMap<string, MethodTarget | null> = new Map<
  string,
  MethodTarget | null
>([
  ['tools/call', subject('tool', 'name')],
  ['tools/list', null],
  ['prompts/get', subject('prompt', 'name')],
  ['prompts/list', null],
  ['resources/read', subject('resource', 'uri')],
  // Of the legacy revisions, which mirror nothing.
  ['resources/subscribe', subject('resource', 'uri', false)],
  ['resources/unsubscribe', subject('resource', 'uri', false)],
  ['resources/list', null],
  ['resources/templates/list', null],
  ['initialize', null],
  ['ping', null],
  ['logging/setLevel', null],
  ['server/discover', null],
  ['tasks/get', task],
  ['tasks/update', task],
  ['tasks/cancel', task],
  ['tasks/result', null],
  ['tasks/list', null],
  ['notifications/initialized', null],
  ['notifications/cancelled', null],
  ['notifications/progress', null],
  ['notifications/roots/list_changed', null],
  ['notifications/tasks/status', null],
]);

/** Names what it is about deeper than at the top of `params`, as a subscription does; see authorize/references.ts. */
export const COMPLETE = 'completion/complete';
/** Its answer is a stream that stays open. */
export const SUBSCRIBE = 'subscriptions/listen';
