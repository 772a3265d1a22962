// The schema of one endpoint: its fields, their units and their defaults. The default of each field
// is written here and nowhere else.
import { z } from 'zod';
import { apiKeyCarriers } from './api-key-carrier.js';
import {
  audience,
  endpointPath,
  mapOf,
  protectedUrl,
  publishedScope,
  scopes,
  upstreamUrl,
  wholeNumber,
} from './fields.js';
import { forwardHeaders } from './forward-headers.js';
import { origins } from './origins.js';
import { passThroughList } from './pass-through.js';
import {
  challengeScopesSchema,
  denialResponseSchema,
  methodsSchema,
  promptsSchema,
  resourcesSchema,
  scopeImpliesSchema,
  toolsSchema,
} from './policy.js';
import { upstreamCredential } from './upstream-credential.js';
import { upstreamHeaders } from './upstream-headers.js';

export const ENDPOINT_EXAMPLE =
  '{ path: /mcp, issuers: [acme], upstream: http://10.0.0.5:3000/mcp }';

export const ISSUERS_HINT = 'write a list of names from issuers, such as [acme]';

const upstreamObject = mapOf('{ url: http://10.0.0.5:3000/mcp }', {
  url: upstreamUrl,
  /** Milliseconds to connect. */
  connectTimeoutMs: wholeNumber(1, 60_000, 'milliseconds').default(2_000),
  /** Milliseconds until the head of the response, which slow tools send with their result. */
  headersTimeoutMs: wholeNumber(1, 3_600_000, 'milliseconds').default(300_000),
  /** Requests in progress at once. The gateway answers 503 to more. */
  maxConcurrentRequests: wholeNumber(1, 10_000, 'requests').default(256),
  /** GET streams and subscriptions open at once. */
  maxStreams: wholeNumber(1, 100_000, 'streams').default(1_000),
  /** The credential that the gateway presents to the upstream. Default: none. */
  credential: upstreamCredential,
  /** Headers with constants, secrets and facts about the caller. */
  headers: upstreamHeaders,
});

export const endpointSchema = mapOf(ENDPOINT_EXAMPLE, {
  path: endpointPath,
  /** RFC 8707 resource identifier, the URL that clients use. Default: publicUrl + path. */
  resource: protectedUrl('https://mcp.example.com/mcp').optional(),
  /** Accepted audiences. Default: the resource. Exact membership. */
  audience: audience.optional(),
  /** First parameter of the challenge. */
  realm: z
    .string({ error: 'write a string, such as files' })
    .regex(/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/, {
      error: 'write printable ASCII without quotes or backslashes',
    })
    .optional(),
  /** Required, except for an endpoint with `apiKeys`. */
  issuers: z
    .array(z.string({ error: 'write a name from issuers, such as acme' }), {
      error: ISSUERS_HINT,
    })
    .min(1, { error: 'write at least one issuer, such as [acme]' })
    .optional(),
  scopes,
  /**
   * `scopes_supported` of the metadata. Default: the base scopes and those of the rules. It may
   * have offline_access, which some clients look for there.
   */
  scopesSupported: z
    .array(publishedScope, { error: 'write a list of scopes, such as [files:read]' })
    .optional(),
  /** The scopes that a 401 names. */
  challengeScopes: challengeScopesSchema,
  scopeImplies: scopeImpliesSchema.default({}),
  tools: toolsSchema.optional(),
  prompts: promptsSchema.optional(),
  resources: resourcesSchema.optional(),
  methods: methodsSchema.optional(),
  denialResponse: denialResponseSchema,
  /** Where callers write API keys of the registry. */
  apiKeys: apiKeyCarriers.optional(),
  /** True: callers can exchange their keys for tokens of the bridge. Default: if it exists. */
  bridge: z.boolean({ error: 'write true or false' }).optional(),
  passThrough: passThroughList,
  /** Further request headers that the upstream gets as the caller sent them. */
  forwardHeaders,
  upstream: z.union(
    [upstreamUrl.transform((url) => upstreamObject.parse({ url })), upstreamObject],
    {
      error: 'write the URL of the MCP server, such as http://10.0.0.5:3000/mcp, or { url: ... }',
    },
  ),
  streams: mapOf('{ keepAliveSeconds: 15 }', {
    /** Seconds without a byte until the gateway sends a comment, for proxies. 0: never. */
    keepAliveSeconds: wholeNumber(0, 3_600, 'seconds').default(15),
    /** Seconds after which the gateway ends an event stream, whatever it carries. */
    maxSeconds: wholeNumber(1, 604_800, 'seconds').default(3_600),
    /** Seconds for which a listening stream may stay open after the end of its token. */
    outliveTokenSeconds: wholeNumber(0, 604_800, 'seconds').default(0),
  }).prefault({}),
  /** Browser origins allowed beside the public one and loopback. */
  origins,
  limits: mapOf('{ maxBodyBytes: 4194304 }', {
    /** Bytes of a request body. */
    maxBodyBytes: wholeNumber(1_024, 1_073_741_824, 'bytes').default(4_194_304),
  }).prefault({}),
});

export type EndpointInput = z.output<typeof endpointSchema>;
