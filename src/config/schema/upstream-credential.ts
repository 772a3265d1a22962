// The schema of `upstream.credential`: what the gateway presents to the upstream, one map for each
// kind.
import { z } from 'zod';
import { HEADER_LINE } from '../../core/header-line.js';
import { clientFields, TOKEN_METHODS } from './client-authentication.js';
import { KIND_EXAMPLES, kindProblem } from './credential-kind.js';
import {
  issuerDocumentUrl,
  mapOf,
  oneOrMore,
  protectedUrl,
  publishedScope,
  trueOrFalse,
  wholeNumber,
} from './fields.js';
import { keyHeader } from './key-carrier.js';
import { secretReference } from './secret-reference.js';
import { messageHeaderProblem } from './upstream-headers.js';

const AUDIENCE_HINT = 'write the audience that the upstream expects, such as files-backend';
/** In a list, the audience of another upstream could be beside it: each could use the JWT. */
const ONE_AUDIENCE_HINT = `${AUDIENCE_HINT}: one text, because one upstream gets the JWT`;
const audience = z
  .string({ error: ({ input }) => (Array.isArray(input) ? ONE_AUDIENCE_HINT : AUDIENCE_HINT) })
  .regex(HEADER_LINE, { error: AUDIENCE_HINT });

export const RESOURCE_HINT =
  'write the resource identifier of the upstream, such as https://files.example.com/mcp';
/** RFC 8707 section 2: an absolute URI without a fragment. */
const resource = z
  .string({ error: RESOURCE_HINT })
  .refine((value) => /^[\x21-\x7e]+$/.test(value) && URL.canParse(value), { error: RESOURCE_HINT })
  .refine((value) => !value.includes('#'), { error: 'write the resource without a fragment' });

const SCOPES_HINT = 'write a list of scopes that the gateway asks for, such as [files:read]';
/** The gateway never stores a refresh token. */
const scopes = z
  .array(
    publishedScope.refine((value) => value !== 'offline_access', {
      error: 'the gateway uses no refresh tokens; remove it',
    }),
    { error: SCOPES_HINT },
  )
  .default([]);

const PARAMETER_HINT = 'write the value of the parameter as text, in quotes';
/** The gateway sets them itself. */
const OWN_PARAMETERS = new RegExp(
  '^(grant_type|subject_token|subject_token_type|actor_token|actor_token_type|assertion|' +
    'requested_token_type|requested_token_use|audience|resource|scope|client_id|client_secret|' +
    'client_assertion|client_assertion_type)$',
);
const OWN_HINT = 'the gateway sets this parameter itself; use the field for it, or remove it';

/** The fields of a request to a token endpoint. */
const request = {
  audience: oneOrMore(audience, AUDIENCE_HINT)
    .optional()
    .describe('Audiences of the token. Each is one parameter of the request.'),
  resource: oneOrMore(resource, RESOURCE_HINT)
    .optional()
    .describe('Resource identifiers (RFC 8707). Each is one parameter of the request.'),
  scopes: scopes.describe('Scopes that the gateway requests.'),
  parameters: z
    .record(
      z
        .string()
        .min(1, { error: 'write the name of a parameter, such as connector_id' })
        .refine((name) => !OWN_PARAMETERS.test(name), { error: OWN_HINT }),
      z.string({ error: PARAMETER_HINT }),
      { error: 'write a map of parameters, such as { connector_id: ldap }' },
    )
    .default({})
    .describe('Further parameters of the request, such as `connector_id`.'),
  ...clientFields(TOKEN_METHODS),
  timeoutMs: wholeNumber(100, 30_000, 'milliseconds')
    .default(2_000)
    .describe('Milliseconds for one request, and for the wait before it.'),
  maxConcurrentRequests: wholeNumber(2, 1_024, 'requests')
    .default(64)
    .describe('Requests in progress at once.'),
};

const TOKEN_URL_EXAMPLE = 'https://auth.example.com/token';

/** `authorization` writes it, so that each credential has one form. */
const staticHeader = z
  .string({ error: 'write a header name, such as X-Api-Key' })
  .refine((value) => value.toLowerCase() !== 'authorization', {
    error: 'write authorization: "${env:UPSTREAM_TOKEN}" instead of header and value',
    abort: true,
  })
  .pipe(keyHeader)
  .refine((value) => messageHeaderProblem(value) === null, {
    error: ({ input }) => messageHeaderProblem(String(input)) ?? '',
  });

export const noCredentialSchema = mapOf(KIND_EXAMPLES.none, {
  kind: z.literal('none').describe('No credential.'),
});

export const staticSchema = mapOf(KIND_EXAMPLES.static, {
  kind: z
    .literal('static')
    .describe('One header with a secret of yours, the same for every caller.'),
  authorization: secretReference
    .optional()
    .describe('The whole value of the Authorization header, with its scheme.'),
  header: staticHeader
    .optional()
    .describe('Another header, such as X-Api-Key, together with `value`.'),
  value: secretReference.optional().describe('The value of `header`.'),
});

export const identityCredentialSchema = mapOf(KIND_EXAMPLES.identity, {
  kind: z
    .literal('identity')
    .describe('A JWT of at most 60 seconds about the caller, which the gateway signs.'),
  audience: audience.describe('`aud` of the JWT.'),
});

const ID_JAG_EXAMPLE =
  '{ issuer: https://auth.files.example.com, clientId: portcullis, clientSecret: ' +
  '"${env:FILES_SECRET}" }';

/** The authorization server of the upstream, where it accepts an ID-JAG of the issuer. */
export const idJagSchema = mapOf(ID_JAG_EXAMPLE, {
  issuer: protectedUrl('https://auth.files.example.com').describe('The issuer of that server.'),
  tokenUrl: issuerDocumentUrl(TOKEN_URL_EXAMPLE)
    .optional()
    .describe('Its token endpoint. Default: `token_endpoint` of its metadata.'),
  ...clientFields(TOKEN_METHODS),
});

export const exchangeSchema = mapOf(KIND_EXAMPLES.exchange, {
  kind: z
    .literal('exchange')
    .describe('A token for the upstream, in exchange for that of the caller.'),
  tokenUrl: issuerDocumentUrl(TOKEN_URL_EXAMPLE)
    .optional()
    .describe(
      "The token endpoint. Default: `token_endpoint` of the metadata of the endpoint's issuer.",
    ),
  grant: z
    .enum(['token-exchange', 'on-behalf-of'], { error: 'write token-exchange or on-behalf-of' })
    .default('token-exchange')
    .describe('The form of the request: that of RFC 8693, or that of Entra ID.'),
  ...request,
  idJag: idJagSchema
    .optional()
    .describe('The issuer gives an ID-JAG, which this server takes for its own token.'),
});

export const clientCredentialsSchema = mapOf(KIND_EXAMPLES['client-credentials'], {
  kind: z
    .literal('client-credentials')
    .describe('A token of the gateway itself (RFC 6749 section 4.4).'),
  tokenUrl: issuerDocumentUrl(TOKEN_URL_EXAMPLE).describe('The token endpoint.'),
  allowInsecureHttp: trueOrFalse(false).describe(
    'True: the token endpoint may have plain http, which shows the client secret.',
  ),
  ...request,
});

export const forwardSchema = mapOf(KIND_EXAMPLES.forward, {
  kind: z.literal('forward').describe('The token of the caller.'),
});

const KINDS = [
  noCredentialSchema,
  staticSchema,
  identityCredentialSchema,
  exchangeSchema,
  clientCredentialsSchema,
  forwardSchema,
] as const;

export const upstreamCredential = z
  .discriminatedUnion('kind', KINDS, { error: ({ input }) => kindProblem(input) })
  .prefault({ kind: 'none' });

export type UpstreamCredentialInput = z.output<typeof upstreamCredential>;
export type ExchangeInput = z.output<typeof exchangeSchema>;
export type ClientCredentialsInput = z.output<typeof clientCredentialsSchema>;
