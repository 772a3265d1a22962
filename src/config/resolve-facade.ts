// Resolves the facade of one issuer: its own issuer, its client, and its ring of keys.
import type { Secret } from '../core/secret.js';
import type { Partially } from './partial-parse.js';
import type { Problem } from './problems.js';
import { clientProblems, resolveClient } from './resolve-client.js';
import type { WithSecrets } from './resolve-secrets.js';
import type { ResolvedFacade } from './resolved-config.js';
import type { FacadeInput } from './schema/facade.js';
import type { IssuerInput } from './schema/issuer.js';
import { type SigningRing, sharedKeyProblems, signingKeys } from './signing-keys.js';

/** The path of a facade on the public listener. `name`: of its issuer in the configuration. */
export const facadePath = (name: string): string => `/oauth/${name}`;

export const facadeIssuer = (name: string, publicUrl: string): string =>
  publicUrl + facadePath(name);

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

/** `keys`: the ring of `signing-keys.ts`. */
export function resolveFacade(
  name: string,
  input: WithSecrets<FacadeInput>,
  publicUrl: string,
  keys: readonly Secret[],
): ResolvedFacade {
  const issuer = facadeIssuer(name, publicUrl);
  return {
    name,
    issuer,
    callback: `${issuer}/callback`,
    client: resolveClient(input) as ResolvedFacade['client'],
    keys,
    redirectUris: input.redirectUris,
    scopes: input.scopes,
    parameters: input.parameters,
    sendResource: input.sendResource,
    timeoutMs: input.timeoutMs,
    maxConcurrentRequests: input.maxConcurrentRequests,
  };
}
