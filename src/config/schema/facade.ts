// The schema of `issuers.*.facade`: the authorization server of the gateway in front of an identity
// provider at which clients cannot register.
import { z } from 'zod';
import { isRedirectEntry } from '../../core/redirect-uri.js';
import { clientFields } from './client-authentication.js';
import { CLIENT_ID_HINT, mapOf, publishedScope, trueOrFalse, wholeNumber } from './fields.js';
import { signingKeyReferences } from './signing-key-references.js';

const CLAIM_HINT = 'write the name of a claim, such as email';
const VALUE_HINT = 'write the value of the claim, a list of values, or true for any value';

/** The gateway writes these itself, or they mark other kinds of token. */
const OWN_CLAIMS =
  /^(iss|sub|aud|exp|nbf|iat|jti|client_id|azp|scope|scp|nonce|at_hash|c_hash|events|cnf|typ|token_use)$/;

const claims = z
  .array(
    z
      .string({ error: CLAIM_HINT })
      .min(1, { error: CLAIM_HINT })
      .refine((name) => !OWN_CLAIMS.test(name), {
        error: 'the gateway writes or checks this claim itself; remove it',
      }),
    { error: 'write a list of claims, such as [email, groups]' },
  )
  .default([])
  .describe('Mode `issued`: claims of the person that the token repeats, for rules and headers.');

const requiredClaims = z
  .record(
    z.string().min(1, { error: CLAIM_HINT }),
    z.union(
      [
        z.literal(true, { error: VALUE_HINT }),
        z.string().min(1, { error: VALUE_HINT }),
        z
          .array(z.string({ error: VALUE_HINT }).min(1, { error: VALUE_HINT }), {
            error: VALUE_HINT,
          })
          .min(1, { error: VALUE_HINT }),
      ],
      { error: VALUE_HINT },
    ),
    { error: 'write a map from a claim to its value, such as { hd: example.com }' },
  )
  .default({})
  .describe(
    'Mode `issued`: claims that a person needs at the issuer. With a list, one of its values. ' +
      'True: any value but false or an empty one.',
  );

export const FACADE_METHODS = ['basic', 'post', 'private_key_jwt', 'none'] as const;

const FACADE_EXAMPLE =
  '{ clientId: portcullis, clientSecret: "${env:IDP_SECRET}", ' +
  'keys: ["${file:/run/secrets/facade.pem}"] }';

const URI_HINT =
  'write an https URL, http://127.0.0.1 for apps on the computer of the user, or a URL of an app ' +
  'such as cursor://anysphere.cursor-retrieval/oauth/';
const URIS_HINT = 'write a list of redirect URIs, such as [http://127.0.0.1, https://vscode.dev]';

/** The facade writes these itself. */
const OWN_PARAMETERS =
  /^(response_type|response_mode|client_id|redirect_uri|state|code_challenge|code_challenge_method|scope|resource|request|request_uri)$/i;

const parameters = z
  .record(
    z
      .string()
      .min(1, { error: 'write the name of a parameter, such as audience' })
      .refine((name) => !OWN_PARAMETERS.test(name), {
        error: 'the facade writes this parameter itself; remove it',
      }),
    z.string({ error: 'write the value of the parameter as text' }),
    { error: 'write a map of parameters, such as { access_type: offline }' },
  )
  .default({})
  .describe('Further parameters of the login at the issuer, such as `audience` or `prompt`.');

export const facadeSchema = mapOf(FACADE_EXAMPLE, {
  ...clientFields(FACADE_METHODS),
  clientId: z
    .string({ error: CLIENT_ID_HINT })
    .min(1, { error: CLIENT_ID_HINT })
    .describe('The client id of the gateway at the issuer, for all clients of the facade.'),
  keys: signingKeyReferences('facade').describe(
    'Private keys, P-256 or Ed25519, as PEM or JWK. The facade seals with keys that follow from ' +
      'the first, and opens with all of them. Mode `issued` signs with the first.',
  ),
  redirectUris: z
    .array(z.string({ error: URI_HINT }).refine(isRedirectEntry, { error: URI_HINT }), {
      error: URIS_HINT,
    })
    .min(1, { error: URIS_HINT })
    .default(['http://127.0.0.1'])
    .describe(
      'Where a client may return after a login. A host alone, or a slash at the end, allows all ' +
        'that begins with it. `http://127.0.0.1` allows every port of the own computer of the user.',
    ),
  mode: z
    .enum(['pass', 'issued'], { error: 'write pass or issued' })
    .default('pass')
    .describe(
      '`pass`: clients get the tokens of the issuer. `issued`: the gateway verifies who logged in, ' +
        'and issues tokens of its own.',
    ),
  tokenSeconds: wholeNumber(60, 3_600, 'seconds')
    .default(3_600)
    .describe('Mode `issued`: seconds for which a token is valid.'),
  claims,
  requiredClaims,
  scopes: z
    .array(publishedScope, { error: 'write a list of scopes, such as [openid]' })
    .default([])
    .describe(
      'Scopes that the issuer gets beside those that the client requests. Mode `issued`: it gets ' +
        'these alone.',
    ),
  parameters,
  sendResource: trueOrFalse(true).describe(
    'False: the issuer does not get `resource` (RFC 8707). Some issuers reject it. Mode `issued` ' +
      'never sends it.',
  ),
  timeoutMs: wholeNumber(100, 30_000, 'milliseconds')
    .default(5_000)
    .describe('Milliseconds for one request to the issuer, and for the wait before it.'),
  maxConcurrentRequests: wholeNumber(2, 1_024, 'requests')
    .default(64)
    .describe('Requests in progress at once.'),
});

export type FacadeInput = z.output<typeof facadeSchema>;
