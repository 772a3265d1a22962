// Resolves the entries of the registry of API keys, and the places where callers write keys.
import type { ApiKey, ApiKeyCarrier } from '../core/api-key.js';
import { headerSecretProblems } from './header-secrets.js';
import type { Partially } from './partial-parse.js';
import type { Problem } from './problems.js';
import type { WithSecrets } from './resolve-secrets.js';
import type { ApiKeyInput } from './schema/api-key.js';
import type { ApiKeyCarrierInput } from './schema/api-key-carrier.js';

export const resolveApiKey = (name: string, input: WithSecrets<ApiKeyInput>): ApiKey => ({
  name,
  sha256: input.sha256.toLowerCase(),
  scopes: input.scopes,
  tenant: input.tenant ?? null,
  upstreamAuthorization: input.upstreamAuthorization ?? null,
  sunsetMs: input.sunset === undefined ? null : Date.parse(input.sunset),
  endpoints: input.endpoints ?? null,
});

export function resolveCarrier(input: WithSecrets<ApiKeyCarrierInput>): ApiKeyCarrier {
  const { scheme, header, bearerPrefix } = input;
  return {
    scheme: bearerPrefix === undefined ? (scheme?.toLowerCase() ?? null) : 'bearer',
    header: header?.toLowerCase() ?? 'authorization',
    bearerPrefix: bearerPrefix ?? null,
  };
}

/** Secrets of the wrong form. */
export const apiKeyProblems = (
  apiKeys: WithSecrets<Partially<Readonly<Record<string, ApiKeyInput>>>>,
): Problem[] =>
  Object.entries(apiKeys).flatMap(([name, key]) =>
    headerSecretProblems(key?.upstreamAuthorization, ['apiKeys', name, 'upstreamAuthorization']),
  );
