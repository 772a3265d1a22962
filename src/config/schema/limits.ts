// The schemas of limits: rates of calls, of an endpoint and of failed credentials, and the store
// of their counts.
import { z } from 'zod';
import { mapOf, wholeNumber } from './fields.js';
import { secretReference } from './secret-reference.js';

const RATE_EXAMPLE = '{ ratePerMinute: 600, burst: 100 }';
/** A minute is a multiple of a window: so at most ratePerMinute + burst calls pass in a minute. */
const PARTS = [1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30, 60];
const MOST_NAMED = 6;

/** The bursts that fit: whole parts of the rate. */
const burstsOf = (ratePerMinute: number): number[] =>
  PARTS.filter((part) => ratePerMinute % part === 0).map((part) => ratePerMinute / part);

const rateSchema = mapOf(RATE_EXAMPLE, {
  ratePerMinute: wholeNumber(1, 1_000_000, 'calls').describe('Calls in a minute, on average.'),
  burst: wholeNumber(1, 1_000_000, 'calls')
    .optional()
    .describe(
      'Calls in one window: ratePerMinute, or a whole part of it. Default: ratePerMinute, so the ' +
        'window is a minute.',
    ),
}).refine(({ ratePerMinute, burst = ratePerMinute }) => burstsOf(ratePerMinute).includes(burst), {
  path: ['burst'],
  error: ({ input }) => {
    const { ratePerMinute } = input as { readonly ratePerMinute: number };
    const fitting = burstsOf(ratePerMinute).slice(0, MOST_NAMED).join(', ');
    return `write ratePerMinute or a part of it, whose window is whole seconds: ${fitting}`;
  },
});

export type RateInput = z.output<typeof rateSchema>;

const TOOLS_HINT = `write a map of tool names, such as { "export_*": ${RATE_EXAMPLE} }`;

/** The rates of an endpoint, beside its other limits. */
export const endpointRates = {
  perPrincipal: rateSchema.optional().describe('Calls of one principal.'),
  perClient: rateSchema
    .optional()
    .describe(
      'Calls of one OAuth client of an issuer, of all its users together. A caller without a ' +
        'client counts as one.',
    ),
  perTool: z
    .record(z.string().min(1, { error: TOOLS_HINT }), rateSchema, { error: TOOLS_HINT })
    .default({})
    .describe('Calls of one principal to the tools whose names match a pattern with `*`.'),
  perEndpoint: rateSchema.optional().describe('Calls of all callers together.'),
};

const STORE_HINT =
  'write the URL of Redis or Valkey, such as redis://127.0.0.1:6379; one with a password as ' +
  '"${env:NAME}" or "${file:/path}"';

/** Says why a text cannot be the URL of a store; null: it can. Never shows the text. */
export function storeProblem(url: string): string | null {
  const found = URL.canParse(url) ? new URL(url) : null;
  const isStore =
    found !== null &&
    /^rediss?:$/.test(found.protocol) &&
    found.hostname !== '' &&
    /^(\/\d{0,4})?$/.test(found.pathname) &&
    !/[?#]/.test(url);
  return isStore
    ? null
    : 'write redis:// or rediss://, a host and a port, such as redis://127.0.0.1:6379';
}

const hasPassword = (url: string): boolean =>
  URL.canParse(url) && new URL(url).username + new URL(url).password !== '';

const plainStore = z
  .string({ error: STORE_HINT })
  .refine((url) => storeProblem(url) === null && !hasPassword(url), { error: STORE_HINT });

/** Where limits count, and which limit all endpoints share. */
export const rootLimits = {
  store: z
    // The message of the first schema counts for a text.
    .union([plainStore, secretReference], { error: STORE_HINT })
    .optional()
    .describe(
      'URL of Redis or Valkey, where all replicas count together. A reference, where it has a ' +
        'password. Default: each process counts in its memory.',
    ),
  onStoreDown: z
    .enum(['local', 'reject'], { error: 'write local or reject' })
    .default('local')
    .describe(
      'While the store is away: `local` counts in each process; `reject` answers 503 to calls ' +
        'with a limit.',
    ),
  failedCredentials: rateSchema
    .optional()
    .describe(
      'Failed tokens and API keys of one client address. Above it, unknown ones get 429 without ' +
        'a check.',
    ),
};
