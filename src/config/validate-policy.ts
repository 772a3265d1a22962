// Decides which rules of a policy contradict themselves: a claim without its value, a condition on what nobody may use. Every check reports;
// none repairs.
import type { Check, SeenEndpoint } from './parsed.js';
import type { Path, Problem } from './problems.js';
import { CLAIM_HINT, HAS_HINT } from './schema/policy.js';

const KINDS = ['tools', 'prompts', 'resources'] as const;

type SeenRule = NonNullable<NonNullable<NonNullable<SeenEndpoint['tools']>['rules']>[number]>;

function ruleProblems(
  { claim, has, deny, scopes = [] }: Omit<SeenRule, 'tool'>,
  path: Path,
): Problem[] {
  const problems: Problem[] = [];
  const tell = (field: string, message: string) =>
    problems.push({ path: [...path, field], message });
  if (claim !== undefined && has === undefined) tell('has', HAS_HINT);
  if (claim === undefined && has !== undefined) tell('claim', CLAIM_HINT);
  if (deny && (scopes.length > 0 || claim !== undefined))
    tell('deny', 'nobody may use what is denied: remove deny, or remove scopes and claim');
  return problems;
}

export const rulesAreWhole: Check = ({ endpoints }) =>
  [...endpoints].flatMap(([i, endpoint]) =>
    KINDS.flatMap((kind) =>
      (endpoint[kind]?.rules ?? []).flatMap((rule, j) =>
        rule === undefined ? [] : ruleProblems(rule, ['endpoints', i, kind, 'rules', j]),
      ),
    ),
  );
