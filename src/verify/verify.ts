// Decides which verifier judges a credential, by its kind first and its shape second. What one verifier rejected is never tried another
// way (C-95). Never judges itself.
import { type Credential, tokenFlaw } from '../core/credential.js';
import type { Endpoint } from '../core/endpoint.js';
import { type Failure, tokenIssuer, tokenMalformed } from '../core/failure.js';
import type { Clock } from '../core/ports.js';
import type { Caller, PrincipalCaller } from '../core/principal.js';
import { type Good, good, type Verdict } from '../core/verdict.js';
import { passThrough } from './api-token.js';
import type { Introspect } from './introspection.js';
import type { KeySource } from './jwks.js';
import { containsJws, shapeOf, type UnverifiedJws } from './jws.js';
import { createJwtVerifier, type JwtPolicy } from './jwt.js';
import { tokenHash } from './token-hash.js';
import { createVerdicts, type Verdicts } from './verdicts.js';

/** What is known of one configured issuer. */
export interface IssuerParts {
  readonly policy: JwtPolicy;
  readonly keys: KeySource;
  /** Null where no `introspection:` block stands: then nothing is introspected, whatever the metadata offers. */
  readonly introspect: Introspect | null;
}

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
  const introspect = [...issuers.values()].find((parts) => parts.introspect !== null)?.introspect ?? null;
  /** Misses of one token under way: the second waits for the first. */
  const inFlight = new Map<string, Promise<Verdict<Caller>>>();

  async function verifyJws(token: string, shape: UnverifiedJws): Promise<Verdict<Caller>> {
    const issuer = shape.claims?.iss;
    const parts = typeof issuer === 'string' ? issuers.get(issuer) : undefined;
    const verifyJwt = typeof issuer === 'string' ? jwtVerifiers.get(issuer) : undefined;
    if (parts === undefined || verifyJwt === undefined) return tokenIssuer({ detail: 'iss is not an issuer of this endpoint' });
    const proven = await verifyJwt(token, shape, (principal) => audience({ kind: 'principal', principal }, endpoint));
    if (!proven.ok) return proven;
    const { principal, thumbprint } = proven.value;
    const verdict: Good<PrincipalCaller> = good({ kind: 'principal', principal });
    const goodUntilMs = ((principal.expiresAt as number) + parts.policy.clockToleranceSeconds) * 1000;
    verdicts.put(token, verdict, parts.keys, thumbprint, goodUntilMs);
    return verdict;
  }

  async function verifyOpaque(token: string): Promise<Verdict<Caller>> {
    if (introspect === null) return tokenMalformed({ detail: 'no JWT, and no introspection is configured' });
    const principal = await introspect(token);
    return principal.ok ? good({ kind: 'principal', principal: principal.value }) : principal;
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
