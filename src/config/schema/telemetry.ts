// The schemas of `audit`, `traces` and `metrics`: where the gateway sends records of its calls,
// spans and durations. Each is off without its map.
import { z } from 'zod';
import { mapOf, trueOrFalse, wholeNumber } from './fields.js';
import { secretReference } from './secret-reference.js';

const FILE_HINT = 'write the path of the file, such as /var/log/portcullis/audit.jsonl';
const OTLP_HINT = 'write the base URL of the collector, such as http://127.0.0.1:4318';
const RATIO_HINT = 'write a number from 0 to 1, such as 0.1';

const hasOtherParts = (value: string): boolean => {
  const url = URL.canParse(value) ? new URL(value) : null;
  return /[?#]/.test(value) || (url !== null && url.username + url.password !== '');
};

/** Plain http is allowed: a collector runs beside the gateway, or in its private network. */
const otlp = z
  .string({ error: OTLP_HINT })
  .refine((value) => /^https?:\/\//i.test(value) && URL.canParse(value), { error: OTLP_HINT })
  .refine((value) => !hasOtherParts(value), {
    error: 'write the URL without user name, query or fragment; put credentials into headers',
  })
  .refine((value) => !/\/v1\/(logs|traces|metrics)\/?$/.test(value), {
    error: 'write the URL without /v1/...: the gateway adds the path of the signal',
  })
  .meta({ pattern: '^[Hh][Tt][Tt][Pp][Ss]?://' });

const headers = z
  .record(
    z.string().regex(/^[A-Za-z][A-Za-z0-9-]*$/, {
      error: 'write a header name, such as Authorization: letters, digits and -',
    }),
    secretReference,
    { error: 'write a map of headers, such as { Authorization: "${env:OTLP_AUTHORIZATION}" }' },
  )
  .default({})
  .describe('Headers of each request to the collector, as references to secrets.');

export const auditSchema = mapOf('{ file: /var/log/portcullis/audit.jsonl }', {
  file: z
    .string({ error: FILE_HINT })
    .min(1, { error: FILE_HINT })
    .optional()
    .describe(
      'Path of the file to which the gateway appends, relative to the folder of the configuration ' +
        'file. A new file has the mode 0600.',
    ),
  stdout: z
    .literal(true, { error: 'write true, or remove the field' })
    .optional()
    .describe('True: records are lines of the log output. Their first member is `audit`.'),
  otlp: otlp
    .optional()
    .describe('Base URL of an OpenTelemetry collector. Records go to its /v1/logs.'),
  headers,
  onFailure: z
    .enum(['continue', 'reject'], { error: 'write continue or reject' })
    .default('continue')
    .describe(
      'While the gateway cannot write records: `continue` serves calls, and counts lost records. ' +
        '`reject` rejects calls with 503.',
    ),
});

export const tracesSchema = mapOf('{ otlp: http://127.0.0.1:4318 }', {
  otlp: otlp.describe('Base URL of an OpenTelemetry collector. Spans go to its /v1/traces.'),
  headers,
  sampleRatio: z
    .number({ error: RATIO_HINT })
    .min(0, { error: RATIO_HINT })
    .max(1, { error: RATIO_HINT })
    .default(1)
    .describe(
      'Share of the traces to keep. The decision of a verified caller in its `traceparent` counts ' +
        'instead.',
    ),
});

export const metricsSchema = mapOf('{ operations: true }', {
  operations: trueOrFalse(true).describe(
    'True: /metrics has the histogram `mcp_server_operation_duration_seconds`.',
  ),
  otlp: otlp
    .optional()
    .describe('Base URL of a collector. This histogram goes to its /v1/metrics too.'),
  headers,
  intervalSeconds: wholeNumber(1, 3_600, 'seconds')
    .default(60)
    .describe('Seconds between two sends to the collector.'),
});

export type AuditInput = z.output<typeof auditSchema>;
export type TracesInput = z.output<typeof tracesSchema>;
export type MetricsInput = z.output<typeof metricsSchema>;
