// The schema of one API key of the registry: in `apiKeys`, and in a line of `apiKeysFile`.
import { z } from 'zod';
import { day } from './day.js';
import { endpointName } from './endpoint-host.js';
import { mapOf, scopes } from './fields.js';
import { secretReference } from './secret-reference.js';

const HASH_HINT =
  'write the SHA-256 of the key in 64 hex digits; portcullis hash-key makes a key and its entry';
const TENANT_HINT = 'write the tenant of the caller, such as acme';

const NAME_CHARACTERS =
  '1 to 128 letters, digits and .-_@, of which the first is a letter or digit';

/** A client sends it as its id, also unencoded in Basic, and the log shows it. */
export const keyName = (hint: string) =>
  z.string({ error: hint }).regex(/^[A-Za-z0-9][A-Za-z0-9._@-]{0,127}$/, {
    error: `${hint}: ${NAME_CHARACTERS}`,
  });

/** The name of a key in the registry. */
export const apiKeyName = keyName('write a name for the key, such as partner-a');

export const apiKeySchema = mapOf('{ sha256: ..., scopes: [files:read] }', {
  sha256: z
    .string({ error: HASH_HINT })
    .regex(/^[0-9a-fA-F]{64}$/, { error: HASH_HINT })
    .describe(
      'SHA-256 of the key in 64 hex digits. `portcullis hash-key` makes a key and its entry.',
    ),
  scopes: scopes.describe('Scopes of the caller that has this key.'),
  tenant: z
    .string({ error: TENANT_HINT })
    .min(1, { error: TENANT_HINT })
    .optional()
    .describe('Tenant of the caller.'),
  upstreamAuthorization: secretReference
    .optional()
    .describe('Value of the Authorization header that the upstream gets in place of the key.'),
  sunset: day.optional().describe('The gateway rejects the key from this day (UTC) on.'),
  endpoints: z
    .array(endpointName, { error: 'write a list of endpoint paths, such as [/mcp]' })
    .min(1, { error: 'an empty list accepts the key nowhere; write a path, or remove the field' })
    .optional()
    .describe(
      'The endpoints that accept it, by path, or by first host and path as in ' +
        'files.example.com/mcp. Default: each endpoint with `apiKeys`.',
    ),
});

export type ApiKeyInput = z.output<typeof apiKeySchema>;

const MAP_EXAMPLE = 'partner-a: { sha256: ..., scopes: [files:read] }';

/** The registry in the configuration itself, by name. */
export const apiKeysSchema = z.record(apiKeyName, apiKeySchema, {
  error: ({ input }) =>
    Array.isArray(input)
      ? `write a map, not a list: each key under its name, such as ${MAP_EXAMPLE}`
      : `write a map of API keys, such as ${MAP_EXAMPLE}`,
});
