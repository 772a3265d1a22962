// Decides how the fields of one endpoint become what the running gateway knows of it: defaults that hang on other fields are filled in here.
import type { Endpoint } from '../core/endpoint.js';
import { impliedScopes, scopesOf, toPolicy } from './resolve-policy.js';
import type { EndpointInput, PassThroughInput } from './schema/endpoint.js';
import type { IssuerInput } from './schema/issuer.js';

function passThroughRule({
  scheme,
  header,
  scopes,
  sunset,
}: PassThroughInput): Endpoint['passThrough'][number] {
  return {
    scheme: scheme?.toLowerCase() ?? null,
    header: header?.toLowerCase() ?? 'authorization',
    scopes,
    sunsetMs: sunset === undefined ? null : Date.parse(sunset),
  };
}

/** RFC 9728 section 3.1: the well-known string goes between host and path. */
function metadataUrl(resource: string): URL {
  const { origin, pathname } = new URL(resource);
  return new URL(
    `${origin}/.well-known/oauth-protected-resource${pathname === '/' ? '' : pathname}`,
  );
}

export function toEndpoint(
  input: EndpointInput,
  publicUrl: string,
  issuers: ReadonlyMap<string, IssuerInput>,
): Endpoint {
  const resource = input.resource ?? publicUrl + input.path;
  const metadata = metadataUrl(resource);
  const upstream = new URL(input.upstream.url);
  const accepted = input.issuers.map((name) => issuers.get(name) as IssuerInput);
  return {
    path: input.path,
    resource,
    metadataUrl: metadata.href,
    metadataPath: metadata.pathname,
    realm: input.realm ?? null,
    issuers: accepted.map(({ issuer }) => issuer),
    audience: input.audience ?? [resource],
    issuerAudience: new Map(accepted.map(({ issuer, audience }) => [issuer, audience])),
    scopes: input.scopes,
    scopesSupported: input.scopesSupported ?? scopesOf(input),
    scopeImplies: impliedScopes(input.scopeImplies),
    policy: toPolicy(input),
    denialResponse: input.denialResponse === 'jsonrpc' ? 'jsonrpc' : 'http',
    passThrough: input.passThrough.map(passThroughRule),
    origins: [publicUrl, ...input.origins],
    publicOrigin: new URL(resource).origin,
    maxBodyBytes: input.limits.maxBodyBytes,
    streams: input.streams,
    clockToleranceSeconds: new Map(
      accepted.map(({ issuer, clockToleranceSeconds }) => [issuer, clockToleranceSeconds]),
    ),
    upstream: {
      ...input.upstream,
      origin: upstream.origin,
      target: upstream.pathname + upstream.search,
    },
  };
}
