// Decides by whose rules a message is judged: those of its endpoint, or where there are none by its base scopes alone.
import type { Endpoint } from '../core/endpoint.js';
import type { Failure } from '../core/failure.js';
import type { Message } from '../core/message.js';
import type { Kind } from '../core/policy.js';
import type { Caller } from '../core/principal.js';
import type { Requirements } from './requirements.js';
import { createRules, type Rules } from './rules.js';
import { checkScope } from './scope.js';

export interface Allowed {
  check(caller: Caller, endpoint: Endpoint, message: Message): Failure | null;
  mayUse(caller: Caller, endpoint: Endpoint, kind: Kind, name: string): boolean;
  /** Null where no rule says anything of its kind: then the base scopes are all that it needs. */
  needs(endpoint: Endpoint, kind: Kind, name: string): Requirements | null;
}

export function createAllowed(endpoints: readonly Endpoint[]): Allowed {
  const rules = new Map<Endpoint, Rules>();
  for (const endpoint of endpoints)
    if (endpoint.policy !== null) rules.set(endpoint, createRules(endpoint, endpoint.policy));
  // An endpoint whose rules are not known here is a bug, and a bug refuses.
  const rulesOf = (endpoint: Endpoint): Rules => {
    const found = rules.get(endpoint);
    if (found === undefined) throw new Error('no rules for this endpoint');
    return found;
  };
  return {
    check: (caller, endpoint, message) =>
      endpoint.policy === null
        ? checkScope(caller, endpoint, endpoint.scopes)
        : rulesOf(endpoint).check(caller, message),
    needs: (endpoint, kind, name) =>
      endpoint.policy === null ? null : rulesOf(endpoint).needs(kind, name),
    mayUse: (caller, endpoint, kind, name) =>
      endpoint.policy === null || rulesOf(endpoint).mayUse(caller, kind, name),
  };
}
