// Builds the facades of a configuration: the authorization servers in front of identity providers
// at which clients cannot register.
import type { ResolvedConfig } from '../config/resolved-config.js';
import type { FacadeServer } from '../core/facade-server.js';
import type { DocumentStore } from '../oauth/facade/client-documents.js';
import { createFacade } from '../oauth/facade/facade.js';
import type { FacadeLimits } from '../oauth/facade/limits.js';
import type { IssuerRuntime } from '../verify/issuer/issuer-runtime.js';
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
  return issuers.flatMap(({ issuer, facade }) => {
    const metadata = runtimes.get(issuer)?.metadata;
    if (facade === null || metadata === undefined) return [];
    const own = endpoints.filter((endpoint) => endpoint.issuers.includes(issuer));
    const parts = { fetchJson, clock, notify, limits, metadata, documents, canRecord };
    return [createFacade({ facade, behind: issuer, endpoints: own, ...parts })];
  });
}
