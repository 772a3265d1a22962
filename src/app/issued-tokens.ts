// Finds what verifies the tokens that endpoints accept: the issuers themselves, and the facades
// that issue tokens in place of one.
import type { ResolvedIssuer } from '../config/resolved-config.js';
import { ISSUED_TYP, type IssuedClaims } from '../core/issued-token.js';
import { fixedMetadata } from '../idp/fixed-metadata.js';
import { createSigningRing } from '../oauth/signing-keys.js';
import type { IssuerRuntime } from '../verify/issuer/issuer-runtime.js';
import { createOwnIssuer } from '../verify/issuer/own-issuer.js';
import type { RuntimeDependencies, SharedParts } from './shared-parts.js';

type Facade = NonNullable<ResolvedIssuer['facade']>;

/** The facade that issues tokens in place of this issuer; null: endpoints accept its own. */
const issuingFacade = ({ facade }: ResolvedIssuer): Facade | null =>
  facade === null || facade.issued === null ? null : facade;

/** `iss` of the tokens that endpoints accept, as `Endpoint.issuers` has it. */
export const acceptedIssuer = (config: ResolvedIssuer): string =>
  issuingFacade(config)?.issuer ?? config.issuer;

/**
 * By that `iss`. `runtimes`: the issuers themselves. A facade in mode `pass` is not in the map, so
 * no endpoint accepts a token that names it.
 */
export function tokenIssuers(
  configs: readonly ResolvedIssuer[],
  runtimes: ReadonlyMap<string, IssuerRuntime>,
  { issuers, clock }: Pick<RuntimeDependencies, 'clock'> & Pick<SharedParts, 'issuers'>,
): Map<string, IssuerRuntime> {
  function ofFacade({ issuer, keys }: Facade, config: ResolvedIssuer): IssuerRuntime {
    const { claims, requireTenant, clockToleranceSeconds } = config;
    const policy = {
      issuer,
      clockToleranceSeconds,
      requireTenant,
      claims: { scopes: ['scope'], subject: ['sub'], client: ['client_id'], tenant: claims.tenant },
    };
    return issuers.get({ policy, keys }, () => {
      const ring = createSigningRing<IssuedClaims>(keys, ISSUED_TYP);
      return createOwnIssuer(policy, ring.verificationKeys, fixedMetadata(issuer, null), clock);
    });
  }

  return new Map(
    configs.flatMap((config) => {
      const facade = issuingFacade(config);
      const runtime = facade === null ? runtimes.get(config.issuer) : ofFacade(facade, config);
      return runtime === undefined ? [] : [[acceptedIssuer(config), runtime] as const];
    }),
  );
}
