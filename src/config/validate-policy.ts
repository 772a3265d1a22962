// Checks that the rules of a policy do not contradict themselves: a claim without its value, or a
// condition beside a denial.
import type { Check, PartialEndpoint } from './partial-config.js';
import type { Path, Problem } from './problems.js';
import { CLAIM_HINT, HAS_HINT } from './schema/policy.js';

const KINDS = ['tools', 'prompts', 'resources'] as const;

type PartialRule = NonNullable<NonNullable<NonNullable<PartialEndpoint['tools']>['rules']>[number]>;

function ruleProblems(
  { claim, has, deny, scopes = [] }: Omit<PartialRule, 'tool'>,
  path: Path,
): Problem[] {
  const problems: Problem[] = [];
  const report = (field: string, message: string) =>
    problems.push({ path: [...path, field], message });
  if (claim !== undefined && has === undefined) report('has', HAS_HINT);
  if (claim === undefined && has !== undefined) report('claim', CLAIM_HINT);
  if (deny && (scopes.length > 0 || claim !== undefined))
    report('deny', 'a denial takes no conditions: remove deny, or remove scopes and claim');
  return problems;
}

const rulesAreWhole: Check = ({ endpoints }) =>
  [...endpoints].flatMap(([i, endpoint]) =>
    KINDS.flatMap((kind) =>
      (endpoint[kind]?.rules ?? []).flatMap((rule, j) =>
        rule === undefined ? [] : ruleProblems(rule, ['endpoints', i, kind, 'rules', j]),
      ),
    ),
  );

export const policyChecks: readonly Check[] = [rulesAreWhole];
