// Checks that a caller has the scopes that a call requires. It compares whole scopes and their case
// (RFC 6749 section 3.3; A-36, exact comparison). A scope includes others only if the configuration
// says so (A-32, scope hierarchies).
import { type Endpoint, MAX_SCOPE_CHARACTERS } from '../core/endpoint.js';
import type { Failure } from '../core/failure.js';
import { scopeInsufficient } from '../core/failures.js';
import type { Caller } from '../core/principal.js';

type Scopes = readonly string[];

const grantedTo = (caller: Caller): Scopes =>
  caller.kind === 'pass-through' ? caller.credential.rule.scopes : caller.scopes;

/** The first required scope that the caller has neither itself nor in a broader scope, or null. */
export function missingScope(caller: Caller, endpoint: Endpoint, required: Scopes): string | null {
  const granted = grantedTo(caller);
  for (const scope of required) {
    if (granted.includes(scope)) continue;
    if (granted.some((broad) => endpoint.scopeImplies.get(broad)?.includes(scope))) continue;
    return scope;
  }
  return null;
}

/**
 * The scopes in the challenge of a call. It requires all of them, not only the missing ones, or the
 * caller has them already. Some clients replace the scopes of their login by these. They would lose
 * the scopes of one tool at a call of the next, and log in for ever. The same call with the same
 * scopes always gets the same bytes (A-31, repeatable challenges).
 */
function scopesToRequest(caller: Caller, { ownScopes }: Endpoint, required: Scopes): Scopes {
  const needed = new Set(required);
  const held = new Set(grantedTo(caller));
  let characters = required.join(' ').length;
  return ownScopes.filter((scope) => {
    if (needed.has(scope)) return true;
    if (!held.has(scope)) return false;
    characters += scope.length + 1;
    return characters <= MAX_SCOPE_CHARACTERS;
  });
}

/** Null: the caller has every required scope, or a scope that includes it. */
export function checkScope(caller: Caller, endpoint: Endpoint, required: Scopes): Failure | null {
  const missing = missingScope(caller, endpoint, required);
  if (missing === null) return null;
  const scopes = scopesToRequest(caller, endpoint, required);
  const rule = `scope ${missing}`;
  return scopeInsufficient({ detail: `${missing} is not granted`, rule, scopes });
}
