// Decides what becomes of a credential: remembered verdicts first, then the verifier that choose.ts names, and never another one after it
// said no (C-95). Never judges itself.

import type { Clock } from '../core/clock.js';
import type { Credential } from '../core/credential.js';
import type { Endpoint } from '../core/endpoint.js';
import type { Failure } from '../core/failure.js';
import {
  keysUnavailable,
  tokenKeyUnknown,
  tokenMalformed,
  tokenSignature,
} from '../core/failures.js';
import type { Caller, Principal, PrincipalCaller } from '../core/principal.js';
import { type Ok, ok, type Result } from '../core/result.js';
import { checksBeforeAsking, createJwtVerifier, type UnverifiedJwt } from './authenticators/jwt.js';
import { passThrough } from './authenticators/pass-through.js';
import { createJwtCache, type JwtCache } from './issuer/jwt-cache.js';
import { createSelectVerifier, type IssuerRuntime } from './select-verifier.js';
import { tokenHash } from './token-hash.js';

/** After these, `jwt-then-introspection` asks; every other refusal is final. */
const ASKED_AFTER = new Set([
  tokenKeyUnknown.definition,
  tokenSignature.definition,
  keysUnavailable.definition,
]);

/** The audience rule of authorize/, lent so that a token for somebody else is refused before any key is fetched. */
export type Audience = (caller: PrincipalCaller, endpoint: Endpoint) => Failure | null;

export type Authenticate = (credential: Credential) => Result<Caller> | Promise<Result<Caller>>;

/** The verifier of one endpoint; `issuers` are those that it accepts, by issuer identifier. */
export function createAuthenticate(
  endpoint: Endpoint,
  issuers: ReadonlyMap<string, IssuerRuntime>,
  audience: Audience,
  clock: Clock,
): Authenticate {
  const verdicts: JwtCache = createJwtCache(clock);
  const choose = createSelectVerifier(issuers);
  const jwtVerifiers = new Map(
    [...issuers.values()].map(
      (parts) => [parts, createJwtVerifier(parts.policy, parts.keys, clock)] as const,
    ),
  );
  /** Misses of one token under way: the second waits for the first. */
  const inFlight = new Map<string, Promise<Result<Caller>>>();

  const caller = (judged: Result<Principal>): Result<Caller> =>
    judged.ok ? ok({ kind: 'principal', principal: judged.value }) : judged;

  async function ask({ introspect }: IssuerRuntime, token: string): Promise<Result<Caller>> {
    if (introspect === null) return tokenMalformed({ detail: 'no introspection is configured' });
    return caller(await introspect(token));
  }

  async function askAboutJwt(
    parts: IssuerRuntime,
    token: string,
    jwt: UnverifiedJwt,
  ): Promise<Result<Caller>> {
    for (const check of checksBeforeAsking) {
      const refusal = check.refuse(jwt, parts.policy, clock.wallMs() / 1000);
      if (refusal !== null) return refusal;
    }
    return ask(parts, token);
  }

  async function verifyJwt(
    parts: IssuerRuntime,
    token: string,
    jwt: UnverifiedJwt,
  ): Promise<Result<Caller>> {
    if (parts.verify === 'introspection') return askAboutJwt(parts, token, jwt);
    const prove = jwtVerifiers.get(parts);
    if (prove === undefined) throw new Error('no verifier for this issuer');
    const proven = await prove(token, jwt, (principal) =>
      audience({ kind: 'principal', principal }, endpoint),
    );
    if (!proven.ok) {
      return parts.verify === 'jwt-then-introspection' && ASKED_AFTER.has(proven.definition)
        ? ask(parts, token)
        : proven;
    }
    const { principal, thumbprint } = proven.value;
    const verdict: Ok<PrincipalCaller> = ok({ kind: 'principal', principal });
    const goodUntilMs =
      ((principal.expiresAt as number) + parts.policy.clockToleranceSeconds) * 1000;
    verdicts.put(token, verdict, parts.keys, thumbprint, goodUntilMs);
    return verdict;
  }

  function verifyMiss(token: string): Promise<Result<Caller>> | Failure {
    const choice = choose(token);
    if (!choice.ok) return choice;
    const { parts, jwt } = choice.value;
    return jwt === null ? ask(parts, token) : verifyJwt(parts, token, jwt);
  }

  return (credential) => {
    if (credential.kind === 'pass-through') return passThrough(credential, clock);
    const { token } = credential;
    const hit = verdicts.get(token);
    if (hit !== undefined) return hit;
    const key = tokenHash(token);
    const waiting = inFlight.get(key);
    if (waiting !== undefined) return waiting;
    const judged = verifyMiss(token);
    if (!(judged instanceof Promise)) return judged;
    inFlight.set(key, judged);
    return judged.finally(() => inFlight.delete(key));
  };
}
