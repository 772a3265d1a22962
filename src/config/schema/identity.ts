// The schema of `identity`: the keys that sign identity JWTs for upstreams.
import type { z } from 'zod';
import { mapOf, protectedUrl } from './fields.js';
import { signingKeyReferences } from './signing-key-references.js';

export const identitySchema = mapOf('{ keys: ["${file:/run/secrets/identity.pem}"] }', {
  issuer: protectedUrl('https://mcp.example.com')
    .optional()
    .describe('`iss` of the JWTs. Default: publicUrl.'),
  keys: signingKeyReferences('identity').describe(
    'Private keys, P-256 or Ed25519, as PEM or JWK. The first signs, and the key set publishes all ' +
      'of them.',
  ),
});

export type IdentityInput = z.output<typeof identitySchema>;
