// The schema of pass-through credentials: a scheme or a header that the gateway forwards to the
// upstream, which verifies it.
import { z } from 'zod';
import { day } from './day.js';
import { mapOf, scopes } from './fields.js';
import { keyHeader, keyScheme, OAUTH_SCHEME } from './key-carrier.js';

const EXAMPLE = '{ scheme: Token, upstreamVerifies: true }';

export const passThroughSchema = mapOf(EXAMPLE, {
  scheme: keyScheme(OAUTH_SCHEME)
    .optional()
    .describe('Scheme of the Authorization header, such as Token. Either this or `header`.'),
  header: keyHeader.optional().describe('A separate header that holds the key, such as X-Api-Key.'),
  upstreamVerifies: z
    .literal(true, {
      error:
        'the gateway cannot verify this credential: write true if the upstream rejects bad ones, ' +
        'otherwise remove this entry',
    })
    .describe('The upstream rejects bad credentials: the gateway cannot verify them.'),
  scopes: scopes.describe('Scopes that the gateway grants to every such caller.'),
  sunset: day.optional().describe('The gateway rejects the credential from this day (UTC) on.'),
});

export const passThroughList = z
  .array(passThroughSchema, {
    error: `write a list of pass-through credentials, such as [${EXAMPLE}]`,
  })
  .default([]);

export type PassThroughInput = z.output<typeof passThroughSchema>;
