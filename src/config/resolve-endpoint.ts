// Resolves one endpoint of the configuration: fills in the defaults that depend on other fields,
// once for each of its hosts.
import type { Endpoint } from '../core/endpoint.js';
import { type EndpointHost, endpointName, resourcesOf } from './endpoint-places.js';
import { resolveCarrier } from './resolve-api-key.js';
import { isBridged } from './resolve-bridge.js';
import { tokenIssuer } from './resolve-facade.js';
import { publishedServers } from './resolve-issuer.js';
import { resolveEndpointLimits } from './resolve-limits.js';
import { impliedScopes, ownScopes, resolvePolicy, scopesOf } from './resolve-policy.js';
import type { WithSecrets } from './resolve-secrets.js';
import { resolveUpstream } from './resolve-upstream.js';
import type { EndpointInput } from './schema/endpoint.js';
import type { IssuerInput } from './schema/issuer.js';
import type { PassThroughInput } from './schema/pass-through.js';

type AcceptedIssuer = WithSecrets<
  Pick<
    IssuerInput,
    'issuer' | 'authorizationServers' | 'audience' | 'clockToleranceSeconds' | 'facade'
  >
>;

function passThroughRule({
  scheme,
  header,
  scopes,
  sunset,
}: WithSecrets<PassThroughInput>): Endpoint['passThrough'][number] {
  return {
    scheme: scheme?.toLowerCase() ?? null,
    header: header?.toLowerCase() ?? 'authorization',
    scopes,
    sunsetMs: sunset === undefined ? null : Date.parse(sunset),
  };
}

/** The fields that differ between the hosts of an endpoint. */
function placeAt(host: EndpointHost, resource: string) {
  const { origin, pathname } = new URL(resource);
  // RFC 9728 section 3.1 inserts the well-known path between host and path.
  const path = `/.well-known/oauth-protected-resource${pathname === '/' ? '' : pathname}`;
  const { href } = new URL(origin + path);
  return { host, resource, metadataUrl: href, metadataPath: path, publicOrigin: origin };
}

type Place = ReturnType<typeof placeAt>;

/** One for each host. `bridge`: its issuer; null without a bridge. */
export function resolveEndpoints(
  input: WithSecrets<EndpointInput>,
  publicUrl: string,
  issuers: Readonly<Record<string, AcceptedIssuer>>,
  bridge: string | null,
): Endpoint[] {
  const hosts: readonly EndpointHost[] = input.host ?? [null];
  const resources = resourcesOf(input, publicUrl);
  const places = hosts.map((host, i) => placeAt(host, resources[i] as string));
  const [first, ...others] = places as [Place, ...Place[]];
  const names = input.issuers ?? [];
  const accepted = names.map((name) => {
    const own = issuers[name] as AcceptedIssuer;
    return { ...own, issuer: tokenIssuer(name, own, publicUrl) };
  });
  const servers = names.flatMap((name) =>
    publishedServers(name, issuers[name] as AcceptedIssuer, publicUrl),
  );
  const isOfBridge = bridge !== null && isBridged(input);
  const endpoint: Endpoint = {
    name: endpointName(first.host, input.path),
    host: first.host,
    path: input.path,
    resource: first.resource,
    metadataUrl: first.metadataUrl,
    metadataPath: first.metadataPath,
    realm: input.realm ?? null,
    issuers: accepted.map(({ issuer }) => issuer),
    authorizationServers: isOfBridge ? [bridge] : [...new Set(servers)],
    audience: input.audience ?? resources,
    issuerAudience: new Map(accepted.map(({ issuer, audience }) => [issuer, audience])),
    scopes: input.scopes,
    loginScopes: { base: input.scopes, all: scopesOf(input), none: [] }[input.challengeScopes],
    ownScopes: ownScopes(input),
    scopesSupported: input.scopesSupported ?? scopesOf(input),
    scopeImplies: impliedScopes(input.scopeImplies),
    policy: resolvePolicy(input),
    denialResponse: input.denialResponse === 'jsonrpc' ? 'jsonrpc' : 'http',
    apiKeys: (input.apiKeys ?? []).map(resolveCarrier),
    isBridged: isOfBridge,
    passThrough: input.passThrough.map(passThroughRule),
    forwardHeaders: input.forwardHeaders.map((name) => name.toLowerCase()),
    // The pages of publicUrl belong to another host.
    origins: input.host === undefined ? [publicUrl, ...input.origins] : input.origins,
    publicOrigin: first.publicOrigin,
    maxBodyBytes: input.limits.maxBodyBytes,
    limits: resolveEndpointLimits(input.limits),
    streams: input.streams,
    clockToleranceSeconds: new Map(
      accepted.map(({ issuer, clockToleranceSeconds }) => [issuer, clockToleranceSeconds]),
    ),
    ...resolveUpstream(
      input.upstream,
      accepted.map(({ issuer }) => issuer),
    ),
  };
  return [endpoint, ...others.map((place) => ({ ...endpoint, ...place }))];
}
