// Decides how the policy fields of an endpoint become its policy, and which scopes follow from them.
import type { KindPolicy, Policy, Rule } from '../core/policy.js';
import type { EndpointInput } from './schema/endpoint.js';

interface KindInput {
  readonly default: 'allow' | 'deny';
  readonly filterLists: boolean;
  readonly rules: readonly (Pick<Rule, 'scopes' | 'deny'> & {
    claim?: string | undefined;
    has?: string | number | boolean | undefined;
  })[];
}

function kindPolicy<T extends KindInput>(
  input: T | undefined,
  patternOf: (rule: T['rules'][number]) => string,
): KindPolicy | null {
  if (input === undefined) return null;
  const rules = input.rules.map((rule: T['rules'][number]): Rule => {
    const { claim, has, scopes, deny } = rule;
    return {
      pattern: patternOf(rule),
      scopes,
      deny,
      claim: claim === undefined || has === undefined ? null : { claim, has },
    };
  });
  return { default: input.default, rules, filterLists: input.filterLists };
}

/** Null where nothing was said: then the upstream alone decides what its callers may do. */
export function toPolicy({ tools, prompts, resources, methods }: EndpointInput): Policy | null {
  if (
    tools === undefined &&
    prompts === undefined &&
    resources === undefined &&
    methods === undefined
  )
    return null;
  return {
    tool: kindPolicy(tools, ({ tool }) => tool),
    prompt: kindPolicy(prompts, ({ prompt }) => prompt),
    resource: kindPolicy(resources, ({ resource }) => resource),
    allowedMethods: methods?.also ?? [],
    clientResponses: methods?.clientResponses === 'allow',
  };
}

/** What a client may ever need: the base scopes first, then those of the rules in their order. */
export function scopesOf({ scopes, tools, prompts, resources }: EndpointInput): readonly string[] {
  const ruled = [tools, prompts, resources].flatMap(
    (kind) => kind?.rules.flatMap((rule) => rule.scopes) ?? [],
  );
  return [...new Set([...scopes, ...ruled])];
}

/** Each scope with all that it stands for, also by way of others. */
export function impliedScopes(
  direct: Readonly<Record<string, readonly string[]>>,
): ReadonlyMap<string, readonly string[]> {
  const all = new Map<string, readonly string[]>();
  for (const scope of Object.keys(direct)) {
    const found = new Set<string>();
    const open = [scope];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      for (const implied of Object.hasOwn(direct, next) ? (direct[next] ?? []) : []) {
        if (found.has(implied)) continue;
        found.add(implied);
        open.push(implied);
      }
    }
    all.set(scope, [...found]);
  }
  return all;
}
