// Decides what the policy of one endpoint says of a call: its rules for methods, tools, prompts and resources. From the body alone, never from a header
// that mirrors it (A-35, B-57).
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
import { checkScope } from './scope.js';

export interface Rules {
  check(caller: Caller, message: Message): Failure | null;
  /** The same judgement for a name in a list: list and call never disagree. */
  mayUse(caller: Caller, kind: Kind, name: string): boolean;
  /** What the rules want of whoever uses it; null where there are none for its kind. */
  requirements(kind: Kind, name: string): Requirements | null;
}

type Scopes = readonly string[];

const DENIED = { tool: toolDenied, prompt: promptDenied, resource: resourceDenied } as const;

/** Whether the value of a claim is what a rule wants, or holds it. */
export function hasClaim(
  { claim, has }: ClaimRule,
  claims: Readonly<Record<string, unknown>>,
): boolean {
  const value = Object.hasOwn(claims, claim) ? claims[claim] : undefined;
  return value === has || (Array.isArray(value) && value.includes(has));
}

/** Why no scope would help this caller; null where there is no such reason. */
function hindrance(caller: Caller, needs: Requirements): string | null {
  if (needs.denialDetail !== null) return needs.denialDetail;
  if (caller.kind === 'pass-through')
    return needs.requiresPrincipal ? 'a pass-through caller proves no scope and no claim' : null;
  const lacking = needs.claims.find((rule) => !hasClaim(rule, caller.claims));
  return lacking === undefined ? null : `the claim ${lacking.claim}`;
}

export function createRules(endpoint: Endpoint, policy: Policy): Rules {
  const base = endpoint.scopes;
  const also = policy.allowedMethods.map(createGlob);
  const needsOf = (kind: Kind) =>
    policy[kind] === null ? null : createRequirements(kind, policy[kind], base);
  const needs = { tool: needsOf('tool'), prompt: needsOf('prompt'), resource: needsOf('resource') };

  /** The scopes that using one thing needs, or why no scope would help. */
  function use(caller: Caller, kind: Kind, name: string | null): Scopes | Failure {
    const find = needs[kind];
    if (find === null) return base;
    if (name === null) return envelopeInvalid({ detail: `a call that names no ${kind}` });
    const found = find(name);
    const why = hindrance(caller, found);
    return why === null ? found.scopes : DENIED[kind]({ detail: why });
  }

  function referring(caller: Caller, method: string, message: Message): Scopes | Failure {
    if (needs.prompt === null && needs.resource === null) return base;
    // Where one call of several stands in a batch is not known here.
    const references =
      message.calls.length === 1 && message.body !== null
        ? referencesOf(message.body, method)
        : null;
    if (references === null)
      return envelopeInvalid({ detail: `${method} does not say once what it is about` });
    const scopes = new Set(base);
    for (const { kind, name } of references) {
      const needed = use(caller, kind, name);
      if ('ok' in needed) return needed;
      for (const scope of needed) scopes.add(scope);
    }
    return [...scopes];
  }

  function needed(caller: Caller, { method, name }: Call, message: Message): Scopes | Failure {
    if (method === null)
      return policy.clientResponses ? base : methodDenied({ detail: 'a response of the client' });
    if (method === COMPLETE || method === SUBSCRIBE) return referring(caller, method, message);
    const about = METHODS.get(method);
    if (about === undefined) {
      return also.some((matches) => matches(method))
        ? base
        : methodDenied({ detail: 'no method of the protocol' });
    }
    return about === null || about.kind === null ? base : use(caller, about.kind, name);
  }

  return {
    check(caller, message) {
      const { calls } = message;
      let scopes = base;
      for (const call of calls) {
        const found = needed(caller, call, message);
        if ('ok' in found) return found;
        scopes = calls.length === 1 ? found : [...new Set([...scopes, ...found])];
      }
      return checkScope(caller, endpoint, scopes);
    },
    requirements: (kind, name) => needs[kind]?.(name) ?? null,
    mayUse(caller, kind, name) {
      const scopes = use(caller, kind, name);
      return !('ok' in scopes) && checkScope(caller, endpoint, scopes) === null;
    },
  };
}
