// Decides nothing: tells of one bearer token which checks of this room judge it, in order, and what each says. The verdict is that of
// verify.ts; the checks are those that it runs.

import type { Clock } from '../core/clock.js';
import type { Endpoint } from '../core/endpoint.js';
import type { Explanation, ExplanationStep, Values } from '../core/explanation.js';
import type { Failure, FailureDefinition } from '../core/failure.js';
import {
  credentialMalformed,
  credentialMultiple,
  keysUnavailable,
  tokenIssuer,
  tokenKeyUnknown,
  tokenMalformed,
  verifyFault,
} from '../core/failures.js';
import type { Caller } from '../core/principal.js';
import type { Result } from '../core/result.js';
import type { Audience, Authenticate } from './authenticate.js';
import {
  checksBeforeAsking,
  keylessChecks,
  type UnverifiedJwt,
  unverifiedPrincipal,
} from './authenticators/jwt.js';
import type { Claims } from './claims.js';
import { audienceValues, type CheckValues, valuesOf } from './explain-values.js';
import { shapeOf } from './jws.js';
import { createSelectVerifier, type IssuerRuntime, type Selection } from './select-verifier.js';

/** One check before its state is known. */
export interface PlannedStep extends CheckValues {
  readonly name: string;
  /** What can be said without asking anybody; absent where only the verdict knows. */
  readonly refuse?: () => Failure | null;
  /** Of a check without `refuse`: the refusals that are its own. */
  readonly own?: readonly FailureDefinition[];
}

/** `first` stands before the checks of this room, `last` behind; it is given the caller, proven or else as far as the claims of a JWT say. */
export type Explain = (
  token: string,
  first: readonly PlannedStep[],
  last: (caller: Caller | null) => PlannedStep,
) => Promise<Explanation>;

/** Puts the verdict over the planned checks: up to the one that refuses they passed, those behind it were not reached. */
function toSteps(planned: readonly PlannedStep[], judged: Result<unknown>): ExplanationStep[] {
  let reached = true;
  return planned.map(({ name, refuse, own, observed, expected }) => {
    const told = { name, observed, expected };
    const said = refuse?.() ?? null;
    if (!reached)
      return {
        ...told,
        state: 'not reached',
        failure: said,
        wouldPass: refuse !== undefined && said === null,
      };
    // The refusal itself where it is the one that ended the walk: it says most.
    const failure =
      said !== null ? said : !judged.ok && own?.includes(judged.definition) ? judged : null;
    reached = failure === null;
    return { ...told, state: reached ? 'pass' : 'fail', failure, wouldPass: false };
  });
}

const KEY = [tokenKeyUnknown.definition, keysUnavailable.definition];

export function createExplain(
  endpoint: Endpoint,
  issuers: ReadonlyMap<string, IssuerRuntime>,
  verify: Authenticate,
  audience: Audience,
  clock: Clock,
): Explain {
  const choose = createSelectVerifier(issuers);

  /** The checks up to the choice of a verifier. */
  function form(token: string, choice: Result<Selection>): readonly PlannedStep[] {
    const shape = shapeOf(token);
    const claims: Claims | null = shape.kind === 'jws' ? shape.claims : null;
    const kind = shape.kind === 'jws' ? 'JWT' : shape.kind;
    const observed = claims === null ? {} : { iss: claims.iss ?? 'absent' };
    // Where the choice was made these passed; what is refused behind it is not theirs, though it may be the same reason.
    const own = (...rows: readonly FailureDefinition[]): readonly FailureDefinition[] =>
      choice.ok ? [] : rows;
    const checks: readonly PlannedStep[] = [
      {
        name: 'one token',
        own: own(credentialMalformed.definition, credentialMultiple.definition),
        observed: { characters: token.length },
        expected: {},
      },
      { name: 'kind of token', own: own(tokenMalformed.definition), observed: { kind }, expected: {} },
      {
        name: 'accepted issuer',
        own: own(tokenIssuer.definition),
        observed,
        expected: { iss: endpoint.issuers },
      },
    ];
    const audienceAlone: PlannedStep = {
      name: 'audience',
      ...audienceValues(claims, undefined, endpoint),
    };
    // Without a verifier nothing behind these can be judged; what the token is for is worth a look all the same.
    return choice.ok || claims === null ? checks : [...checks, audienceAlone];
  }

  /** Checks of a JWT that need nobody else. */
  function keyless(jwt: UnverifiedJwt, parts: IssuerRuntime): PlannedStep[] {
    const asked = parts.verify === 'introspection';
    const nowSeconds = clock.wallMs() / 1000;
    return (asked ? checksBeforeAsking : keylessChecks).map(({ name, refuse }) => ({
      name,
      refuse: () => refuse(jwt, parts.policy, nowSeconds),
      ...valuesOf(name, jwt, parts, nowSeconds),
    }));
  }

  function claimsAndAudience(jwt: UnverifiedJwt, parts: IssuerRuntime): PlannedStep[] {
    const { policy } = parts;
    const principal = unverifiedPrincipal(jwt, policy);
    return [
      {
        name: 'claims',
        refuse: () => (principal.ok ? null : principal),
        ...valuesOf('claims', jwt, parts, 0),
      },
      {
        name: 'audience',
        refuse: () =>
          principal.ok
            ? audience({ kind: 'principal', principal: principal.value }, endpoint)
            : null,
        ...audienceValues(jwt.claims, policy.issuer, endpoint),
      },
    ];
  }

  /** The last word of the verifier: what no check before it said was said here. */
  const outcome = (name: string, judged: Result<Caller>, expected: Values): PlannedStep => ({
    name,
    own: judged.ok ? [] : [judged.definition],
    observed: {},
    expected,
  });

  const asking = (name: string, { policy }: IssuerRuntime, judged: Result<Caller>): PlannedStep =>
    outcome(name, judged, { active: true, asked: policy.issuer });

  function answered(judged: Result<Caller>): PlannedStep {
    const caller = judged.ok && judged.value.kind === 'principal' ? judged.value : null;
    return {
      name: 'audience of the answer',
      ...(caller === null ? {} : { refuse: () => audience(caller, endpoint) }),
      ...audienceValues(caller?.principal.claims ?? null, caller?.principal.issuer, endpoint),
    };
  }

  function verifier({ parts, jwt }: Selection, judged: Result<Caller>): PlannedStep[] {
    if (jwt === null) return [asking('introspection', parts, judged), answered(judged)];
    if (parts.verify === 'introspection')
      return [...keyless(jwt, parts), asking('introspection', parts, judged), answered(judged)];
    const before = [...keyless(jwt, parts), ...claimsAndAudience(jwt, parts)];
    if (parts.verify === 'jwt-then-introspection') {
      return [
        ...before,
        asking('key and signature, else introspection', parts, judged),
        answered(judged),
      ];
    }
    return [
      ...before,
      { name: 'key', own: KEY, ...valuesOf('key', jwt, parts, 0) },
      outcome('signature', judged, {}),
    ];
  }

  function unproven(choice: Result<Selection>): Caller | null {
    if (!choice.ok || choice.value.jwt === null) return null;
    const principal = unverifiedPrincipal(choice.value.jwt, choice.value.parts.policy);
    return principal.ok ? { kind: 'principal', principal: principal.value } : null;
  }

  return async (token, first, last) => {
    const judged = await Promise.resolve(verify({ kind: 'bearer', token })).catch(
      (cause: unknown) => verifyFault({ cause }),
    );
    const choice = choose(token);
    const behind = choice.ok ? verifier(choice.value, judged) : [];
    const planned = [
      ...first,
      ...form(token, choice),
      ...behind,
      last(judged.ok ? judged.value : unproven(choice)),
    ];
    const steps = toSteps(planned, judged);
    const failed = steps.find(({ state }) => state === 'fail');
    // A refusal that no check owns is never to look like a pass.
    return { steps, failure: failed?.failure ?? (judged.ok ? null : judged) };
  };
}
