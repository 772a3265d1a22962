// Explains one bearer token: which checks apply to it, in order, and what each one found. It runs
// the checks of the authenticator, and the result is that of the authenticator.
import type { Clock } from '../core/clock.js';
import type { BearerCredential } from '../core/credential.js';
import type { Endpoint } from '../core/endpoint.js';
import type { Authenticator } from '../core/endpoint-runtime.js';
import type { Explanation, Values } from '../core/explanation.js';
import type { Failure } from '../core/failure.js';
import {
  audienceMismatch,
  keysRefetchLimited,
  keysUnavailable,
  tokenKeyUnknown,
  verifyFault,
} from '../core/failures.js';
import type { Caller } from '../core/principal.js';
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
import {
  type Introspected,
  type IntrospectionRecord,
  observedIntrospection,
  withHint,
} from './explain-introspection.js';
import { formSteps, type PlannedStep, toSteps } from './explain-steps.js';
import { audienceValues, valuesOf } from './explain-values.js';
import type { IssuerRuntime } from './issuer/issuer-runtime.js';
import { createSelectVerifier, type Selection } from './select-verifier.js';

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
  /** The introspections of `authenticator`; absent where it makes none. */
  readonly introspections?: Pick<IntrospectionRecord, 'take'>;
}

type Verified = Result<Caller>;

const BY_INTROSPECTION = 'introspection';
const BY_BOTH = 'key and signature, else introspection';

/** The steps, where the one of an introspection has what the endpoint answered. */
const withObserved = (steps: readonly PlannedStep[], observed: Values): PlannedStep[] =>
  steps.map((step) =>
    step.name === BY_INTROSPECTION || step.name === BY_BOTH ? { ...step, observed } : step,
  );

const KEY_FAILURES = [
  tokenKeyUnknown.definition,
  keysUnavailable.definition,
  keysRefetchLimited.definition,
];

export function createExplain(dependencies: ExplainDependencies): Explain {
  const { endpoint, issuers, authenticator, audience, clock, introspections } = dependencies;
  const selectVerifier = createSelectVerifier(issuers);

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
    answer: Claims | null,
  ): PlannedStep[] {
    const issuer = answer === null ? undefined : policy.issuer;
    return [
      authenticatorStep(name, verified, { active: true, issuer: policy.issuer }),
      {
        name: 'audience of the answer',
        own: [audienceMismatch.definition],
        ...audienceValues(answer, issuer, endpoint),
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
    answer: Claims | null,
  ): PlannedStep[] {
    if (jwt === null) return introspectionSteps(BY_INTROSPECTION, issuer, verified, answer);
    const keyless = keylessSteps(jwt, issuer);
    if (issuer.verify === 'introspection') {
      const own: PlannedStep = {
        name: 'audience of the token',
        reject: () => tokenAudienceFailure(jwt, issuer),
        ...audienceValues(jwt.claims, issuer.policy.issuer, endpoint),
      };
      return [...keyless, own, ...introspectionSteps(BY_INTROSPECTION, issuer, verified, answer)];
    }
    const before = [...keyless, ...claimSteps(jwt, issuer)];
    if (issuer.verify === 'jwt-then-introspection') {
      return [...before, ...introspectionSteps(BY_BOTH, issuer, verified, answer)];
    }
    const key = { name: 'key', own: KEY_FAILURES, ...valuesOf('key', jwt, issuer, 0) };
    return [...before, key, authenticatorStep('signature', verified, {})];
  }

  /** The claims that the audience rule saw; null where it saw none, or those of a JWT only. */
  function answerOf(verified: Verified, introspected: Introspected | null): Claims | null {
    if (verified.ok) return verified.value.kind === 'pass-through' ? null : verified.value.claims;
    const isForeign = verified.definition === audienceMismatch.definition;
    return isForeign ? (introspected?.claims ?? null) : null;
  }

  function unverifiedCaller(selected: Result<Selection>): Caller | null {
    if (!selected.ok || selected.value.jwt === null) return null;
    const token = unverifiedToken(selected.value.jwt, selected.value.issuer.policy);
    return token.ok ? token.value.principal : null;
  }

  return async (token, first, last) => {
    let verified: Verified = await Promise.resolve(
      authenticator.authenticate({ kind: 'bearer', token }, endpoint),
    ).catch((cause: unknown) => verifyFault({ cause }));
    const selected = selectVerifier(token);
    const introspected = introspections?.take(token) ?? null;
    const answer = answerOf(verified, introspected);
    let observed: Values = {};
    if (selected.ok && introspected !== null) {
      verified = await withHint(verified, token, selected.value, introspected);
      observed = await observedIntrospection(selected.value, introspected);
    }
    const verifier = selected.ok
      ? withObserved(verifierSteps(selected.value, verified, answer), observed)
      : [];
    const caller = verified.ok ? verified.value : unverifiedCaller(selected);
    const planned = [...first, ...formSteps(token, selected, endpoint), ...verifier, last(caller)];
    const steps = toSteps(planned, verified);
    const failed = steps.find(({ state }) => state === 'fail');
    // A failure that belongs to no step must never look like a pass.
    return { steps, failure: failed?.failure ?? (verified.ok ? null : verified) };
  };
}
