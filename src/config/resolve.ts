// Resolves a valid configuration to the frozen one that the gateway runs with: secrets read, and
// every value that depends on other values filled in.
import type { Secret } from '../core/secret.js';
import type { Partially } from './partial-parse.js';
import type { Problem } from './problems.js';
import { resolveEndpoint } from './resolve-endpoint.js';
import { introspectionProblems } from './resolve-introspection.js';
import { resolveIssuer } from './resolve-issuer.js';
import { resolveSecrets, type WithSecrets } from './resolve-secrets.js';
import type { ResolvedConfig } from './resolved-config.js';
import { type ConfigInput, rootSchema } from './schema/root.js';
import type { Environment } from './secrets.js';
import { sessionKeys } from './session-keys.js';

/** The keys of a map are strings, which need no freezing. The type of the map is read-only. */
function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const inner of value instanceof Map ? value.values() : Object.values(value))
    deepFreeze(inner);
  return value;
}

function toConfig(input: WithSecrets<ConfigInput>, keys: readonly Secret[]): ResolvedConfig {
  const { publicUrl, listen, admin, logLevel, limits, drain, issuers, endpoints } = input;
  return {
    publicUrl,
    listen,
    admin,
    logLevel,
    sessionKeys: keys,
    limits,
    drain,
    trustedProxies: [],
    apiKeys: [],
    apiKeysFile: null,
    bridge: null,
    issuers: Object.values(issuers).map(resolveIssuer),
    endpoints: endpoints.map((endpoint) => resolveEndpoint(endpoint, publicUrl, issuers)),
  };
}

/**
 * Reads the secrets of the valid parts of a configuration and checks their form. `toConfig` is for
 * a configuration without any problem.
 */
export function resolve(
  valid: Partially<ConfigInput>,
  environment: Environment,
): { problems: Problem[]; toConfig(): ResolvedConfig } {
  const { value, problems } = resolveSecrets<ConfigInput>(rootSchema, valid, environment);
  const ring = sessionKeys(value.sessionKeys ?? []);
  const introspection = Object.entries(value.issuers ?? {}).flatMap(([name, issuer]) =>
    introspectionProblems(issuer?.introspection ?? {}, ['issuers', name, 'introspection']),
  );
  return {
    problems: [...problems, ...ring.problems, ...introspection],
    toConfig: () => deepFreeze(toConfig(value as WithSecrets<ConfigInput>, ring.keys)),
  };
}
