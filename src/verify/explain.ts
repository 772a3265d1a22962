// Explains one bearer token: which checks apply to it, in order, and what each one found. It runs
// the checks of the authenticator, and the result is that of the authenticator.
import type { Clock } from '../core/clock.js';
import type { BearerCredential } from '../core/credential.js';
import type { Endpoint } from '../core/endpoint.js';
import type { Authenticator } from '../core/endpoint-runtime.js';
import type { Explanation, ExplanationStep } from '../core/explanation.js';
import type { Failure, FailureDefinition } from '../core/failure.js';
import {
  audienceMismatch,
  credentialMalformed,
  credentialMultiple,
  keysRefetchLimited,
  keysUnavailable,
  tokenIssuer,
  tokenKeyUnknown,
  tokenMalformed,
  verifyFault,
} from '../core/failures.js';
import type { Caller, Principal } from '../core/principal.js';
import type { Result } from '../core/result.js';
import {
  type AudienceRule,
  checksBeforeIntrospection,
  foreignBeforeIntrospection,
  keylessChecks,
  type UnverifiedJwt,
  unverifiedFacts,
  unverifiedToken,
} from './authenticators/jwt.js';
import type { Claims } from './claims.js';
import { audienceValues, type CheckValues, valuesOf } from './explain-values.js';
import type { IssuerRuntime } from './issuer/issuer-runtime.js';
import { shapeOf } from './jws.js';
import { createSelectVerifier, type Selection } from './select-verifier.js';

/** One check whose state is not known yet. */
export interface PlannedStep extends CheckValues {
  readonly name: string;
  /** The check itself; absent where only the authenticator can answer. */
  readonly reject?: () => Failure | null;
  /** For a check without `reject`: the failures that belong to it. */
  readonly own?: readonly FailureDefinition[];
}

/**
 * `first`: the steps before those of verify/. `last`: the step after them. It gets the caller,
 * or the unverified caller that a JWT claims to be, or null.
 */
export type Explain = (
  token: string,
  first: readonly PlannedStep[],
  last: (caller: Caller | null) => PlannedStep,
) => Promise<Explanation>;

export interface ExplainDependencies {
  readonly endpoint: Endpoint;
  /** The issuers that the endpoint accepts, by issuer identifier. */
  readonly issuers: ReadonlyMap<string, IssuerRuntime>;
  readonly authenticator: Authenticator<BearerCredential>;
  readonly audience: AudienceRule;
  readonly clock: Clock;
}

type Verified = Result<Caller>;

/** Steps before the first failure passed. Steps after it were not reached. */
function toSteps(planned: readonly PlannedStep[], verified: Verified): ExplanationStep[] {
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

const KEY_FAILURES = [
  tokenKeyUnknown.definition,
  keysUnavailable.definition,
  keysRefetchLimited.definition,
];

export function createExplain(dependencies: ExplainDependencies): Explain {
  const { endpoint, issuers, authenticator, audience, clock } = dependencies;
  const selectVerifier = createSelectVerifier(issuers);

  /** The checks before a verifier is selected. */
  function formSteps(token: string, selected: Result<Selection>): readonly PlannedStep[] {
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

  /** The checks of a JWT that need no other server. */
  function keylessSteps(jwt: UnverifiedJwt, issuer: IssuerRuntime): PlannedStep[] {
    const nowSeconds = clock.wallMs() / 1000;
    const checks = issuer.verify === 'introspection' ? checksBeforeIntrospection : keylessChecks;
    return checks.map(({ name, reject }) => ({
      name,
      reject: () => reject(jwt, issuer.policy, nowSeconds),
      ...valuesOf(name, jwt, issuer, nowSeconds),
    }));
  }

  function claimSteps(jwt: UnverifiedJwt, issuer: IssuerRuntime): PlannedStep[] {
    const { policy } = issuer;
    const token = unverifiedToken(jwt, policy);
    return [
      {
        name: 'claims',
        reject: () => (token.ok ? null : token),
        ...valuesOf('claims', jwt, issuer, 0),
      },
      {
        name: 'audience',
        reject: () => (token.ok ? audience(token.value, endpoint) : null),
        ...audienceValues(jwt.claims, policy.issuer, endpoint),
      },
    ];
  }

  /** A step that only the authenticator can answer: every failure that no earlier step found. */
  const authenticatorStep = (
    name: string,
    verified: Verified,
    expected: PlannedStep['expected'],
  ): PlannedStep => {
    const isOwn = !verified.ok && verified.definition !== audienceMismatch.definition;
    return { name, own: isOwn ? [verified.definition] : [], observed: {}, expected };
  };

  function introspectionSteps(
    name: string,
    { policy }: IssuerRuntime,
    verified: Verified,
    answer: Principal | null,
  ): PlannedStep[] {
    return [
      authenticatorStep(name, verified, { active: true, issuer: policy.issuer }),
      {
        name: 'audience of the answer',
        own: [audienceMismatch.definition],
        ...audienceValues(answer?.claims ?? null, answer?.issuer, endpoint),
      },
    ];
  }

  /** The audience that a JWT names itself, before the issuer is asked. */
  function tokenAudienceFailure(jwt: UnverifiedJwt, { policy }: IssuerRuntime): Failure | null {
    const facts = unverifiedFacts(jwt, policy);
    return facts.ok ? foreignBeforeIntrospection(facts.value, audience, endpoint) : facts;
  }

  function verifierSteps(
    { issuer, jwt }: Selection,
    verified: Verified,
    answer: Principal | null,
  ): PlannedStep[] {
    if (jwt === null) return introspectionSteps('introspection', issuer, verified, answer);
    const keyless = keylessSteps(jwt, issuer);
    if (issuer.verify === 'introspection') {
      const steps = introspectionSteps('introspection', issuer, verified, answer);
      const own: PlannedStep = {
        name: 'audience of the token',
        reject: () => tokenAudienceFailure(jwt, issuer),
        ...audienceValues(jwt.claims, issuer.policy.issuer, endpoint),
      };
      return [...keyless, own, ...steps];
    }
    const before = [...keyless, ...claimSteps(jwt, issuer)];
    if (issuer.verify === 'jwt-then-introspection') {
      const name = 'key and signature, else introspection';
      return [...before, ...introspectionSteps(name, issuer, verified, answer)];
    }
    const key = { name: 'key', own: KEY_FAILURES, ...valuesOf('key', jwt, issuer, 0) };
    return [...before, key, authenticatorStep('signature', verified, {})];
  }

  /** The introspected principal whose audience was rejected; the cache still has the answer. */
  async function rejectedPrincipal(
    token: string,
    { issuer, jwt }: Selection,
  ): Promise<Principal | null> {
    if (issuer.introspect === null || (jwt !== null && issuer.verify === 'jwt')) return null;
    // A JWT that itself names another audience was not introspected.
    if (jwt !== null && tokenAudienceFailure(jwt, issuer) !== null) return null;
    const answer = await issuer.introspect(token);
    return answer.ok ? answer.value.principal : null;
  }

  async function answerOf(
    token: string,
    selected: Result<Selection>,
    verified: Verified,
  ): Promise<Principal | null> {
    if (verified.ok) return verified.value.kind === 'pass-through' ? null : verified.value;
    const isForeign = verified.definition === audienceMismatch.definition;
    return isForeign && selected.ok ? rejectedPrincipal(token, selected.value) : null;
  }

  function unverifiedCaller(selected: Result<Selection>): Caller | null {
    if (!selected.ok || selected.value.jwt === null) return null;
    const token = unverifiedToken(selected.value.jwt, selected.value.issuer.policy);
    return token.ok ? token.value.principal : null;
  }

  return async (token, first, last) => {
    const verified: Verified = await Promise.resolve(
      authenticator.authenticate({ kind: 'bearer', token }, endpoint),
    ).catch((cause: unknown) => verifyFault({ cause }));
    const selected = selectVerifier(token);
    const answer = await answerOf(token, selected, verified);
    const verifier = selected.ok ? verifierSteps(selected.value, verified, answer) : [];
    const caller = verified.ok ? verified.value : unverifiedCaller(selected);
    const planned = [...first, ...formSteps(token, selected), ...verifier, last(caller)];
    const steps = toSteps(planned, verified);
    const failed = steps.find(({ state }) => state === 'fail');
    // A failure that belongs to no step must never look like a pass.
    return { steps, failure: failed?.failure ?? (verified.ok ? null : verified) };
  };
}
