// Finds the endpoint of a request: by host, then by exact, undecoded path. No spelling of a path
// reaches an upstream that another spelling was checked for (C-147, path confusion).
import type { ResolvedConfig } from '../config/resolved-config.js';
import type { Endpoint } from '../core/endpoint.js';
import type { EndpointRuntime } from '../core/endpoint-runtime.js';
import type { Failure } from '../core/failure.js';
import { routeHost, routeSlash, routeUnknown } from '../core/failures.js';
import { findByHost, hostNameOf } from '../core/host-name.js';

export type Route = (host: string, path: string) => EndpointRuntime | null;

type Place = Pick<Endpoint, 'host' | 'path'>;

/** By host, then by the text of a path. The first of two paths with an equal text counts. */
function byPlace<T>(
  all: readonly T[],
  placeOf: (one: T) => Place,
  textOf: (path: string) => string,
): { readonly anywhere: ReadonlyMap<string, T>; readonly at: ReadonlyMap<string, Map<string, T>> } {
  const anywhere = new Map<string, T>();
  const at = new Map<string, Map<string, T>>();
  for (const one of all) {
    const { host, path } = placeOf(one);
    const paths = host === null ? anywhere : (at.get(host) ?? new Map<string, T>());
    if (host !== null) at.set(host, paths);
    const text = textOf(path);
    if (!paths.has(text)) paths.set(text, one);
  }
  return { anywhere, at };
}

/** An endpoint with the host of the request comes before one that has no host. */
export function createRoute(endpoints: readonly EndpointRuntime[]): Route {
  const { anywhere, at } = byPlace(
    endpoints,
    ({ config }) => config,
    (path) => path,
  );
  if (at.size === 0) return (_host, path) => anywhere.get(path) ?? null;
  return (host, path) => findByHost(at, host)?.get(path) ?? anywhere.get(path) ?? null;
}

/**
 * The hosts under which the gateway serves its own documents: the bridge and the identity keys.
 * Null: every host, because an endpoint without a host answers under every one.
 */
export function ownHosts({
  endpoints,
  publicUrl,
  bridge,
  identity,
}: Pick<
  ResolvedConfig,
  'endpoints' | 'publicUrl' | 'bridge' | 'identity'
>): ReadonlySet<string> | null {
  if (endpoints.some(({ host }) => host === null)) return null;
  const urls = [publicUrl, bridge?.issuer, identity?.issuer].filter((url) => url !== undefined);
  return new Set(urls.map((url) => new URL(url).hostname));
}

/** Enough to recognize a host. A caller can send a longer one. */
const SHOWN_CHARACTERS = 100;

const withoutSlashes = (path: string): string => path.replaceAll('/', '');

/**
 * The failure of a place without an endpoint. Where only slashes differ from the path of an
 * endpoint it has that path, as the configuration writes it. `own`: see `ownHosts`.
 */
export function createNoRoute(
  endpoints: readonly Place[],
  own: ReadonlySet<string> | null,
): (host: string, path: string) => Failure {
  const { anywhere, at } = byPlace(endpoints, (one) => one, withoutSlashes);
  return (host, path) => {
    const here = findByHost(at, host);
    if (here === undefined && own !== null && !own.has(hostNameOf(host)))
      return routeHost({ detail: `no endpoint has the host ${host.slice(0, SHOWN_CHARACTERS)}` });
    const text = withoutSlashes(path);
    const known = (here?.get(text) ?? anywhere.get(text))?.path;
    if (known === undefined) return routeUnknown();
    return routeSlash({ detail: `only slashes differ from ${known}`, data: { path: known } });
  };
}
