// Resolves the policy of an endpoint, and the scopes that follow from its rules.
import type { KindPolicy, Policy, Rule } from '../core/policy.js';
import type { WithSecrets } from './resolve-secrets.js';
import type { EndpointInput } from './schema/endpoint.js';

interface KindInput {
  readonly default: 'allow' | 'deny';
  readonly filterLists: KindPolicy['filterLists'];
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

/** Null without any policy field. Then the upstream alone decides what its callers may do. */
export function resolvePolicy({
  tools,
  prompts,
  resources,
  methods,
}: WithSecrets<EndpointInput>): Policy | null {
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
    allowedMethods: methods?.allow ?? [],
    clientResponses: methods?.clientResponses !== 'deny',
  };
}

/** All scopes that a client may need: the base scopes, then those of the rules in their order. */
export function scopesOf({
  scopes,
  tools,
  prompts,
  resources,
}: WithSecrets<EndpointInput>): readonly string[] {
  const ruled = [tools, prompts, resources].flatMap(
    (kind) => kind?.rules.flatMap((rule) => rule.scopes) ?? [],
  );
  return [...new Set([...scopes, ...ruled])];
}

/** Every scope that a challenge may name. The metadata alone may have offline_access. */
export function ownScopes(input: WithSecrets<EndpointInput>): readonly string[] {
  const { scopesSupported = [], scopeImplies } = input;
  const all = new Set([...scopesOf(input), ...scopesSupported, ...Object.keys(scopeImplies)]);
  all.delete('offline_access');
  return [...all];
}

/** For each scope all scopes that it implies, also by way of other scopes. */
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
