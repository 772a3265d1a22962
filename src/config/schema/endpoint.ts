// The schema of one endpoint: its fields, their units and their defaults. The default of each field
// is written here and nowhere else.
import { z } from 'zod';
import { apiKeyCarriers } from './api-key-carrier.js';
import { endpointHost } from './endpoint-host.js';
import {
  audience,
  endpointPath,
  mapOf,
  oneOrMore,
  protectedUrl,
  publishedScope,
  scopes,
  upstreamUrl,
  wholeNumber,
} from './fields.js';
import { forwardHeaders } from './forward-headers.js';
import { endpointRates } from './limits.js';
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

const RESOURCE_HINT = 'write a URL such as https://mcp.example.com/mcp, or a list of URLs';

export const ISSUERS_HINT = 'write a list of names from issuers, such as [acme]';

const upstreamObject = mapOf('{ url: http://10.0.0.5:3000/mcp }', {
  url: upstreamUrl.describe('URL of the MCP server.'),
  connectTimeoutMs: wholeNumber(1, 60_000, 'milliseconds')
    .default(2_000)
    .describe('Milliseconds to connect.'),
  headersTimeoutMs: wholeNumber(1, 3_600_000, 'milliseconds')
    .default(300_000)
    .describe(
      'Milliseconds until the head of the response, which slow tools send with their result.',
    ),
  maxConcurrentRequests: wholeNumber(1, 10_000, 'requests')
    .default(256)
    .describe('Requests in progress at once. The gateway answers 503 to more.'),
  maxStreams: wholeNumber(1, 100_000, 'streams')
    .default(1_000)
    .describe('GET streams and subscriptions open at once.'),
  credential: upstreamCredential.describe(
    'The credential that the gateway presents to the upstream. Default: none.',
  ),
  headers: upstreamHeaders.describe('Headers with constants, secrets and facts about the caller.'),
});

export const endpointSchema = mapOf(ENDPOINT_EXAMPLE, {
  path: endpointPath.describe('The public path, such as /files/mcp. It matches exactly.'),
  host: endpointHost
    .optional()
    .describe(
      'The host name under which clients reach it, without a port, or a list of host names. ' +
        'Default: it answers under every host.',
    ),
  resource: oneOrMore(protectedUrl('https://mcp.example.com/mcp'), RESOURCE_HINT)
    .optional()
    .describe(
      'RFC 8707 resource identifier, the URL that clients use; a list with one for each host, in ' +
        'that order. Default: https:// + host + path, or publicUrl + path without host.',
    ),
  audience: audience
    .optional()
    .describe('Accepted audiences, compared exactly. Default: each resource.'),
  realm: z
    .string({ error: 'write a string, such as files' })
    .regex(/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/, {
      error: 'write printable ASCII without quotes or backslashes',
    })
    .optional()
    .describe('First parameter of the challenge.'),
  issuers: z
    .array(z.string({ error: 'write a name from issuers, such as acme' }), {
      error: ISSUERS_HINT,
    })
    .min(1, { error: 'write at least one issuer, such as [acme]' })
    .optional()
    .describe(
      'Names from `issuers` of the root, whose tokens the endpoint accepts. Required, except ' +
        'for an endpoint with `apiKeys`.',
    ),
  scopes: scopes.describe('Scopes that every call needs: the base scopes.'),
  scopesSupported: z
    .array(publishedScope, { error: 'write a list of scopes, such as [files:read]' })
    .optional()
    .describe(
      '`scopes_supported` of the metadata. Default: the base scopes and those of the rules. It ' +
        'may have offline_access, which some clients look for there.',
    ),
  challengeScopes: challengeScopesSchema.describe('The scopes that a 401 names.'),
  scopeImplies: scopeImpliesSchema
    .default({})
    .describe('For a scope, the scopes that it includes.'),
  tools: toolsSchema.optional().describe('Rules for tools. Default: the upstream decides.'),
  prompts: promptsSchema.optional().describe('Rules for prompts. Default: the upstream decides.'),
  resources: resourcesSchema
    .optional()
    .describe('Rules for resources. Default: the upstream decides.'),
  methods: methodsSchema
    .optional()
    .describe('Further methods that pass where the endpoint has rules.'),
  denialResponse: denialResponseSchema.describe(
    'The response to a call that a rule rejects: HTTP 403, or `jsonrpc`, an error with HTTP 200.',
  ),
  apiKeys: apiKeyCarriers.optional().describe('Where callers write API keys of the registry.'),
  bridge: z
    .boolean({ error: 'write true or false' })
    .optional()
    .describe(
      'True: callers can exchange their keys for tokens of the bridge. Default: if the root has it.',
    ),
  passThrough: passThroughList.describe(
    'Credentials that the gateway forwards, because only the upstream can verify them.',
  ),
  forwardHeaders: forwardHeaders.describe(
    'Further request headers that the upstream gets as the caller sent them.',
  ),
  upstream: z
    .union([upstreamUrl.transform((url) => upstreamObject.parse({ url })), upstreamObject], {
      error: 'write the URL of the MCP server, such as http://10.0.0.5:3000/mcp, or { url: ... }',
    })
    .describe('The MCP server behind the endpoint: its URL, or a map with `url`.'),
  streams: mapOf('{ keepAliveSeconds: 15 }', {
    keepAliveSeconds: wholeNumber(0, 3_600, 'seconds')
      .default(15)
      .describe('Seconds without a byte until the gateway sends a comment, for proxies. 0: never.'),
    maxSeconds: wholeNumber(1, 604_800, 'seconds')
      .default(3_600)
      .describe('Seconds after which the gateway ends an event stream, whatever it carries.'),
    outliveTokenSeconds: wholeNumber(0, 604_800, 'seconds')
      .default(0)
      .describe('Seconds for which a listening stream may stay open after the end of its token.'),
  })
    .prefault({})
    .describe('Event streams.'),
  origins: origins.describe('Browser origins allowed beside the public one and loopback.'),
  limits: mapOf('{ maxBodyBytes: 4194304 }', {
    maxBodyBytes: wholeNumber(1_024, 1_073_741_824, 'bytes')
      .default(4_194_304)
      .describe('Bytes of a request body.'),
    ...endpointRates,
  })
    .prefault({})
    .describe('Limits of a call, and rates of calls.'),
});

export type EndpointInput = z.output<typeof endpointSchema>;
