// Builds the facades of a configuration: the authorization servers in front of identity providers
// at which clients cannot register.
import type { ResolvedConfig } from '../config/resolved-config.js';
import type { FacadeServer } from '../core/facade-server.js';
import { fixedMetadata } from '../idp/fixed-metadata.js';
import type { DocumentStore } from '../oauth/facade/client-documents.js';
import { createFacade } from '../oauth/facade/facade.js';
import type { FacadeLimits } from '../oauth/facade/limits.js';
import { createIdTokenVerifier } from '../verify/id-token.js';
import type { IssuerRuntime } from '../verify/issuer/issuer-runtime.js';
import { acceptedIssuer } from './issued-tokens.js';
import type { RuntimeDependencies } from './shared-parts.js';

/** `facadeLimits` and `clientDocuments` outlive a reload. A facade has no other memory. */
export function createFacades(
  { issuers, endpoints }: Pick<ResolvedConfig, 'issuers' | 'endpoints'>,
  runtimes: ReadonlyMap<string, IssuerRuntime>,
  shared: RuntimeDependencies & {
    readonly facadeLimits: FacadeLimits;
    readonly clientDocuments: DocumentStore | null;
  },
): FacadeServer[] {
  const { fetchJson, clock, notify, facadeLimits: limits, clientDocuments: documents } = shared;
  const { canRecord } = shared;
  return issuers.flatMap((config) => {
    const { issuer, facade } = config;
    const runtime = runtimes.get(issuer);
    if (facade === null || runtime === undefined) return [];
    const accepted = acceptedIssuer(config);
    const own = endpoints.filter((endpoint) => endpoint.issuers.includes(accepted));
    const { endpoints: fixed, client } = facade;
    const metadata = fixed === null ? runtime.metadata : fixedMetadata(issuer, fixed);
    const { policy, keys } = runtime;
    const { clientId } = client;
    const verifyIdToken = createIdTokenVerifier({ policy, keys, clientId, clock });
    const surroundings = { fetchJson, clock, notify, limits, documents, canRecord };
    const parts = { ...surroundings, metadata, verifyIdToken };
    return [createFacade({ facade, behind: issuer, endpoints: own, ...parts })];
  });
}
