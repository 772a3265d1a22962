// Decides the fields of one endpoint: defaults, units. The text of every default of an endpoint stands here and nowhere else.
import { z } from 'zod';
import {
  audience,
  ENDPOINT_EXAMPLE,
  endpointPath,
  mapOf,
  protectedUrl,
  scopes,
  scopeToken,
  upstreamUrl,
  wholeNumber,
} from './fields.js';
import {
  denialResponseSchema,
  methodsSchema,
  promptsSchema,
  resourcesSchema,
  scopeImpliesSchema,
  toolsSchema,
} from './policy.js';

const DAY = /^\d{4}-\d{2}-\d{2}$/;
/** Date.parse takes the 30th of February for a day in March. */
const isDay = (value: string): boolean =>
  !Number.isNaN(Date.parse(value)) && new Date(value).toISOString().startsWith(value);

const PASS_THROUGH_EXAMPLE = '{ scheme: Token, upstreamVerifies: true }';
const ORIGIN_HINT = 'write an origin, such as https://app.example.com';

/** A way in for callers whose credential the upstream itself verifies. */
export const passThroughSchema = mapOf(PASS_THROUGH_EXAMPLE, {
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
  upstreamVerifies: z.literal(true, {
    error:
      'the gateway cannot check such a credential: write true if the upstream refuses bad ones, else remove this entry',
  }),
  /** Scopes that every such caller is taken to hold. */
  scopes,
  /** Refused from this day (UTC) on. */
  sunset: z
    .string({ error: 'write a day, such as 2027-06-30' })
    .regex(DAY, { error: 'write a day, such as 2027-06-30' })
    .refine((value) => !DAY.test(value) || isDay(value), {
      error: 'there is no such day; write one, such as 2027-06-30',
    })
    .optional(),
});

const upstreamObject = mapOf('{ url: http://10.0.0.5:3000/mcp }', {
  url: upstreamUrl,
  /** Milliseconds to connect. */
  connectTimeoutMs: wholeNumber(1, 60_000, 'milliseconds').default(2_000),
  /** Milliseconds until the head of the answer. */
  headersTimeoutMs: wholeNumber(1, 3_600_000, 'milliseconds').default(60_000),
  /** Requests under way at once; above it the answer is 503. */
  maxConcurrentRequests: wholeNumber(1, 10_000, 'requests').default(256),
  /** GET streams and subscriptions held at once. */
  maxStreams: wholeNumber(1, 100_000, 'streams').default(1_000),
});

export const endpointSchema = mapOf(ENDPOINT_EXAMPLE, {
  path: endpointPath,
  /** RFC 8707 resource identifier as clients type it. Default: publicUrl + path. */
  resource: protectedUrl('https://mcp.example.com/mcp').optional(),
  /** Default: the resource. Exact membership. */
  audience: audience.optional(),
  /** First parameter of the challenge. */
  realm: z
    .string({ error: 'write a text, such as files' })
    .regex(/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/, { error: 'write it without quotes and backslashes' })
    .optional(),
  issuers: z
    .array(z.string({ error: 'write a name from issuers, such as acme' }), {
      error: 'write a list of names from issuers, such as [acme]',
    })
    .min(1, { error: 'name at least one issuer, such as [acme]' }),
  scopes,
  /** `scopes_supported` of the metadata. Default: the base scopes and those of the rules. */
  scopesSupported: z
    .array(scopeToken, { error: 'write a list of scopes, such as [files:read]' })
    .optional(),
  scopeImplies: scopeImpliesSchema.default({}),
  tools: toolsSchema.optional(),
  prompts: promptsSchema.optional(),
  resources: resourcesSchema.optional(),
  methods: methodsSchema.optional(),
  denialResponse: denialResponseSchema,
  passThrough: z
    .array(passThroughSchema, {
      error: `write a list of pass-through credentials, such as [${PASS_THROUGH_EXAMPLE}]`,
    })
    .default([]),
  upstream: z.union(
    [upstreamUrl.transform((url) => upstreamObject.parse({ url })), upstreamObject],
    {
      error: 'write the URL of the MCP server, such as http://10.0.0.5:3000/mcp, or { url: ... }',
    },
  ),
  streams: mapOf('{ keepAliveSeconds: 15 }', {
    /** Seconds without a byte until an event stream gets a comment, for the proxies on its way; 0: never. */
    keepAliveSeconds: wholeNumber(0, 3_600, 'seconds').default(15),
    /** Seconds after which an event stream ends, whatever it carries. */
    maxSeconds: wholeNumber(1, 604_800, 'seconds').default(3_600),
  }).prefault({}),
  /** Browser origins allowed beside the public one and loopback. */
  origins: z
    .array(
      z
        .string({ error: ORIGIN_HINT })
        .refine(
          (value) => value === '*' || (URL.canParse(value) && new URL(value).origin === value),
          {
            error: ORIGIN_HINT,
          },
        ),
      { error: 'write a list of origins, such as [https://app.example.com]' },
    )
    .default([]),
  limits: mapOf('{ maxBodyBytes: 4194304 }', {
    /** Bytes of a request body. */
    maxBodyBytes: wholeNumber(1_024, 1_073_741_824, 'bytes').default(4_194_304),
  }).prefault({}),
});

export type EndpointInput = z.output<typeof endpointSchema>;
export type PassThroughInput = z.output<typeof passThroughSchema>;
