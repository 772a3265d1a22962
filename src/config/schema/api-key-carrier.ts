// The schema of `endpoints[].apiKeys`: where the callers of an endpoint write their API keys.
import { z } from 'zod';
import { mapOf } from './fields.js';
import { keyHeader, keyScheme } from './key-carrier.js';

const PREFIX_HINT = 'write how the keys begin, such as sk_live_';
const EXAMPLE = '{ header: X-Api-Key }';
const LIST_HINT =
  `write where callers send their keys, such as [${EXAMPLE}]; the keys themselves belong to ` +
  'apiKeys of the root, beside endpoints';

/**
 * The second character of a JWT that begins with `e` depends on the byte after the brace: a quote,
 * a space or a line feed (RFC 7515 section 3.1).
 */
const canBeginJwt = (prefix: string): boolean =>
  ['ey', 'ew'].some((start) => prefix.startsWith(start) || start.startsWith(prefix));

/** Start of the keys that callers send as bearer tokens. */
export const bearerPrefix = z
  .string({ error: PREFIX_HINT })
  // The characters of a bearer token (RFC 6750 section 2.1).
  .regex(/^[A-Za-z0-9\-._~+/]{2,64}$/, {
    error: `${PREFIX_HINT}: 2 to 64 letters, digits and -._~+/`,
    abort: true,
  })
  .refine((value) => !canBeginJwt(value), {
    error: 'JWTs begin like this too; choose a prefix that does not begin with e, ey or ew',
  });

/** Each entry has one of the fields. */
export const apiKeyCarrierSchema = mapOf(EXAMPLE, {
  header: keyHeader
    .optional()
    .describe('A header of its own that holds the key, such as X-Api-Key.'),
  scheme: keyScheme('write bearerPrefix: sk_live_, with the start of your keys')
    .optional()
    .describe('Scheme of the Authorization header, such as Token.'),
  bearerPrefix: bearerPrefix
    .optional()
    .describe('Start of the keys that callers send as bearer tokens, such as sk_live_.'),
});

export const apiKeyCarriers = z
  .array(apiKeyCarrierSchema, { error: LIST_HINT })
  .min(1, { error: `write at least one place, such as ${EXAMPLE}, or remove the field` });

export type ApiKeyCarrierInput = z.output<typeof apiKeyCarrierSchema>;
