// Finds the endpoint of a request: by exact, undecoded path. No spelling of a path reaches an
// upstream that another spelling was checked for (C-147, path confusion).
import type { EndpointRuntime } from '../core/endpoint-runtime.js';
import type { Failure } from '../core/failure.js';
import { routeSlash, routeUnknown } from '../core/failures.js';

export type Route = (host: string, path: string) => EndpointRuntime | null;

/** Each endpoint answers under every host. Two endpoints never have one path. */
export function createRoute(endpoints: readonly EndpointRuntime[]): Route {
  const byPath = new Map(endpoints.map((endpoint) => [endpoint.config.path, endpoint]));
  return (_host, path) => byPath.get(path) ?? null;
}

const withoutSlashes = (path: string): string => path.replaceAll('/', '');

/**
 * The failure of a path without an endpoint. Where only slashes differ from the path of an endpoint
 * it has that path, as the configuration writes it.
 */
export function createNoRoute(paths: readonly string[]): (host: string, path: string) => Failure {
  // The first of two paths with the same letters counts.
  const byLetters = new Map([...paths].reverse().map((path) => [withoutSlashes(path), path]));
  return (_host, path) => {
    const known = byLetters.get(withoutSlashes(path));
    if (known === undefined) return routeUnknown();
    return routeSlash({ detail: `only slashes differ from ${known}`, data: { path: known } });
  };
}
