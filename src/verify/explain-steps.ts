// Plans the steps of an explanation that concern the form of a token, and turns planned steps into
// steps with a state.
import type { Endpoint } from '../core/endpoint.js';
import type { ExplanationStep } from '../core/explanation.js';
import type { Failure, FailureDefinition } from '../core/failure.js';
import {
  credentialMalformed,
  credentialMultiple,
  tokenIssuer,
  tokenMalformed,
} from '../core/failures.js';
import type { Caller } from '../core/principal.js';
import type { Result } from '../core/result.js';
import type { Claims } from './claims.js';
import { audienceValues, type CheckValues } from './explain-values.js';
import { shapeOf } from './jws.js';
import type { Selection } from './select-verifier.js';

/** One check whose state is not known yet. */
export interface PlannedStep extends CheckValues {
  readonly name: string;
  /** The check itself; absent where only the authenticator can answer. */
  readonly reject?: () => Failure | null;
  /** For a check without `reject`: the failures that belong to it. */
  readonly own?: readonly FailureDefinition[];
}

/** Steps before the first failure passed. Steps after it were not reached. */
export function toSteps(
  planned: readonly PlannedStep[],
  verified: Result<Caller>,
): ExplanationStep[] {
  let reached = true;
  return planned.map(({ name, reject, own, observed, expected }) => {
    const step = { name, observed, expected };
    const found = reject?.() ?? null;
    if (!reached) {
      const wouldPass = reject !== undefined && found === null;
      return { ...step, state: 'not reached', failure: found, wouldPass };
    }
    const isOwn = !verified.ok && (own?.includes(verified.definition) ?? false);
    const failure = found ?? (isOwn ? (verified as Failure) : null);
    reached = failure === null;
    return { ...step, state: reached ? 'pass' : 'fail', failure, wouldPass: false };
  });
}

/** The checks before a verifier is selected. */
export function formSteps(
  token: string,
  selected: Result<Selection>,
  endpoint: Endpoint,
): readonly PlannedStep[] {
  const shape = shapeOf(token);
  const claims: Claims | null = shape.kind === 'jws' ? shape.claims : null;
  const kind = shape.kind === 'jws' ? 'JWT' : shape.kind;
  // After a selection these checks passed. A later failure with the same reason is not theirs.
  const own = (...all: readonly FailureDefinition[]): readonly FailureDefinition[] =>
    selected.ok ? [] : all;
  const steps: readonly PlannedStep[] = [
    {
      name: 'one token',
      own: own(credentialMalformed.definition, credentialMultiple.definition),
      observed: { characters: token.length },
      expected: {},
    },
    {
      name: 'kind of token',
      own: own(tokenMalformed.definition),
      observed: { kind },
      expected: {},
    },
    {
      name: 'accepted issuer',
      own: own(tokenIssuer.definition),
      observed: claims === null ? {} : { iss: claims.iss ?? 'absent' },
      expected: { iss: endpoint.issuers },
    },
  ];
  if (selected.ok || claims === null) return steps;
  // Without a verifier no later check runs, but the audience may show the mistake.
  return [...steps, { name: 'audience', ...audienceValues(claims, undefined, endpoint) }];
}
