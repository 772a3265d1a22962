// Decides whether a caller holds the scopes that a call needs. Scopes are compared whole and case-sensitively (RFC 6749 section 3.3, A-36);
// one stands for others only where the configuration says so. Never decides what a call needs.
import type { Endpoint } from '../core/endpoint.js';
import type { Failure } from '../core/failure.js';
import { scopeInsufficient } from '../core/failures.js';
import type { Caller } from '../core/principal.js';

/** Null where `wanted` is held, or stood for by what is held. */
export function checkScope(
  caller: Caller,
  endpoint: Endpoint,
  wanted: readonly string[],
): Failure | null {
  const held = caller.kind === 'pass-through' ? caller.credential.rule.scopes : caller.scopes;
  for (const scope of wanted) {
    if (held.includes(scope)) continue;
    if (held.some((one) => endpoint.scopeImplies.get(one)?.includes(scope))) continue;
    // The challenge names all that the call needs, not what is missing: it must be the same for every caller.
    return scopeInsufficient({ detail: `${scope} is not granted`, scopes: wanted });
  }
  return null;
}
