// Decides the fields of the whole file: listeners, issuers, endpoints. What one issuer or endpoint may say stands in schema-issuer.ts and
// schema-endpoint.ts.
import { z } from 'zod';
import {
  ENDPOINT_EXAMPLE,
  host,
  mapOf,
  port,
  publicUrl,
  secretReference,
  wholeNumber,
} from './fields.js';

const HOST_NAME_HINT = 'write a host name, such as portcullis.internal';
const SESSION_KEYS_HINT = 'write a list of references, such as ["${env:PORTCULLIS_SESSION_KEYS}"]';

export const rootSchema = z.strictObject({
  publicUrl,
  listen: mapOf('{ host: 0.0.0.0, port: 8080 }', {
    host: host.default('127.0.0.1'),
    port: port.default(8080),
  }).prefault({}),
  admin: mapOf('{ host: 127.0.0.1, port: 9090 }', {
    host: host.default('127.0.0.1'),
    port: port.default(9090),
    /** Host names under which the admin listener answers, beside addresses and localhost. */
    hosts: z
      .array(z.string({ error: HOST_NAME_HINT }), {
        error: 'write a list of host names, such as [portcullis.internal]',
      })
      .default([]),
  }).prefault({}),
  logLevel: z
    .enum(['debug', 'info', 'warn', 'error'], { error: 'write debug, info, warn or error' })
    .default('info'),
  /** Keys that seal the session ids of the legacy revisions, the newest first. Default: one that each start draws for itself. */
  sessionKeys: z
    .array(secretReference, { error: SESSION_KEYS_HINT })
    .min(1, { error: 'name at least one key, or remove the field' })
    .default([]),
  limits: mapOf('{ clientStallTimeoutSeconds: 60 }', {
    /** Seconds that a caller may leave its answer unread; then its connection is closed. A stream on which nothing waits has no limit. */
    clientStallTimeoutSeconds: wholeNumber(1, 3_600, 'seconds').default(60),
  }).prefault({}),
  // Judged one by one, so that one bad entry does not hide the problems of the others.
  issuers: z.record(z.string(), z.unknown(), {
    error: ({ input }) =>
      `write a map${Array.isArray(input) ? ', no list: each issuer behind a name of your own' : ' of issuers'}, such as acme: { issuer: https://auth.example.com }`,
  }),
  endpoints: z
    .array(z.unknown(), { error: `write a list of endpoints, such as [${ENDPOINT_EXAMPLE}]` })
    .min(1, { error: `name at least one endpoint, such as ${ENDPOINT_EXAMPLE}` }),
});
