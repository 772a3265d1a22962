// The fields by which the gateway authenticates as an OAuth client, at introspection and at token
// endpoints. `validate-client.ts` checks that they fit each other.
import { z } from 'zod';
import { listed } from '../../core/quoted.js';
import { CLIENT_ID_HINT } from './fields.js';
import { secretReference } from './secret-reference.js';

/** `methods`: those that the endpoint allows; the first is the default. */
export const clientFields = <const M extends readonly [string, ...string[]]>(methods: M) => {
  const names = listed(methods, 'or');
  const bearer = methods.includes('bearer') ? '; the token for `bearer`' : '';
  return {
    clientId: z
      .string({ error: CLIENT_ID_HINT })
      .min(1, { error: CLIENT_ID_HINT })
      .optional()
      .describe(
        'The client id of the gateway there. `basic`, `post` and `private_key_jwt` need it.',
      ),
    clientSecret: secretReference
      .optional()
      .describe(`The secret of that client for \`basic\` and \`post\`${bearer}.`),
    auth: z
      .enum(methods, { error: `write ${names}` })
      .default(methods[0] as never)
      .describe(
        'How the gateway authenticates there (RFC 6749 section 2.3.1, RFC 7523 section 2.2, ' +
          'RFC 6750).',
      ),
    privateKey: secretReference
      .optional()
      .describe(
        'PEM, for `private_key_jwt`: RSA of 2048 bits or more (RS256), or EC P-256 (ES256).',
      ),
  };
};

/** The methods of a token endpoint. The gateway always authenticates there. */
export const TOKEN_METHODS = ['basic', 'post', 'private_key_jwt'] as const;

export const INTROSPECTION_METHODS = [
  'basic',
  'post',
  'private_key_jwt',
  'bearer',
  'none',
] as const;
