// Resolves a valid configuration to the frozen one that the gateway runs with: secrets read, and
// every value that depends on other values filled in.
import { resolve as absolutePath } from 'node:path';
import type { Secret } from '../core/secret.js';
import type { Partially } from './partial-parse.js';
import type { Problem } from './problems.js';
import { apiKeyProblems, resolveApiKey } from './resolve-api-key.js';
import { resolveBridge } from './resolve-bridge.js';
import { clientProblems } from './resolve-client.js';
import { resolveEndpoints } from './resolve-endpoint.js';
import { facadeProblems, facadeRings } from './resolve-facade.js';
import { resolveIssuer } from './resolve-issuer.js';
import { resolveRootLimits, storeProblems } from './resolve-limits.js';
import { resolveSecrets, type WithSecrets } from './resolve-secrets.js';
import { resolveTelemetry, telemetryProblems } from './resolve-telemetry.js';
import { upstreamSecretProblems } from './resolve-upstream.js';
import type { ResolvedConfig } from './resolved-config.js';
import { type ConfigInput, rootSchema } from './schema/root.js';
import type { Environment } from './secrets.js';
import { sessionKeys } from './session-keys.js';
import { sharedKeyProblems, signingKeys } from './signing-keys.js';

/** The keys of a map are strings, which need no freezing. The type of the map is read-only. */
function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const inner of value instanceof Map ? value.values() : Object.values(value))
    deepFreeze(inner);
  return value;
}

/** An address alone is the block of this address. */
const cidrBlock = (block: string): string => {
  if (block.includes('/')) return block;
  return `${block}/${block.includes(':') ? 128 : 32}`;
};

/** `folder`: where relative paths begin. */
function toConfig(
  input: WithSecrets<ConfigInput>,
  sessionRing: readonly Secret[],
  bridgeRing: readonly Secret[],
  identityRing: readonly Secret[],
  facadeKeys: (name: string) => readonly Secret[],
  folder: string,
): ResolvedConfig {
  const { publicUrl, listen, admin, logLevel, limits, drain, workers, issuers, endpoints } = input;
  const bridge =
    input.bridge === undefined ? null : resolveBridge(input.bridge, publicUrl, bridgeRing);
  return {
    publicUrl,
    listen,
    admin,
    logLevel,
    sessionKeys: sessionRing,
    limits: resolveRootLimits(limits),
    drain,
    workers,
    trustedProxies: input.trustedProxies.map(cidrBlock),
    ...resolveTelemetry(input, folder),
    apiKeys: Object.entries(input.apiKeys ?? {}).map(([name, key]) => resolveApiKey(name, key)),
    apiKeysFile: input.apiKeysFile === undefined ? null : absolutePath(folder, input.apiKeysFile),
    bridge,
    identity:
      input.identity === undefined
        ? null
        : { issuer: input.identity.issuer ?? publicUrl, keys: identityRing },
    issuers: Object.entries(issuers).map(([name, issuer]) =>
      resolveIssuer(name, issuer, publicUrl, facadeKeys(name)),
    ),
    endpoints: endpoints.flatMap((endpoint) =>
      resolveEndpoints(endpoint, publicUrl, issuers, bridge?.issuer ?? null),
    ),
  };
}

/**
 * Reads the secrets of the valid parts of a configuration and checks their form. `toConfig` is for
 * a configuration without any problem. Paths in it are relative to `folder`.
 */
export function resolve(
  valid: Partially<ConfigInput>,
  environment: Environment,
  folder: string,
): { problems: Problem[]; toConfig(): ResolvedConfig } {
  const { value, problems } = resolveSecrets<ConfigInput>(rootSchema, valid, environment);
  const sessionRing = sessionKeys(value.sessionKeys ?? []);
  const bridgeRing = signingKeys(value.bridge?.keys ?? [], 'bridge');
  const identityRing = signingKeys(value.identity?.keys ?? [], 'identity');
  const facades = facadeRings(value.issuers ?? {});
  const introspection = Object.entries(value.issuers ?? {}).flatMap(([name, issuer]) =>
    clientProblems(issuer?.introspection ?? {}, ['issuers', name, 'introspection']),
  );
  return {
    problems: [
      ...problems,
      ...sessionRing.problems,
      ...storeProblems(value.limits?.store),
      ...apiKeyProblems(value.apiKeys ?? {}),
      ...bridgeRing.problems,
      ...identityRing.problems,
      ...sharedKeyProblems(identityRing, bridgeRing),
      ...facadeProblems(value.issuers ?? {}, facades, [bridgeRing, identityRing]),
      ...introspection,
      ...upstreamSecretProblems(value.endpoints ?? []),
      ...telemetryProblems(value),
    ],
    toConfig: () =>
      deepFreeze(
        toConfig(
          value as WithSecrets<ConfigInput>,
          sessionRing.keys,
          bridgeRing.keys,
          identityRing.keys,
          (name) => facades.get(name)?.keys ?? [],
          folder,
        ),
      ),
  };
}
