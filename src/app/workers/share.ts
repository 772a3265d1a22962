// Gives each worker its share of the limits that protect upstreams and issuers, so that all workers
// together keep them.
import type { ResolvedConfig } from '../../config/resolved-config.js';

/**
 * Rounded up, so that each worker may send at least one request. All together exceed a limit by
 * less than their number.
 */
export function shareOf(config: ResolvedConfig, workers: number): ResolvedConfig {
  const part = (limit: number): number => Math.ceil(limit / workers);
  return {
    ...config,
    issuers: config.issuers.map((issuer) => {
      const { introspection } = issuer;
      if (introspection === null) return issuer;
      const maxConcurrentRequests = part(introspection.maxConcurrentRequests);
      return { ...issuer, introspection: { ...introspection, maxConcurrentRequests } };
    }),
    endpoints: config.endpoints.map((endpoint) => {
      const { upstream } = endpoint;
      const maxConcurrentRequests = part(upstream.maxConcurrentRequests);
      const maxStreams = part(upstream.maxStreams);
      return { ...endpoint, upstream: { ...upstream, maxConcurrentRequests, maxStreams } };
    }),
  };
}
