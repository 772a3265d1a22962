// The schema of `identity`: the keys that sign identity JWTs for upstreams.
import type { z } from 'zod';
import { mapOf, protectedUrl } from './fields.js';
import { signingKeyReferences } from './signing-key-references.js';

export const identitySchema = mapOf('{ keys: ["${file:/run/secrets/identity.pem}"] }', {
  /** `iss` of the JWTs. Default: publicUrl. */
  issuer: protectedUrl('https://mcp.example.com').optional(),
  keys: signingKeyReferences('identity'),
});

export type IdentityInput = z.output<typeof identitySchema>;
