// Checks that a caller has the scopes that a call requires. It compares whole scopes and their case
// (RFC 6749 section 3.3; A-36, exact comparison). A scope includes others only if the configuration
// says so (A-32, scope hierarchies).
import type { Endpoint } from '../core/endpoint.js';
import type { Failure } from '../core/failure.js';
import { scopeInsufficient } from '../core/failures.js';
import type { Caller } from '../core/principal.js';

/** Null: the caller has every required scope, or a scope that includes it. */
export function checkScope(
  caller: Caller,
  endpoint: Endpoint,
  required: readonly string[],
): Failure | null {
  const granted = caller.kind === 'pass-through' ? caller.credential.rule.scopes : caller.scopes;
  for (const scope of required) {
    if (granted.includes(scope)) continue;
    if (granted.some((broad) => endpoint.scopeImplies.get(broad)?.includes(scope))) continue;
    // The challenge names all required scopes, not only the missing ones. It must be the same for
    // every caller (A-31, one complete challenge).
    return scopeInsufficient({ detail: `${scope} is not granted`, scopes: required });
  }
  return null;
}
