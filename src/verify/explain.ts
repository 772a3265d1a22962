// Decides nothing: tells of one bearer token which checks of this room judge it, in order, and what each says. The verdict is that of
// verify.ts; the checks are those that it runs.
import type { Endpoint } from '../core/endpoint.js';
import type { Examined, Step, Values } from '../core/examined.js';
import {
  credentialMalformed,
  credentialTwo,
  type Failure,
  keysUnavailable,
  type Row,
  tokenIssuer,
  tokenKeyUnknown,
  tokenMalformed,
  verifyFault,
} from '../core/failure.js';
import type { Clock } from '../core/ports.js';
import type { Caller } from '../core/principal.js';
import type { Verdict } from '../core/verdict.js';
import { type Choice, createChoose, type IssuerParts } from './choose.js';
import type { Claims } from './claims.js';
import { shapeOf } from './jws.js';
import { checksBeforeAsking, keylessChecks, type UnverifiedJwt, unprovenPrincipal } from './jwt.js';
import { type Told, toldOf, toldOfAudience } from './told.js';
import type { Audience, Verify } from './verify.js';

/** One check before its state is known. */
export interface Planned extends Told {
  readonly name: string;
  /** What can be said without asking anybody; absent where only the verdict knows. */
  readonly refuse?: () => Failure | null;
  /** Of a check without `refuse`: the refusals that are its own. */
  readonly own?: readonly Row[];
}

/** `first` stands before the checks of this room, `last` behind; it is given the caller, proven or else as far as the claims of a JWT say. */
export type Explain = (
  token: string,
  first: readonly Planned[],
  last: (caller: Caller | null) => Planned,
) => Promise<Examined>;

/** Puts the verdict over the planned checks: up to the one that refuses they passed, those behind it were not reached. */
function toSteps(planned: readonly Planned[], judged: Verdict<unknown>): Step[] {
  let reached = true;
  return planned.map(({ name, refuse, own, has, wants }) => {
    const told = { name, has, wants };
    const said = refuse?.() ?? null;
    if (!reached)
      return {
        ...told,
        state: 'not reached',
        failure: said,
        wouldPass: refuse !== undefined && said === null,
      };
    // The refusal itself where it is the one that ended the walk: it says most.
    const failure = said !== null ? said : !judged.ok && own?.includes(judged.row) ? judged : null;
    reached = failure === null;
    return { ...told, state: reached ? 'pass' : 'fail', failure, wouldPass: false };
  });
}

const KEY = [tokenKeyUnknown.row, keysUnavailable.row];

export function createExplain(
  endpoint: Endpoint,
  issuers: ReadonlyMap<string, IssuerParts>,
  verify: Verify,
  audience: Audience,
  clock: Clock,
): Explain {
  const choose = createChoose(issuers);

  /** The checks up to the choice of a verifier. */
  function form(token: string, choice: Verdict<Choice>): readonly Planned[] {
    const shape = shapeOf(token);
    const claims: Claims | null = shape.kind === 'jws' ? shape.claims : null;
    const kind = shape.kind === 'jws' ? 'JWT' : shape.kind;
    const has = claims === null ? {} : { iss: claims.iss ?? 'absent' };
    // Where the choice was made these passed; what is refused behind it is not theirs, though it may be the same reason.
    const own = (...rows: readonly Row[]): readonly Row[] => (choice.ok ? [] : rows);
    const checks: readonly Planned[] = [
      {
        name: 'one token',
        own: own(credentialMalformed.row, credentialTwo.row),
        has: { characters: token.length },
        wants: {},
      },
      { name: 'kind of token', own: own(tokenMalformed.row), has: { kind }, wants: {} },
      { name: 'accepted issuer', own: own(tokenIssuer.row), has, wants: { iss: endpoint.issuers } },
    ];
    const audienceAlone: Planned = {
      name: 'audience',
      ...toldOfAudience(claims, undefined, endpoint),
    };
    // Without a verifier nothing behind these can be judged; what the token is for is worth a look all the same.
    return choice.ok || claims === null ? checks : [...checks, audienceAlone];
  }

  /** Checks of a JWT that need nobody else. */
  function keyless(jwt: UnverifiedJwt, parts: IssuerParts): Planned[] {
    const asked = parts.verify === 'introspection';
    const nowSeconds = clock.wallMs() / 1000;
    return (asked ? checksBeforeAsking : keylessChecks).map(({ name, refuse }) => ({
      name,
      refuse: () => refuse(jwt, parts.policy, nowSeconds),
      ...toldOf(name, jwt, parts, nowSeconds),
    }));
  }

  function claimsAndAudience(jwt: UnverifiedJwt, parts: IssuerParts): Planned[] {
    const { policy } = parts;
    const principal = unprovenPrincipal(jwt, policy);
    return [
      {
        name: 'claims',
        refuse: () => (principal.ok ? null : principal),
        ...toldOf('claims', jwt, parts, 0),
      },
      {
        name: 'audience',
        refuse: () =>
          principal.ok
            ? audience({ kind: 'principal', principal: principal.value }, endpoint)
            : null,
        ...toldOfAudience(jwt.claims, policy.issuer, endpoint),
      },
    ];
  }

  /** The last word of the verifier: what no check before it said was said here. */
  const outcome = (name: string, judged: Verdict<Caller>, wants: Values): Planned => ({
    name,
    own: judged.ok ? [] : [judged.row],
    has: {},
    wants,
  });

  const asking = (name: string, { policy }: IssuerParts, judged: Verdict<Caller>): Planned =>
    outcome(name, judged, { active: true, asked: policy.issuer });

  function answered(judged: Verdict<Caller>): Planned {
    const caller = judged.ok && judged.value.kind === 'principal' ? judged.value : null;
    return {
      name: 'audience of the answer',
      ...(caller === null ? {} : { refuse: () => audience(caller, endpoint) }),
      ...toldOfAudience(caller?.principal.claims ?? null, caller?.principal.issuer, endpoint),
    };
  }

  function verifier({ parts, jwt }: Choice, judged: Verdict<Caller>): Planned[] {
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
      { name: 'key', own: KEY, ...toldOf('key', jwt, parts, 0) },
      outcome('signature', judged, {}),
    ];
  }

  function unproven(choice: Verdict<Choice>): Caller | null {
    if (!choice.ok || choice.value.jwt === null) return null;
    const principal = unprovenPrincipal(choice.value.jwt, choice.value.parts.policy);
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
