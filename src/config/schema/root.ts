// The schema of a whole configuration: listeners, session keys, limits, issuers, API keys and
// endpoints.
import { z } from 'zod';
import { apiKeysSchema } from './api-key.js';
import { bridgeSchema } from './bridge.js';
import { ENDPOINT_EXAMPLE, endpointSchema } from './endpoint.js';
import { host, mapOf, port, publicUrl, wholeNumber } from './fields.js';
import { identitySchema } from './identity.js';
import { issuerSchema } from './issuer.js';
import { rootLimits } from './limits.js';
import { secretReference } from './secret-reference.js';
import { auditSchema, metricsSchema, tracesSchema } from './telemetry.js';
import { trustedProxies } from './trusted-proxies.js';

const HOST_NAME_HINT = 'write a host name, such as portcullis.internal';
const SESSION_KEYS_HINT = 'write a list of references, such as ["${env:PORTCULLIS_SESSION_KEYS}"]';
const KEYS_FILE_HINT = 'write the path of the file, such as /etc/portcullis/keys.jsonl';
const WORKERS_HINT = 'write auto, or a whole number from 1 to 64';
const ISSUERS_EXAMPLE = 'acme: { issuer: https://auth.example.com }';

export const rootSchema = z.strictObject({
  publicUrl: publicUrl.describe('The origin under which clients see the gateway, without a path.'),
  listen: mapOf('{ host: 0.0.0.0, port: 8080 }', {
    host: host.default('127.0.0.1').describe('Address of the listener, such as 0.0.0.0 for all.'),
    port: port.default(8080).describe('Its port. 0 takes a free one.'),
  })
    .prefault({})
    .describe('The public listener. It speaks plain HTTP, so TLS ends in front of it.'),
  admin: mapOf('{ host: 127.0.0.1, port: 9090 }', {
    host: host.default('127.0.0.1').describe('Address of the listener, such as 0.0.0.0 for all.'),
    port: port.default(9090).describe('Its port. 0 takes a free one.'),
    hosts: z
      .array(z.string({ error: HOST_NAME_HINT }), {
        error: 'write a list of host names, such as [portcullis.internal]',
      })
      .default([])
      .describe(
        'Host names that the admin listener answers to, beside IP addresses and localhost.',
      ),
  })
    .prefault({})
    .describe(
      'The listener with the page, /status, /metrics, /healthz and /readyz. It has no ' +
        'authentication.',
    ),
  logLevel: z
    .enum(['debug', 'info', 'warn', 'error'], { error: 'write debug, info, warn or error' })
    .default('info')
    .describe('The lowest level of a log line. Good requests have the level `info`.'),
  sessionKeys: z
    .array(secretReference, { error: SESSION_KEYS_HINT })
    .min(1, { error: 'write at least one key, or remove the field' })
    .default([])
    .describe(
      'Keys that seal the session ids of the legacy revisions, the newest first. Default: each ' +
        'start generates its own.',
    ),
  limits: mapOf('{ clientStallTimeoutSeconds: 60 }', {
    clientStallTimeoutSeconds: wholeNumber(1, 3_600, 'seconds')
      .default(60)
      .describe(
        'Seconds for which a client may leave its response unread. Then the gateway closes the ' +
          'connection. A stream with nothing to send has no such limit.',
      ),
    ...rootLimits,
  })
    .prefault({})
    .describe('Limits of every connection, and where rates are counted.'),
  drain: mapOf('{ delaySeconds: 5 }', {
    delaySeconds: wholeNumber(0, 300, 'seconds')
      .default(0)
      .describe(
        'Seconds for which the gateway serves on after SIGTERM, while it is not ready. Then it ' +
          'drains.',
      ),
  })
    .prefault({})
    .describe('The shutdown.'),
  workers: z
    .union(
      [
        z.literal('auto', WORKERS_HINT),
        z.int(WORKERS_HINT).min(1, WORKERS_HINT).max(64, WORKERS_HINT),
      ],
      {
        error: WORKERS_HINT,
      },
    )
    .default(1)
    .describe(
      'Processes that serve calls: 1, or more for as many cores, or `auto` for all cores. They ' +
        'share one port and one admin listener.',
    ),
  trustedProxies: trustedProxies.describe(
    'Addresses and CIDR blocks of the proxies whose X-Forwarded-For names the client, for the ' +
      'log and for limits.',
  ),
  audit: auditSchema.optional().describe('One record of each call and each denial.'),
  traces: tracesSchema.optional().describe('OpenTelemetry spans of calls.'),
  metrics: metricsSchema.optional().describe('Durations of MCP operations.'),
  apiKeys: apiKeysSchema.optional().describe('API keys by name.'),
  apiKeysFile: z
    .string({ error: KEYS_FILE_HINT })
    .min(1, { error: KEYS_FILE_HINT })
    .optional()
    .describe(
      'Path of a file with further keys, relative to the folder of the configuration file.',
    ),
  bridge: bridgeSchema.optional().describe('The authorization server for holders of API keys.'),
  identity: identitySchema.optional().describe('The keys that sign identity JWTs for upstreams.'),
  issuers: z
    .record(z.string(), issuerSchema, {
      error: ({ input }) =>
        Array.isArray(input)
          ? `write a map, not a list: each issuer under its name, such as ${ISSUERS_EXAMPLE}`
          : `write a map of issuers, such as ${ISSUERS_EXAMPLE}`,
    })
    .describe(
      'The authorization servers that the gateway trusts, under names of your choice. Required, ' +
        'unless every endpoint has `apiKeys` and no `issuers`.',
    ),
  endpoints: z
    .array(endpointSchema, { error: `write a list of endpoints, such as [${ENDPOINT_EXAMPLE}]` })
    .min(1, { error: `write at least one endpoint, such as ${ENDPOINT_EXAMPLE}` })
    .describe('The protected MCP endpoints.'),
});

export type ConfigInput = z.output<typeof rootSchema>;
