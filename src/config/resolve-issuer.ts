// Resolves one issuer: its fields, and the rules of its preset that no field can set.
import { presetRules } from './presets.js';
import { resolveIntrospection } from './resolve-introspection.js';
import type { WithSecrets } from './resolve-secrets.js';
import type { ResolvedIssuer } from './resolved-config.js';
import type { IssuerInput } from './schema/issuer.js';

export function resolveIssuer(input: WithSecrets<IssuerInput>): ResolvedIssuer {
  const { preset, issuer, jwksUri, tokenPrefixes, introspection } = input;
  return {
    issuer,
    jwksUri: jwksUri ?? null,
    algorithms: input.algorithms,
    typ: input.typ,
    clockToleranceSeconds: input.clockToleranceSeconds,
    jwks: input.jwks,
    claims: input.claims,
    requireTenant: input.requireTenant,
    ...presetRules(preset, issuer),
    verify: input.verify,
    tokenPrefixes: tokenPrefixes ?? null,
    introspection: introspection === undefined ? null : resolveIntrospection(introspection),
    metadataMirror: input.metadataMirror,
  };
}
