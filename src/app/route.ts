// Finds the endpoint of a request: by exact, undecoded path. No spelling of a path reaches an
// upstream that another spelling was checked for (C-147, path confusion).
import type { EndpointRuntime } from '../core/endpoint-runtime.js';

export type Route = (host: string, path: string) => EndpointRuntime | null;

/** Each endpoint answers under every host. Two endpoints never have one path. */
export function createRoute(endpoints: readonly EndpointRuntime[]): Route {
  const byPath = new Map(endpoints.map((endpoint) => [endpoint.config.path, endpoint]));
  return (_host, path) => byPath.get(path) ?? null;
}
