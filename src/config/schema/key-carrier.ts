// The schemas of the two places where a caller writes a key: a scheme of the Authorization header,
// or a header of its own. `passThrough` and `apiKeys` share them.
import { z } from 'zod';

const HEADER_HINT = 'write a header name, such as X-Api-Key';

/** Headers with a meaning of their own. None of them can carry a key. */
const TAKEN_HEADERS = new RegExp(
  '^(authorization|cookie|host|origin|connection|keep-alive|te|trailer|upgrade|expect|via|' +
    'forwarded|user-agent|baggage|last-event-id|trace.*|transfer-.*|proxy-.*|x-forwarded-.*|' +
    'content-.*|accept.*|mcp-.*)$',
  'i',
);

/** `bearer`: the message for the scheme Bearer. */
export const keyScheme = (bearer: string) =>
  z
    .string({ error: 'write a scheme, such as Token' })
    .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, { error: 'write one word, such as Token' })
    .refine((value) => value.toLowerCase() !== 'bearer', { error: bearer })
    .refine((value) => !['dpop', 'basic'].includes(value.toLowerCase()), {
      error: OAUTH_SCHEME,
    });

export const OAUTH_SCHEME = 'this scheme can carry OAuth tokens; choose another';

export const keyHeader = z
  .string({ error: HEADER_HINT })
  .regex(/^[A-Za-z0-9-]+$/, { error: HEADER_HINT })
  .refine((value) => !TAKEN_HEADERS.test(value), {
    error: 'this header has another meaning; choose one that holds only the key',
  });
