// Resolves one entry of the registry of API keys.
import type { ApiKey } from '../core/api-key.js';
import type { WithSecrets } from './resolve-secrets.js';
import type { ApiKeyInput } from './schema/api-key.js';

export const resolveApiKey = (name: string, input: WithSecrets<ApiKeyInput>): ApiKey => ({
  name,
  sha256: input.sha256.toLowerCase(),
  scopes: input.scopes,
  tenant: input.tenant ?? null,
  upstreamAuthorization: input.upstreamAuthorization ?? null,
  sunsetMs: input.sunset === undefined ? null : Date.parse(input.sunset),
  endpoints: input.endpoints ?? null,
});
