// The schema of `upstream.credential`: what the gateway presents to the upstream, one map for each
// kind.
import { z } from 'zod';
import { clientFields, TOKEN_METHODS } from './client-authentication.js';
import {
  issuerDocumentUrl,
  mapOf,
  protectedUrl,
  scopes,
  trueOrFalse,
  wholeNumber,
} from './fields.js';
import { keyHeader } from './key-carrier.js';
import { secretReference } from './secret-reference.js';

const AUDIENCE_HINT = 'write the audience that the upstream expects, such as files-backend';
const audience = z.string({ error: AUDIENCE_HINT }).min(1, { error: AUDIENCE_HINT });

/** One value or a list of them. */
const oneOrMore = <T extends z.ZodType>(one: T, hint: string) =>
  z
    .union([one, z.array(one).min(1, { error: hint })], { error: hint })
    .transform((value) => (Array.isArray(value) ? value : [value]) as z.output<T>[]);

const RESOURCE_HINT =
  'write the resource identifier of the upstream, such as https://files.example.com/mcp';
const resource = z.url({ error: RESOURCE_HINT });

const PARAMETER_HINT = 'write the value of the parameter as text';
/** The gateway sets them itself. */
const OWN_PARAMETERS = new RegExp(
  '^(grant_type|subject_token|subject_token_type|actor_token|actor_token_type|assertion|' +
    'requested_token_type|requested_token_use|audience|resource|scope|client_id|client_secret|' +
    'client_assertion|client_assertion_type)$',
);
const OWN_HINT = 'the gateway sets this parameter itself; use the field for it, or remove it';

/** What the gateway asks a token endpoint for. */
const request = {
  /** Repeated in the request. */
  audience: oneOrMore(audience, AUDIENCE_HINT).optional(),
  /** RFC 8707. Repeated in the request. */
  resource: oneOrMore(resource, RESOURCE_HINT).optional(),
  scopes,
  /** Further parameters of the request, such as `connector_id`. */
  parameters: z
    .record(
      z
        .string()
        .min(1, { error: 'write the name of a parameter, such as connector_id' })
        .refine((name) => !OWN_PARAMETERS.test(name), { error: OWN_HINT }),
      z.string({ error: PARAMETER_HINT }),
      { error: 'write a map of parameters, such as { connector_id: ldap }' },
    )
    .default({}),
  ...clientFields(TOKEN_METHODS),
  /** Milliseconds for one request, and for the wait before it. */
  timeoutMs: wholeNumber(100, 30_000, 'milliseconds').default(2_000),
  /** Requests in progress at once. */
  maxConcurrentRequests: wholeNumber(2, 1_024, 'requests').default(64),
};

const TOKEN_URL_EXAMPLE = 'https://auth.example.com/token';

export const noCredentialSchema = mapOf('{ kind: none }', { kind: z.literal('none') });

export const staticSchema = mapOf('{ kind: static, authorization: "${env:UPSTREAM_TOKEN}" }', {
  kind: z.literal('static'),
  /** The whole value of the Authorization header, with its scheme. */
  authorization: secretReference.optional(),
  /** Another header, together with `value`. */
  header: keyHeader.optional(),
  value: secretReference.optional(),
});

export const identityCredentialSchema = mapOf('{ kind: identity, audience: files-backend }', {
  kind: z.literal('identity'),
  /** `aud` of the JWT. */
  audience,
});

/** The authorization server of the upstream, where it accepts an ID-JAG of the issuer. */
export const idJagSchema = mapOf('{ issuer: https://auth.files.example.com, clientId: ... }', {
  issuer: protectedUrl('https://auth.files.example.com'),
  /** Default: `token_endpoint` of its metadata. */
  tokenUrl: issuerDocumentUrl(TOKEN_URL_EXAMPLE).optional(),
  ...clientFields(TOKEN_METHODS),
});

export const exchangeSchema = mapOf(
  '{ kind: exchange, audience: files-backend, clientId: portcullis, clientSecret: "${env:SECRET}" }',
  {
    kind: z.literal('exchange'),
    /** Default: `token_endpoint` of the metadata of the endpoint's issuer. */
    tokenUrl: issuerDocumentUrl(TOKEN_URL_EXAMPLE).optional(),
    /** RFC 8693, or the form of Entra ID. */
    grant: z
      .enum(['token-exchange', 'on-behalf-of'], { error: 'write token-exchange or on-behalf-of' })
      .default('token-exchange'),
    ...request,
    /** The issuer gives an ID-JAG, which this server takes for its own token. */
    idJag: idJagSchema.optional(),
  },
);

export const clientCredentialsSchema = mapOf(
  `{ kind: client-credentials, tokenUrl: ${TOKEN_URL_EXAMPLE}, clientId: portcullis, clientSecret: "\${env:SECRET}" }`,
  {
    kind: z.literal('client-credentials'),
    tokenUrl: issuerDocumentUrl(TOKEN_URL_EXAMPLE),
    /** True: the token endpoint may have plain http, which shows the client secret. */
    allowInsecureHttp: trueOrFalse(false),
    ...request,
  },
);

export const forwardSchema = mapOf('{ kind: forward }', { kind: z.literal('forward') });

const KINDS = [
  noCredentialSchema,
  staticSchema,
  identityCredentialSchema,
  exchangeSchema,
  clientCredentialsSchema,
  forwardSchema,
] as const;

export const upstreamCredential = z
  .discriminatedUnion('kind', KINDS, {
    error:
      'write a map with kind: none, static, identity, exchange, client-credentials or forward, ' +
      'such as { kind: static, authorization: "${env:UPSTREAM_TOKEN}" }',
  })
  .prefault({ kind: 'none' });

export type UpstreamCredentialInput = z.output<typeof upstreamCredential>;
export type ExchangeInput = z.output<typeof exchangeSchema>;
export type ClientCredentialsInput = z.output<typeof clientCredentialsSchema>;
