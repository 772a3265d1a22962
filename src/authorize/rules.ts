// Checks calls against the rules of an endpoint for methods, tools, prompts and resources. It uses
// the body alone, never a header that mirrors it (A-35, B-57: the executed operation).
import type { Endpoint } from '../core/endpoint.js';
import type { Failure } from '../core/failure.js';
import {
  envelopeInvalid,
  methodDenied,
  promptDenied,
  resourceDenied,
  toolDenied,
} from '../core/failures.js';
import type { Call, Message } from '../core/message.js';
import type { ClaimRule, Kind, Policy } from '../core/policy.js';
import type { Caller } from '../core/principal.js';
import { COMPLETE, METHODS, SUBSCRIBE } from '../mcp/methods.js';
import { referencesOf } from './completion-references.js';
import { createGlob } from './glob.js';
import { createRequirements, type Requirements } from './requirements.js';
import { checkScope, missingScope } from './scope.js';

export interface Rules {
  /** Null: the caller may send the message. */
  check(caller: Caller, message: Message): Failure | null;
  /**
   * True if a list shows the name to the caller. It is the same decision as for calls, so that
   * lists and calls always agree.
   */
  isListed(caller: Caller, kind: Kind, name: string): boolean;
  /** The requirements of a call. Null: there are no rules for this kind. */
  requirements(kind: Kind, name: string): Requirements | null;
}

type Scopes = readonly string[];

const DENIED = { tool: toolDenied, prompt: promptDenied, resource: resourceDenied } as const;

/** True if the claim has the required value, or is a list that contains it. */
export function hasClaim(
  { claim, has }: ClaimRule,
  claims: Readonly<Record<string, unknown>>,
): boolean {
  const value = Object.hasOwn(claims, claim) ? claims[claim] : undefined;
  return value === has || (Array.isArray(value) && value.includes(has));
}

/** For the log and the audit. */
interface Denial {
  readonly detail: string;
  readonly rule?: string;
}

/** Why more scopes would not help this caller (A-34, policy denial). Null: they would. */
function denialFor(caller: Caller, required: Requirements): Denial | null {
  const { denialDetail, denyingRule } = required;
  if (denialDetail !== null)
    return { detail: denialDetail, ...(denyingRule !== null && { rule: denyingRule }) };
  if (caller.kind === 'pass-through')
    return required.requiresPrincipal
      ? { detail: 'a pass-through caller cannot prove scopes or claims' }
      : null;
  const missing = required.claims.find((rule) => !hasClaim(rule, caller.claims));
  if (missing === undefined) return null;
  const { claim, rule } = missing;
  if (caller.kind !== 'key') return { detail: `the claim ${claim} lacks the required value`, rule };
  return { detail: `the rule requires the claim ${claim}, and an API key has no claims`, rule };
}

/** The scopes that clients can request: the published ones, and those that these include. */
const requestableScopes = ({ scopesSupported, scopeImplies }: Endpoint): ReadonlySet<string> =>
  new Set(scopesSupported.flatMap((scope) => [scope, ...(scopeImplies.get(scope) ?? [])]));

export function createRules(endpoint: Endpoint, policy: Policy): Rules {
  const base = endpoint.scopes;
  const requestable = requestableScopes(endpoint);
  const allowed = policy.allowedMethods.map(createGlob);
  const find = (kind: Kind) =>
    policy[kind] === null ? null : createRequirements(kind, policy[kind], base);
  const finders = { tool: find('tool'), prompt: find('prompt'), resource: find('resource') };

  /** The scopes that a tool, prompt or resource requires, or a failure that no scope prevents. */
  function scopesForTarget(caller: Caller, kind: Kind, name: string | null): Scopes | Failure {
    const finder = finders[kind];
    if (finder === null) return base;
    if (name === null) return envelopeInvalid({ detail: `the call does not name a ${kind}` });
    const required = finder(name);
    const denial = denialFor(caller, required);
    return denial === null ? required.scopes : DENIED[kind](denial);
  }

  /** The scopes that all targets of a completion or a subscription require. */
  function scopesForRefs(caller: Caller, method: string, message: Message): Scopes | Failure {
    if (finders.prompt === null && finders.resource === null) return base;
    // In a batch the gateway does not know which part of the body belongs to this call.
    const references =
      message.calls.length === 1 && message.body !== null
        ? referencesOf(message.body, method)
        : null;
    if (references === null)
      return envelopeInvalid({ detail: `the targets of ${method} are missing or ambiguous` });
    const scopes = new Set(base);
    for (const { kind, name } of references) {
      const required = scopesForTarget(caller, kind, name);
      if ('ok' in required) return required;
      for (const scope of required) scopes.add(scope);
    }
    return [...scopes];
  }

  function scopesForCall(
    caller: Caller,
    { method, name }: Call,
    message: Message,
  ): Scopes | Failure {
    if (method === null)
      return policy.clientResponses
        ? base
        : methodDenied({ detail: 'a response of the client', rule: 'methods.clientResponses' });
    if (method === COMPLETE || method === SUBSCRIBE) return scopesForRefs(caller, method, message);
    const target = METHODS.get(method);
    if (target === undefined) {
      return allowed.some((matches) => matches(method))
        ? base
        : methodDenied({ detail: 'not a method of the protocol', rule: 'methods.allow' });
    }
    return target === null || target.kind === null
      ? base
      : scopesForTarget(caller, target.kind, name);
  }

  return {
    check(caller, message) {
      const { calls } = message;
      let scopes = base;
      for (const call of calls) {
        const found = scopesForCall(caller, call, message);
        if ('ok' in found) return found;
        scopes = calls.length === 1 ? found : [...new Set([...scopes, ...found])];
      }
      return checkScope(caller, endpoint, scopes);
    },
    requirements: (kind, name) => finders[kind]?.(name) ?? null,
    isListed(caller, kind, name) {
      const scopes = scopesForTarget(caller, kind, name);
      if ('ok' in scopes) return false;
      const needed =
        policy[kind]?.filterLists === 'denied-only'
          ? scopes.filter((scope) => !requestable.has(scope))
          : scopes;
      return missingScope(caller, endpoint, needed) === null;
    },
  };
}
