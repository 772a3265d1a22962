// Decides whether a caller may send a message to one endpoint: by its base scopes, and by its
// rules where it has some.
import type { Endpoint } from '../core/endpoint.js';
import type { Authorizer } from '../core/endpoint-runtime.js';
import type { Message } from '../core/message.js';
import type { Kind } from '../core/policy.js';
import type { Caller } from '../core/principal.js';
import type { ListView } from '../mcp/lists.js';
import type { Requirements } from './requirements.js';
import { createRules } from './rules.js';
import { checkScope } from './scope.js';
import { findListView } from './visible-lists.js';

export interface EndpointAuthorizer extends Authorizer {
  /** What a caller may see of the lists in an answer. Null: the answer passes as it is. */
  listView(caller: Caller, message: Message): ListView | null;
  /** What a rule requires. Null where no rule speaks of this kind: the base scopes suffice. */
  requirements(kind: Kind, name: string): Requirements | null;
}

export function createAuthorizer(endpoint: Endpoint): EndpointAuthorizer {
  const { policy } = endpoint;
  if (policy === null) {
    return {
      check: (caller) => checkScope(caller, endpoint, endpoint.scopes),
      listView: () => null,
      requirements: () => null,
    };
  }
  const rules = createRules(endpoint, policy);
  return {
    check: rules.check,
    listView: (caller, message) => findListView(policy, rules.mayUse, caller, message),
    requirements: rules.requirements,
  };
}
