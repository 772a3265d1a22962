// Resolves one endpoint: fills in the defaults that depend on other fields.
import type { Endpoint } from '../core/endpoint.js';
import { resolveCarrier } from './resolve-api-key.js';
import { isBridged } from './resolve-bridge.js';
import { publishedServers } from './resolve-issuer.js';
import { resolveEndpointLimits } from './resolve-limits.js';
import { impliedScopes, ownScopes, resolvePolicy, scopesOf } from './resolve-policy.js';
import type { WithSecrets } from './resolve-secrets.js';
import { resolveUpstream } from './resolve-upstream.js';
import type { EndpointInput } from './schema/endpoint.js';
import type { IssuerInput } from './schema/issuer.js';
import type { PassThroughInput } from './schema/pass-through.js';

type AcceptedIssuer = WithSecrets<
  Pick<IssuerInput, 'issuer' | 'authorizationServers' | 'audience' | 'clockToleranceSeconds'>
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

/** RFC 9728 section 3.1 inserts the well-known path between host and path. */
function metadataUrl(resource: string): URL {
  const { origin, pathname } = new URL(resource);
  return new URL(
    `${origin}/.well-known/oauth-protected-resource${pathname === '/' ? '' : pathname}`,
  );
}

/** `bridge`: its issuer; null without a bridge. */
export function resolveEndpoint(
  input: WithSecrets<EndpointInput>,
  publicUrl: string,
  issuers: Readonly<Record<string, AcceptedIssuer>>,
  bridge: string | null,
): Endpoint {
  const resource = input.resource ?? publicUrl + input.path;
  const metadata = metadataUrl(resource);
  const accepted = (input.issuers ?? []).map((name) => issuers[name] as AcceptedIssuer);
  const isOfBridge = bridge !== null && isBridged(input);
  return {
    name: input.path,
    host: null,
    path: input.path,
    resource,
    metadataUrl: metadata.href,
    metadataPath: metadata.pathname,
    realm: input.realm ?? null,
    issuers: accepted.map(({ issuer }) => issuer),
    authorizationServers: isOfBridge ? [bridge] : [...new Set(accepted.flatMap(publishedServers))],
    audience: input.audience ?? [resource],
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
    origins: [publicUrl, ...input.origins],
    publicOrigin: new URL(resource).origin,
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
}
