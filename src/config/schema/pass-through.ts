// The schema of pass-through credentials: a scheme or a header that the gateway forwards to the
// upstream, which verifies it.
import { z } from 'zod';
import { mapOf, scopes } from './fields.js';

const DAY = /^\d{4}-\d{2}-\d{2}$/;
/** Date.parse takes the 30th of February for a day in March. */
const isDay = (value: string): boolean =>
  !Number.isNaN(Date.parse(value)) && new Date(value).toISOString().startsWith(value);

const DAY_HINT = 'write a date, such as 2027-06-30';
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
  sunset: z
    .string({ error: DAY_HINT })
    .regex(DAY, { error: DAY_HINT })
    .refine((value) => !DAY.test(value) || isDay(value), {
      error: 'this date does not exist; write another, such as 2027-06-30',
    })
    .optional(),
});

export const passThroughList = z
  .array(passThroughSchema, {
    error: `write a list of pass-through credentials, such as [${EXAMPLE}]`,
  })
  .default([]);

export type PassThroughInput = z.output<typeof passThroughSchema>;
