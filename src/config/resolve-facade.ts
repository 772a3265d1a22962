// Resolves the facade of one issuer: its own issuer, its client, and its ring of keys.
import type { Secret } from '../core/secret.js';
import type { Partially } from './partial-parse.js';
import { loginOf } from './presets.js';
import type { Problem } from './problems.js';
import { clientProblems, resolveClient } from './resolve-client.js';
import type { WithSecrets } from './resolve-secrets.js';
import type { ResolvedFacade, ResolvedIssued } from './resolved-config.js';
import type { FacadeInput } from './schema/facade.js';
import type { IssuerInput } from './schema/issuer.js';
import { type SigningRing, sharedKeyProblems, signingKeys } from './signing-keys.js';

/** The path of a facade on the public listener. `name`: of its issuer in the configuration. */
export const facadePath = (name: string): string => `/oauth/${name}`;

export const facadeIssuer = (name: string, publicUrl: string): string =>
  publicUrl + facadePath(name);

/** `iss` of the tokens that endpoints accept: the issuer, or a facade in mode `issued`. */
export const tokenIssuer = (
  name: string,
  { issuer, facade }: WithSecrets<Pick<IssuerInput, 'issuer' | 'facade'>>,
  publicUrl: string,
): string => (facade?.mode === 'issued' ? facadeIssuer(name, publicUrl) : issuer);

type Issuers = Readonly<Record<string, WithSecrets<Partially<IssuerInput>> | undefined>>;

/** The rings of all facades, by the names of their issuers. */
export function facadeRings(issuers: Issuers): Map<string, SigningRing> {
  return new Map(
    Object.entries(issuers).flatMap(([name, issuer]) => {
      if (issuer?.facade === undefined) return [];
      const path = ['issuers', name, 'facade'];
      return [[name, signingKeys(issuer.facade.keys ?? [], 'facade', path)] as const];
    }),
  );
}

/** Secrets of the wrong form, and keys that another ring has too. */
export function facadeProblems(
  issuers: Issuers,
  rings: ReadonlyMap<string, SigningRing>,
  others: readonly SigningRing[],
): Problem[] {
  return [...rings].flatMap(([name, ring]) => [
    ...ring.problems,
    ...others.flatMap((other) => sharedKeyProblems(ring, other)),
    ...clientProblems(issuers[name]?.facade ?? {}, ['issuers', name, 'facade']),
  ]);
}

/** Null in mode `pass`. */
const resolveIssued = (
  { mode, tokenSeconds, claims, requiredClaims }: WithSecrets<FacadeInput>,
  userUrl: string | null,
): ResolvedIssued | null =>
  mode === 'pass'
    ? null
    : {
        tokenSeconds,
        claims,
        requiredClaims: Object.fromEntries(
          Object.entries(requiredClaims).map(([name, value]) => [
            name,
            typeof value === 'string' ? [value] : value,
          ]),
        ),
        userUrl,
      };

/** `keys`: the ring of `signing-keys.ts`. */
export function resolveFacade(
  name: string,
  { preset, issuer: behind }: Pick<IssuerInput, 'preset' | 'issuer'>,
  input: WithSecrets<FacadeInput>,
  publicUrl: string,
  keys: readonly Secret[],
): ResolvedFacade {
  const issuer = facadeIssuer(name, publicUrl);
  const login = loginOf(preset, behind);
  const issued = resolveIssued(input, login?.user ?? null);
  const needsOpenid = issued?.userUrl === null && !input.scopes.includes('openid');
  return {
    name,
    issuer,
    callback: `${issuer}/callback`,
    client: resolveClient(input) as ResolvedFacade['client'],
    keys,
    redirectUris: input.redirectUris,
    // Without it no ID token comes (OpenID Connect Core section 3.1.2.1).
    scopes: needsOpenid ? ['openid', ...input.scopes] : input.scopes,
    parameters: input.parameters,
    sendResource: input.sendResource && issued === null,
    timeoutMs: input.timeoutMs,
    maxConcurrentRequests: input.maxConcurrentRequests,
    endpoints: login && { authorization: login.authorization, token: login.token },
    issued,
  };
}
