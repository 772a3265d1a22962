// The schema of pass-through credentials: a scheme or a header that the gateway forwards to the
// upstream, which verifies it.
import { z } from 'zod';
import { day } from './day.js';
import { mapOf, scopes } from './fields.js';

const HEADER_HINT = 'write a header name, such as X-Api-Key';
const EXAMPLE = '{ scheme: Token, upstreamVerifies: true }';

/** Headers with a meaning of their own. None of them can be a pass-through credential. */
const TAKEN_HEADERS = new RegExp(
  '^(authorization|cookie|host|origin|connection|keep-alive|te|trailer|upgrade|expect|via|' +
    'forwarded|user-agent|baggage|last-event-id|trace.*|transfer-.*|proxy-.*|x-forwarded-.*|' +
    'content-.*|accept.*|mcp-.*)$',
  'i',
);

export const passThroughSchema = mapOf(EXAMPLE, {
  /** Scheme of the Authorization header, such as Token. Either this or `header`. */
  scheme: z
    .string({ error: 'write a scheme, such as Token' })
    .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, { error: 'write one word, such as Token' })
    .refine((value) => !['bearer', 'dpop', 'basic'].includes(value.toLowerCase()), {
      error: 'this scheme can carry OAuth tokens; choose another',
    })
    .optional(),
  /** A separate header that holds the key, such as X-Api-Key. */
  header: z
    .string({ error: HEADER_HINT })
    .regex(/^[A-Za-z0-9-]+$/, { error: HEADER_HINT })
    .refine((value) => !TAKEN_HEADERS.test(value), {
      error: 'this header has another meaning; choose one that holds only the key',
    })
    .optional(),
  upstreamVerifies: z.literal(true, {
    error:
      'the gateway cannot verify this credential: write true if the upstream rejects bad ones, ' +
      'otherwise remove this entry',
  }),
  /** Scopes that the gateway grants to every such caller. */
  scopes,
  /** The gateway rejects the credential from this day (UTC) on. */
  sunset: day.optional(),
});

export const passThroughList = z
  .array(passThroughSchema, {
    error: `write a list of pass-through credentials, such as [${EXAMPLE}]`,
  })
  .default([]);

export type PassThroughInput = z.output<typeof passThroughSchema>;
