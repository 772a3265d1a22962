// Creates the authorizer of an endpoint. It checks the base scopes, and the rules if the endpoint
// has them.
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
  /** The lists in a response as the caller may see them. Null: the response passes unchanged. */
  listView(caller: Caller, message: Message): ListView | null;
  /** The requirements of a call. Null: no rules for this kind, so the base scopes suffice. */
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
    listView: (caller, message) => findListView(policy, rules.isListed, caller, message),
    requirements: rules.requirements,
  };
}
