// Decides which verifier judges a credential, by its kind first and its shape second. What one verifier rejected is never tried another
// way (C-95). Never judges itself.

import type { VerifyMode } from '../config/plan.js';
import { type Credential, tokenFlaw } from '../core/credential.js';
import type { Endpoint } from '../core/endpoint.js';
import {
  type Failure,
  keysUnavailable,
  tokenAlgorithm,
  tokenIssuer,
  tokenKeyUnknown,
  tokenMalformed,
  tokenSignature,
} from '../core/failure.js';
import type { Clock } from '../core/ports.js';
import type { Caller, Principal, PrincipalCaller } from '../core/principal.js';
import { type Good, good, type Verdict } from '../core/verdict.js';
import { passThrough } from './api-token.js';
import { checkDates } from './claims.js';
import type { Introspect } from './introspection.js';
import type { KeySource } from './jwks.js';
import { containsJws, shapeOf, type UnverifiedJws } from './jws.js';
import { createJwtVerifier, type JwtPolicy, keylessChecks, type UnverifiedJwt } from './jwt.js';
import { tokenHash } from './token-hash.js';
import { createVerdicts, type Verdicts } from './verdicts.js';

/** What is known of one configured issuer. */
export interface IssuerParts {
  readonly policy: JwtPolicy;
  readonly keys: KeySource;
  /** Null where no `introspection:` block stands: then nothing is introspected, whatever the metadata offers. */
  readonly introspect: Introspect | null;
  readonly verify: VerifyMode;
  /** Beginnings of the opaque tokens that go to this issuer; null: all go. */
  readonly tokenPrefixes: readonly string[] | null;
}

/** After these, `jwt-then-introspection` asks; every other refusal is final. */
const ASKED_AFTER = new Set([tokenKeyUnknown.row, tokenSignature.row, keysUnavailable.row]);
/** Checks of a JWT that hold whoever judges it; its claims are read unverified, and only to say no. */
const BEFORE_ASKING = keylessChecks.filter(({ name }) => ['other kinds of token', 'marks of an access token'].includes(name));

/** The audience rule of authorize/, lent so that a token for somebody else is refused before any key is fetched. */
export type Audience = (caller: PrincipalCaller, endpoint: Endpoint) => Failure | null;

export type Verify = (credential: Credential) => Verdict<Caller> | Promise<Verdict<Caller>>;

/** The verifier of one endpoint; `issuers` are those that it accepts, by issuer identifier. */
export function createVerify(
  endpoint: Endpoint,
  issuers: ReadonlyMap<string, IssuerParts>,
  audience: Audience,
  clock: Clock,
): Verify {
  const verdicts: Verdicts = createVerdicts(clock);
  const jwtVerifiers = new Map(
    [...issuers].map(([issuer, parts]) => [issuer, createJwtVerifier(parts.policy, parts.keys, clock)]),
  );
  const takers = [...issuers.values()].filter((parts) => parts.introspect !== null);
  /** Misses of one token under way: the second waits for the first. */
  const inFlight = new Map<string, Promise<Verdict<Caller>>>();

  const caller = (judged: Verdict<Principal>): Verdict<Caller> =>
    judged.ok ? good({ kind: 'principal', principal: judged.value }) : judged;

  async function ask({ introspect }: IssuerParts, token: string): Promise<Verdict<Caller>> {
    if (introspect === null) return tokenMalformed({ detail: 'no introspection is configured' });
    return caller(await introspect(token));
  }

  async function askAboutJwt(parts: IssuerParts, token: string, jwt: UnverifiedJwt): Promise<Verdict<Caller>> {
    const { policy } = parts;
    const { alg } = jwt.header;
    if (typeof alg !== 'string' || alg.toLowerCase() === 'none') return tokenAlgorithm({ detail: 'an unsigned JWT' });
    const nowSeconds = clock.wallMs() / 1000;
    for (const check of BEFORE_ASKING) {
      const refusal = check.refuse(jwt, policy, nowSeconds);
      if (refusal !== null) return refusal;
    }
    return checkDates(jwt.claims, nowSeconds, policy.clockToleranceSeconds, false) ?? ask(parts, token);
  }

  async function verifyJws(token: string, shape: UnverifiedJws): Promise<Verdict<Caller>> {
    const { claims } = shape;
    if (claims === null) return tokenMalformed({ detail: 'payload is no JSON object' });
    const jwt = { ...shape, claims };
    const issuer = claims.iss;
    const parts = typeof issuer === 'string' ? issuers.get(issuer) : undefined;
    const verifyJwt = typeof issuer === 'string' ? jwtVerifiers.get(issuer) : undefined;
    if (parts === undefined || verifyJwt === undefined) return tokenIssuer({ detail: 'iss is not an issuer of this endpoint' });
    if (parts.verify === 'introspection') return askAboutJwt(parts, token, jwt);
    const proven = await verifyJwt(token, jwt, (principal) => audience({ kind: 'principal', principal }, endpoint));
    if (!proven.ok) {
      return parts.verify === 'jwt-then-introspection' && ASKED_AFTER.has(proven.row) ? ask(parts, token) : proven;
    }
    const { principal, thumbprint } = proven.value;
    const verdict: Good<PrincipalCaller> = good({ kind: 'principal', principal });
    const goodUntilMs = ((principal.expiresAt as number) + parts.policy.clockToleranceSeconds) * 1000;
    verdicts.put(token, verdict, parts.keys, thumbprint, goodUntilMs);
    return verdict;
  }

  /** To the one issuer whose it can be: a stranger would learn it. */
  async function verifyOpaque(token: string): Promise<Verdict<Caller>> {
    const parts = takers.find(({ tokenPrefixes }) => tokenPrefixes?.some((prefix) => token.startsWith(prefix)) ?? true);
    if (parts !== undefined) return ask(parts, token);
    const why = takers.length === 0 ? 'no introspection is configured' : 'no issuer has tokens that begin like it';
    return tokenMalformed({ detail: `no JWT, and ${why}` });
  }

  function verifyMiss(token: string): Promise<Verdict<Caller>> | Failure {
    const flaw = tokenFlaw(token);
    if (flaw !== null) return flaw;
    const shape = shapeOf(token);
    if (shape.kind === 'encrypted') {
      return tokenMalformed({ detail: 'an encrypted token (JWE): its client probably asked the issuer for no audience' });
    }
    if (shape.kind === 'jws') return verifyJws(token, shape);
    // A JWT with something around it is no opaque token: asking about it would be a second chance (C-95), and tell a stranger's.
    if (containsJws(token)) return tokenMalformed({ detail: 'a JWT with something around it' });
    return verifyOpaque(token);
  }

  return (credential) => {
    if (credential.kind === 'legacy') return passThrough(credential, clock);
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
