// Decides whether a caller holds the scopes that an endpoint needs for everything. Scopes are compared whole and case-sensitively
// (RFC 6749 section 3.3, A-36).
import type { Endpoint } from '../core/endpoint.js';
import { type Failure, scopeInsufficient } from '../core/failure.js';
import type { Caller } from '../core/principal.js';

export function checkScope(caller: Caller, endpoint: Endpoint): Failure | null {
  const held = caller.kind === 'pass-through' ? caller.credential.rule.scopes : caller.principal.scopes;
  for (const scope of endpoint.scopes) {
    // The challenge names all that the call needs, not what is missing: it must be the same for every caller.
    if (!held.includes(scope)) return scopeInsufficient({ detail: `${scope} is not granted`, scopes: endpoint.scopes });
  }
  return null;
}
