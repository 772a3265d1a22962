// Resolves the introspection of one issuer.
import { resolveClient } from './resolve-client.js';
import type { WithSecrets } from './resolve-secrets.js';
import type { ResolvedIntrospection } from './resolved-config.js';
import type { IntrospectionInput } from './schema/issuer.js';

export function resolveIntrospection(
  input: WithSecrets<IntrospectionInput>,
): ResolvedIntrospection {
  return {
    url: input.url ?? null,
    client: resolveClient(input),
    audience: input.audience,
    audienceClients: input.audienceClients,
    timeoutMs: input.timeoutMs,
    maxConcurrentRequests: input.maxConcurrentRequests,
    activeCacheSeconds: input.activeCacheSeconds,
    inactiveCacheSeconds: input.inactiveCacheSeconds,
  };
}
