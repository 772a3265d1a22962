// The table of methods that a client can call, in any served revision, with the target of each. An
// endpoint with rules denies all other methods: extensions add methods that the rules do not cover
// (B-107, unknown methods).
import type { Message } from '../core/message.js';
import type { Kind } from '../core/policy.js';

/** The target of a call: a tool, a prompt, a resource or a task. */
export interface MethodTarget {
  /** The kind of rules that apply. Null: no rule applies. */
  readonly kind: Kind | null;
  /** The member of `params` that names it. */
  readonly member: 'name' | 'uri' | 'taskId';
  /** True if Mcp-Name of a modern request must have the same value (B-51, mirrored names). */
  readonly mirrored: boolean;
}

const target = (
  kind: Kind | null,
  member: MethodTarget['member'],
  mirrored = true,
): MethodTarget => ({
  kind,
  member,
  mirrored,
});
const task = target(null, 'taskId');

/** The handshake of the legacy revisions. Its body negotiates the revision. */
export const INITIALIZE = 'initialize';

/** By method. Null: the method has no target. */
export const METHODS: ReadonlyMap<string, MethodTarget | null> = new Map<
  string,
  MethodTarget | null
>([
  ['tools/call', target('tool', 'name')],
  ['tools/list', null],
  ['prompts/get', target('prompt', 'name')],
  ['prompts/list', null],
  ['resources/read', target('resource', 'uri')],
  // Legacy revisions only, which mirror no name in a header.
  ['resources/subscribe', target('resource', 'uri', false)],
  ['resources/unsubscribe', target('resource', 'uri', false)],
  ['resources/list', null],
  ['resources/templates/list', null],
  [INITIALIZE, null],
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

/** These two methods name their targets below `params`, see authorize/completion-references.ts. */
export const COMPLETE = 'completion/complete';
/** The response is a stream that stays open. */
export const SUBSCRIBE = 'subscriptions/listen';

/** True for a call whose answer is a stream that stays open until one side ends it. */
export const isListening = (httpMethod: string, { calls }: Message): boolean =>
  httpMethod === 'GET' || (calls.length === 1 && calls[0]?.method === SUBSCRIBE);
