// Resolves one issuer: its fields, the rules of its preset that no field can set, and the places
// that follow from its name.
import { isAllowedUrl } from '../core/loopback.js';
import type { Secret } from '../core/secret.js';
import { presetRules } from './presets.js';
import { facadeIssuer, resolveFacade } from './resolve-facade.js';
import { resolveIntrospection } from './resolve-introspection.js';
import type { WithSecrets } from './resolve-secrets.js';
import type { ResolvedIssuer } from './resolved-config.js';
import type { IssuerInput } from './schema/issuer.js';

/** True where the standard places of its metadata follow from the issuer (RFC 8414 section 3.1). */
export const canMetadataFollow = (issuer: string, allowInsecureHttp: boolean): boolean =>
  isAllowedUrl(issuer, allowInsecureHttp) && !/[?#]/.test(issuer);

/** The authorization servers of the issuer itself. */
const ownServers = ({
  issuer,
  authorizationServers,
}: WithSecrets<Pick<IssuerInput, 'issuer' | 'authorizationServers'>>): readonly string[] =>
  authorizationServers.length > 0 ? authorizationServers : [issuer];

/** Where clients log in. `name`: of the issuer in the configuration. */
export const publishedServers = (
  name: string,
  input: WithSecrets<Pick<IssuerInput, 'issuer' | 'authorizationServers' | 'facade'>>,
  publicUrl: string,
): readonly string[] =>
  input.facade === undefined ? ownServers(input) : [facadeIssuer(name, publicUrl)];

/** The copy shows the metadata of the server where clients log in, and never another's. */
function canMirror(input: WithSecrets<IssuerInput>): boolean {
  const { issuer, metadataUrl, allowInsecureHttp } = input;
  if (metadataUrl !== undefined) return true;
  return canMetadataFollow(issuer, allowInsecureHttp) && ownServers(input)[0] === issuer;
}

/** `facadeKeys`: the ring of its facade; empty without one. */
export function resolveIssuer(
  name: string,
  input: WithSecrets<IssuerInput>,
  publicUrl: string,
  facadeKeys: readonly Secret[],
): ResolvedIssuer {
  const { preset, issuer, jwksUri, metadataUrl, tokenPrefixes, introspection } = input;
  const { requiredClaims, ...rules } = presetRules(preset, issuer);
  return {
    issuer,
    jwksUri: jwksUri ?? null,
    metadataUrl: metadataUrl ?? null,
    authorizationServers: ownServers(input),
    allowInsecureHttp: input.allowInsecureHttp,
    algorithms: input.algorithms,
    typ: input.typ,
    clockToleranceSeconds: input.clockToleranceSeconds,
    jwks: input.jwks,
    claims: input.claims,
    requireTenant: input.requireTenant,
    ...rules,
    // The preset wins: an operator can only add to what it requires.
    requiredClaims: { ...input.requiredClaims, ...requiredClaims },
    verify: input.verify,
    tokenPrefixes: tokenPrefixes ?? null,
    introspection: introspection === undefined ? null : resolveIntrospection(introspection),
    metadataMirror: {
      ...input.metadataMirror,
      enabled: input.metadataMirror.enabled && input.facade === undefined && canMirror(input),
    },
    facade:
      input.facade === undefined
        ? null
        : resolveFacade(name, input, input.facade, publicUrl, facadeKeys),
  };
}
