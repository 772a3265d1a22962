// Checks the bridge across fields: its issuer is a place of its own on this server. Each endpoint
// that uses it has API keys and no other issuer.
import { BRIDGE_PATHS } from '../core/oauth-server.js';
import { hostsOf, resourcesOf } from './endpoint-places.js';
import type { Check, PartialConfig, PartialEndpoint } from './partial-config.js';
import type { Problem } from './problems.js';
import { bridgeIssuer, isBridged } from './resolve-bridge.js';
import { endpointPath } from './schema/fields.js';

/** Its path; null where the issuer is bad or elsewhere. */
function issuerPath({ root: { bridge, publicUrl }, isBad }: PartialConfig): string | null {
  if (bridge === undefined || publicUrl === undefined || isBad(['bridge', 'issuer'])) return null;
  const issuer = bridgeIssuer(bridge, publicUrl);
  const path = issuer.startsWith(publicUrl) ? issuer.slice(publicUrl.length) : '';
  return path !== '/' && endpointPath.safeParse(path).success ? path : null;
}

/** Clients derive the place of its metadata from the issuer (RFC 8414 section 3.1). */
const issuerIsHere: Check = (config) => {
  const { bridge, publicUrl } = config.root;
  if (bridge?.issuer === undefined || publicUrl === undefined) return [];
  if (issuerPath(config) !== null) return [];
  const message =
    `write the public URL with a path of plain characters, such as ${publicUrl}/bridge, or ` +
    'remove the field';
  return [{ path: ['bridge', 'issuer'], message }];
};

const issuerIsItsOwn: Check = ({ root: { bridge, publicUrl }, issuers }) => {
  if (bridge === undefined || publicUrl === undefined) return [];
  const issuer = bridgeIssuer(bridge, publicUrl);
  return [...issuers].flatMap(([name, other]) => {
    if (other.issuer !== issuer) return [];
    const message = 'this is the issuer of the bridge too; change bridge.issuer';
    return [{ path: ['issuers', name, 'issuer'], message }];
  });
};

const PATHS: readonly string[] = Object.values(BRIDGE_PATHS);

/** True where the bridge and the endpoint answer under one host. */
function sharesHost(config: PartialConfig, entry: [number, PartialEndpoint]): boolean {
  const { publicUrl } = config.root;
  const own = publicUrl === undefined ? null : new URL(publicUrl).hostname;
  return (hostsOf(config, entry) ?? []).some((host) => host === null || host === own);
}

/** The paths under which clients look for its metadata. */
const pathsOfResources = ({ resource, path }: PartialEndpoint): (string | undefined)[] =>
  resource?.map((one) => one && new URL(one).pathname.replace(/\/$/, '')) ?? [path];

const pathsAreFree: Check = (config) => {
  if (config.root.bridge === undefined) return [];
  const own = issuerPath(config);
  return [...config.endpoints].flatMap(([i, endpoint]): Problem[] => {
    const { path } = endpoint;
    if (!sharesHost(config, [i, endpoint])) return [];
    if (path !== undefined && (PATHS.includes(path) || path === own)) {
      const message = 'the bridge has this path; give the endpoint another';
      return [{ path: ['endpoints', i, 'path'], message }];
    }
    // Metadata of both would have one URL.
    if (own === null || !pathsOfResources(endpoint).includes(own)) return [];
    const message = 'its path is that of bridge.issuer; give one of them another';
    return [{ path: ['endpoints', i, 'resource'], message }];
  });
};

const bridgeIsUsed: Check = ({ root: { bridge }, endpoints, isBad }) => {
  if (bridge === undefined) return [];
  const canUse = ([i, endpoint]: [number, PartialEndpoint]): boolean =>
    isBridged(endpoint) || ['apiKeys', 'bridge'].some((field) => isBad(['endpoints', i, field]));
  if ([...endpoints].some(canUse)) return [];
  const message =
    'no endpoint uses the bridge; add apiKeys: [{ header: X-Api-Key }] to an endpoint, or remove ' +
    'bridge';
  return [{ path: ['bridge'], message }];
};

const endpointsFit: Check = ({ root, endpoints, isBad }) =>
  [...endpoints].flatMap(([i, endpoint]): Problem[] => {
    const path = ['endpoints', i];
    const isAsked = endpoint.bridge === true;
    if (root.bridge === undefined && !isBad(['bridge'])) {
      const message = 'there is no bridge; add bridge: { keys: [...] } to the root, or remove this';
      return isAsked ? [{ path: [...path, 'bridge'], message }] : [];
    }
    if (endpoint.apiKeys === undefined && !isBad([...path, 'apiKeys'])) {
      const message =
        'the bridge is for holders of API keys; add apiKeys: [{ header: X-Api-Key }], or remove ' +
        'this';
      return isAsked ? [{ path: [...path, 'bridge'], message }] : [];
    }
    if (!isBridged(endpoint) || isBad([...path, 'bridge'])) return [];
    const problems: Problem[] = [];
    if ((endpoint.issuers ?? []).length > 0) {
      const message =
        'clients use the first authorization server only, and here that is the bridge; remove ' +
        'issuers, or write bridge: false';
      problems.push({ path: [...path, 'issuers'], message });
    }
    const { audience } = endpoint;
    const isWhole = audience !== undefined && !audience.includes(undefined);
    const resources = isWhole ? resourcesOf(endpoint, root.publicUrl) : [];
    const resource = resources.find((one) => !audience?.includes(one));
    if (resource !== undefined) {
      const message = `tokens of the bridge have the audience ${resource}; add it or remove this`;
      problems.push({ path: [...path, 'audience'], message });
    }
    return problems;
  });

export const bridgeChecks: readonly Check[] = [
  issuerIsHere,
  issuerIsItsOwn,
  pathsAreFree,
  bridgeIsUsed,
  endpointsFit,
];
