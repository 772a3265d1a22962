// Decides which methods the protocol has for clients to call, in any revision served, and which kind of thing each is about. Where an endpoint has
// a policy all others are refused: the set is open, and what nobody judged is not allowed (B-107).
import type { Kind } from '../core/policy.js';

/** What the rules of a kind must be asked about; null where a method is about none. */
export const KNOWN_METHODS: ReadonlyMap<string, Kind | null> = new Map<string, Kind | null>([
  ['tools/call', 'tool'],
  ['tools/list', null],
  ['prompts/get', 'prompt'],
  ['prompts/list', null],
  ['resources/read', 'resource'],
  ['resources/subscribe', 'resource'],
  ['resources/unsubscribe', 'resource'],
  ['resources/list', null],
  ['resources/templates/list', null],
  ['initialize', null],
  ['ping', null],
  ['logging/setLevel', null],
  ['server/discover', null],
  ['tasks/get', null],
  ['tasks/update', null],
  ['tasks/cancel', null],
  ['tasks/result', null],
  ['tasks/list', null],
  ['notifications/initialized', null],
  ['notifications/cancelled', null],
  ['notifications/progress', null],
  ['notifications/roots/list_changed', null],
  ['notifications/tasks/status', null],
]);

/** Those that name what they are about deeper than at the top of `params`; see references.ts. */
export const REFERRING_METHODS: ReadonlySet<string> = new Set(['completion/complete', 'subscriptions/listen']);
