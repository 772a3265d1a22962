// Derives where clients find an endpoint: its hosts, its name and its resources. Resolution and the
// checks across fields share these rules.
import type { PartialConfig, PartialEndpoint } from './partial-config.js';

/** Null in place of a host: the endpoint answers under every host. */
export type EndpointHost = string | null;

/** `host`: the first of the endpoint. See `Endpoint.name`. */
export const endpointName = (host: EndpointHost | undefined, path: string): string =>
  (host ?? '') + path;

/** The resource of each host, in that order, as long as these parts of the endpoint are good. */
export function resourcesOf(
  { host, path, resource }: Pick<PartialEndpoint, 'host' | 'path' | 'resource'>,
  publicUrl: string | undefined,
): string[] {
  if (resource !== undefined) return resource.filter((one) => one !== undefined);
  const origins = host === undefined ? [publicUrl] : host.map((one) => one && `https://${one}`);
  return origins.flatMap((origin) =>
    origin === undefined || path === undefined ? [] : [origin + path],
  );
}

/** The hosts of an endpoint of the list; null where one of them is bad. */
export function hostsOf(
  { isBad }: Pick<PartialConfig, 'isBad'>,
  [i, { host }]: readonly [number, PartialEndpoint],
): readonly EndpointHost[] | null {
  if (host === undefined) return isBad(['endpoints', i, 'host']) ? null : [null];
  return host.every((one) => one !== undefined) ? host : null;
}

/** The name of an endpoint of the list; null where a part of it is bad. */
export function nameOf(
  config: Pick<PartialConfig, 'isBad'>,
  entry: readonly [number, PartialEndpoint],
): string | null {
  const hosts = hostsOf(config, entry);
  const [, { path }] = entry;
  return hosts === null || path === undefined ? null : endpointName(hosts[0], path);
}
