// Decides the configuration language: fields, defaults, units. The text of every default stands here and nowhere else.
import { z } from 'zod';
import { USUAL_CLAIMS } from '../core/principal.js';
import {
  algorithms,
  audience,
  CLIENT_ID_HINT,
  claimNames,
  endpointPath,
  host,
  port,
  protectedUrl,
  publicUrl,
  scopes,
  secretReference,
  tokenPrefixes,
  upstreamUrl,
  wholeNumber,
} from './fields.js';
import { misplacedFields } from './introspection-client.js';
import { presetNames } from './presets.js';

/** RFC 7662: how opaque tokens of this issuer are asked about. */
export const introspectionSchema = z
  .strictObject({
    /** Default: `introspection_endpoint` of the issuer's metadata. */
    url: protectedUrl('https://auth.example.com/introspect').optional(),
    /** The client that the gateway is at the issuer; needed but for `bearer` and `none`. */
    clientId: z.string({ error: CLIENT_ID_HINT }).min(1, { error: CLIENT_ID_HINT }).optional(),
    /** Its secret for `basic` and `post`; the token for `bearer`. */
    clientSecret: secretReference.optional(),
    /** RFC 6749 section 2.3.1, RFC 7523 section 2.2, RFC 6750. */
    auth: z
      .enum(['basic', 'post', 'private_key_jwt', 'bearer', 'none'], {
        error: 'write basic, post, private_key_jwt, bearer or none',
      })
      .default('basic'),
    /** PEM, for `private_key_jwt`: RSA of 2048 bits or more (RS256), or EC P-256 (ES256). */
    privateKey: secretReference.optional(),
    /** `bound-to-client`: an answer without `aud` is taken to be for the endpoint whose own client asked. */
    audience: z.enum(['required', 'bound-to-client'], { error: 'write required or bound-to-client' }).default('required'),
    /** Seconds for which an active token is not asked about again; never past its `exp`. This is the revocation delay. */
    cacheForSeconds: wholeNumber(0, 300, 'seconds').default(30),
    /** Seconds for which an inactive one is not. */
    inactiveForSeconds: wholeNumber(0, 60, 'seconds').default(5),
  })
  .superRefine((input, context) => {
    for (const { field, message } of misplacedFields(input)) context.addIssue({ code: 'custom', path: [field], message });
  });

/** Which claims say what, of a JWT and of an introspection answer alike. */
export const claimsSchema = z.strictObject({
  /** All of them count: each a space-separated text or a list. */
  scopes: claimNames(USUAL_CLAIMS.scopes),
  /** The first that is present. */
  subject: claimNames(USUAL_CLAIMS.subject),
  /** The first that is present. */
  tenant: claimNames(USUAL_CLAIMS.tenant),
  /** The first that is present. */
  client: claimNames(USUAL_CLAIMS.client),
});

/** How the key set of an issuer is kept (RFC 7517). */
export const keysSchema = z.strictObject({
  /** Seconds for which it is used without asking again; `Cache-Control: max-age` of the issuer takes its place, within 1 min and 24 h. */
  freshForSeconds: wholeNumber(60, 86_400, 'seconds').default(600),
  /** Seconds for which it is used after that while the issuer cannot be reached. 0: not at all. */
  staleForSeconds: wholeNumber(0, 86_400, 'seconds').default(3_600),
  /** Seconds after which one refetch for an unknown kid comes back into the bucket of two. */
  unknownKidEverySeconds: wholeNumber(1, 3_600, 'seconds').default(30),
  /** Milliseconds for a load in all. */
  timeoutMs: wholeNumber(100, 30_000, 'milliseconds').default(2_000),
});

export const issuerSchema = z.strictObject({
  /** What is known of the identity provider beforehand; its fields stand under those that are written. */
  preset: z.enum(presetNames, { error: `write one of ${presetNames.join(', ')}` }).default('generic'),
  /** Exactly as the issuer writes itself in its metadata and in `iss`, slash included. */
  issuer: protectedUrl('https://auth.example.com'),
  /** Default: `jwks_uri` of the issuer's metadata. */
  jwksUri: protectedUrl('https://auth.example.com/jwks').optional(),
  /** Only for issuers that give one audience to a whole server; accepted beside the endpoint's own. */
  audience: audience.default([]),
  /** True: two endpoints may share that audience; a token for one is then good at the other. */
  sharedAudience: z.boolean({ error: 'write true or false' }).default(false),
  algorithms,
  /** `at+jwt`: RFC 9068 only. `lenient`: also JWT or none. */
  typ: z.enum(['lenient', 'at+jwt'], { error: 'write lenient or at+jwt' }).default('lenient'),
  /** Seconds by which the issuer's clock may differ from ours. */
  clockToleranceSeconds: wholeNumber(0, 300, 'seconds').default(30),
  keys: keysSchema.prefault({}),
  claims: claimsSchema.prefault({}),
  /** True: a token without a tenant is refused. */
  requireTenant: z.boolean({ error: 'write true or false' }).default(false),
  /** Which verifier judges its JWT. */
  verify: z
    .enum(['jwt', 'introspection', 'jwt-then-introspection'], {
      error: 'write jwt, introspection or jwt-then-introspection',
    })
    .default('jwt'),
  /** Opaque tokens with these beginnings are its own. Default: all of an endpoint; an empty list: none. */
  tokenPrefixes: tokenPrefixes.optional(),
  introspection: introspectionSchema.optional(),
});

const DAY = /^\d{4}-\d{2}-\d{2}$/;
/** Date.parse takes the 30th of February for a day in March. */
const isDay = (value: string): boolean => !Number.isNaN(Date.parse(value)) && new Date(value).toISOString().startsWith(value);

/** A way in for callers whose credential the upstream itself verifies. */
export const legacySchema = z.strictObject({
  /** Scheme of the Authorization header, such as Token; or `header`. */
  scheme: z
    .string({ error: 'write a scheme, such as Token' })
    .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, { error: 'write one word, such as Token' })
    .refine((value) => !['bearer', 'dpop', 'basic'].includes(value.toLowerCase()), {
      error: 'this scheme can carry OAuth tokens; name another',
    })
    .optional(),
  /** A header of its own that holds the key, such as X-Api-Key. */
  header: z
    .string({ error: 'write a header name, such as X-Api-Key' })
    .regex(/^[A-Za-z0-9-]+$/, { error: 'write a header name, such as X-Api-Key' })
    .refine(
      (value) =>
        !/^(authorization|cookie|host|origin|connection|keep-alive|te|trailer|upgrade|expect|via|forwarded|user-agent|baggage|last-event-id|trace.*|transfer-.*|proxy-.*|x-forwarded-.*|content-.*|accept.*|mcp-.*)$/i.test(
          value,
        ),
      {
        error: 'this header has another meaning; name one that holds only the key',
      },
    )
    .optional(),
  mode: z.literal('pass-through', { error: 'write pass-through' }),
  upstreamVerifies: z.literal(true, {
    error: 'the gateway cannot check such a credential: write true if the upstream refuses bad ones, else remove this entry',
  }),
  /** Scopes that every such caller is taken to hold. */
  scopes,
  /** Refused from this day (UTC) on. */
  sunset: z
    .string({ error: 'write a day, such as 2027-06-30' })
    .regex(DAY, { error: 'write a day, such as 2027-06-30' })
    .refine((value) => !DAY.test(value) || isDay(value), { error: 'there is no such day' })
    .optional(),
});

const upstreamObject = z.strictObject({
  url: upstreamUrl,
  /** Milliseconds to connect. */
  connectMs: wholeNumber(1, 60_000, 'milliseconds').default(2_000),
  /** Milliseconds until the head of the answer. */
  headersMs: wholeNumber(1, 3_600_000, 'milliseconds').default(60_000),
  /** Requests under way at once; above it the answer is 503. */
  inFlight: wholeNumber(1, 10_000, 'requests').default(256),
  /** GET streams and subscriptions held at once. */
  maxStreams: wholeNumber(1, 100_000, 'streams').default(1_000),
});

export const endpointSchema = z.strictObject({
  path: endpointPath,
  /** RFC 8707 resource identifier as clients type it. Default: publicUrl + path. */
  resource: protectedUrl('https://mcp.example.com/mcp').optional(),
  /** Default: the resource. Exact membership. */
  audience: audience.optional(),
  /** First parameter of the challenge. */
  realm: z
    .string()
    .regex(/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/, { error: 'write it without quotes and backslashes' })
    .optional(),
  issuers: z
    .array(z.string(), { error: 'write a list of names from issuers, such as [acme]' })
    .min(1, { error: 'name at least one issuer' }),
  scopes,
  legacy: z.array(legacySchema, { error: 'write a list of legacy credentials' }).default([]),
  upstream: z.union([upstreamUrl.transform((url) => upstreamObject.parse({ url })), upstreamObject], {
    error: 'write the URL of the MCP server, such as http://10.0.0.5:3000/mcp, or { url: ... }',
  }),
  /** Browser origins allowed beside the public one and loopback. */
  origins: z
    .array(
      z.string().refine((value) => value === '*' || (URL.canParse(value) && new URL(value).origin === value), {
        error: 'write an origin, such as https://app.example.com',
      }),
      { error: 'write a list of origins' },
    )
    .default([]),
  limits: z
    .strictObject({
      /** Bytes of a request body. */
      bodyBytes: wholeNumber(1_024, 1_073_741_824, 'bytes').default(4_194_304),
    })
    .prefault({}),
});

export const rootSchema = z.strictObject({
  publicUrl,
  listen: z.strictObject({ host: host.default('127.0.0.1'), port: port.default(8080) }).prefault({}),
  admin: z
    .strictObject({
      host: host.default('127.0.0.1'),
      port: port.default(9090),
      /** Host names under which the admin listener answers, beside addresses and localhost. */
      hosts: z.array(z.string()).default([]),
    })
    .prefault({}),
  logLevel: z.enum(['debug', 'info', 'warn', 'error'], { error: 'write debug, info, warn or error' }).default('info'),
  // Judged one by one, so that one bad entry does not hide the problems of the others.
  issuers: z.record(z.string(), z.unknown(), {
    error: 'write a map of issuers, such as acme: { issuer: https://auth.example.com }',
  }),
  endpoints: z.array(z.unknown(), { error: 'write a list of endpoints' }).min(1, { error: 'name at least one endpoint' }),
});

export type IntrospectionInput = z.output<typeof introspectionSchema>;
export type IssuerInput = z.output<typeof issuerSchema>;
export type EndpointInput = z.output<typeof endpointSchema>;
export type LegacyInput = z.output<typeof legacySchema>;
