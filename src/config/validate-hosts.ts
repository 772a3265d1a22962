// Checks the hosts of the endpoints: no two endpoints share a place or a URL of metadata. Each
// resource is at the host of its endpoint.
import { type EndpointHost, hostsOf, resourcesOf } from './endpoint-places.js';
import type { Check, PartialEndpoint } from './partial-config.js';
import type { Path, Problem } from './problems.js';

const hostsDiffer: Check = ({ endpoints }) =>
  [...endpoints].flatMap(([i, { host = [] }]) =>
    host.flatMap((one, j): Problem[] =>
      one === undefined || host.indexOf(one) === j
        ? []
        : [{ path: ['endpoints', i, 'host', j], message: 'this host occurs twice; keep one' }],
    ),
  );

/** Under its own host an endpoint wins over one without a host. So they may have one path. */
const pathsDiffer: Check = (config) => {
  const firstWith = new Map<string, number>();
  const problems: Problem[] = [];
  for (const [i, endpoint] of config.endpoints) {
    const { path } = endpoint;
    if (path === undefined) continue;
    const hosts = hostsOf(config, [i, endpoint]) ?? [];
    const taken = hosts.find((host) => (firstWith.get((host ?? '') + path) ?? i) !== i);
    for (const host of hosts) {
      const place = (host ?? '') + path;
      if (!firstWith.has(place)) firstWith.set(place, i);
    }
    if (taken === undefined) continue;
    const first = firstWith.get((taken ?? '') + path);
    const message =
      taken === null
        ? `endpoints[${first}] has the same path; give each endpoint its own`
        : `endpoints[${first}] has the same host and path; give one of them another path or host`;
    problems.push({ path: ['endpoints', i, 'path'], message });
  }
  return problems;
};

/**
 * Where clients look for the metadata of a resource: its path, without a slash at the end, at the
 * host of the endpoint. Without a host it is served under every host, and is looked for at its own.
 */
function metadataPlaces(host: EndpointHost, resource: string): string[] {
  const { hostname, pathname } = new URL(resource);
  const path = pathname.replace(/\/$/, '');
  return host === null ? [`* ${path}`, `${hostname} ${path}`] : [`${host} ${path}`];
}

/** The metadata URL follows from the resource, so equal places mean one document. */
const metadataDiffers: Check = (config) => {
  const firstWith = new Map<string, number>();
  const problems: Problem[] = [];
  const samePlace = (some: PartialEndpoint, other: PartialEndpoint): boolean =>
    some.path === other.path &&
    (some.host === undefined
      ? other.host === undefined
      : some.host.some((host) => other.host?.includes(host)));
  for (const [i, endpoint] of config.endpoints) {
    const hosts = hostsOf(config, [i, endpoint]);
    // Also beside a bad publicUrl: then any host can stand for its own.
    const resources = resourcesOf(endpoint, config.root.publicUrl ?? 'https://mcp.example.com');
    if (hosts === null || hosts.length !== resources.length) continue;
    const places = resources.flatMap((one, j) => metadataPlaces(hosts[j] as EndpointHost, one));
    const taken = places.find((place) => firstWith.has(place));
    const first = taken === undefined ? undefined : firstWith.get(taken);
    for (const place of places) if (!firstWith.has(place)) firstWith.set(place, i);
    // `pathsDiffer` reports endpoints whose own places are equal.
    if (first === undefined || samePlace(config.endpoints.get(first) ?? {}, endpoint)) continue;
    const message =
      `its metadata has the same URL as that of endpoints[${first}]; ` +
      'give the resources different paths';
    problems.push({ path: ['endpoints', i, 'resource'], message });
  }
  return problems;
};

/** Clients connect to the host of the resource, and send this host. */
const OTHER_HOST =
  'clients would send the host of this URL, and the endpoint has another; write a URL at its ' +
  'host, or remove the field';

const resourcesFitHosts: Check = (config) =>
  [...config.endpoints].flatMap(([i, endpoint]): Problem[] => {
    const { resource } = endpoint;
    const hosts = hostsOf(config, [i, endpoint]);
    if (resource === undefined || hosts === null || resource.includes(undefined)) return [];
    const at: Path = ['endpoints', i, 'resource'];
    if (resource.length > 1 && hosts.includes(null)) {
      const message =
        'without host an endpoint has one resource; write one URL, or add host, a list with the ' +
        'host of each URL';
      return [{ path: at, message }];
    }
    if (resource.length !== hosts.length) {
      const message =
        `host has ${hosts.length} host names, and this has ${resource.length}; write one URL for ` +
        'each host, in the order of host, or remove the field';
      return [{ path: at, message }];
    }
    return resource.flatMap((one, j) => {
      const fits = hosts[j] === null || new URL(one as string).hostname === hosts[j];
      const path = resource.length > 1 ? [...at, j] : at;
      return fits ? [] : [{ path, message: OTHER_HOST }];
    });
  });

export const hostChecks: readonly Check[] = [
  hostsDiffer,
  pathsDiffer,
  metadataDiffers,
  resourcesFitHosts,
];
