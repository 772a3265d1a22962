// The metrics of several processes as one text: sums, and for each gauge its own rule.
import { expect, test } from 'vitest';
import { gatewayDraining } from '../../src/core/failures.js';
import type { RequestSummary } from '../../src/core/request-summary.js';
import { countersOf, mergeMetrics } from '../../src/observe/merge-metrics.js';
import { createMetrics, NOTHING } from '../../src/observe/metrics.js';

const text = (lines: string): string => lines.replaceAll(/^ +/gm, '');
const head = (name: string, type: string): string => `# HELP ${name} Words.\n# TYPE ${name} ${type}\n`;
const part = (worker: string, ...families: string[]) => ({ worker, text: families.join('\n') });

test.each([
  ['a counter', 'portcullis_http_requests_total', 'counter', ['{a="b"} 2', '{a="b"} 3'], ['{a="b"} 5']],
  ['a histogram', 'portcullis_x', 'histogram', ['_bucket{le="1"} 2', '_bucket{le="1"} 3'], ['_bucket{le="1"} 5']],
  [
    'streams',
    'portcullis_open_streams',
    'gauge',
    ['{endpoint="/a"} 1', '{endpoint="/b"} 3'],
    ['{endpoint="/a"} 1', '{endpoint="/b"} 3'],
  ],
  ['the state of an issuer', 'portcullis_issuer_up', 'gauge', ['{i="x"} 1', '{i="x"} 0'], ['{i="x"} 0']],
  ['the age of keys', 'portcullis_issuer_keys_age_seconds', 'gauge', ['{i="x"} 1.5', '{i="x"} 70'], ['{i="x"} 70']],
  ['the last reload', 'portcullis_reload_up', 'gauge', ['{part="config"} 1', '{part="config"} 0'], ['{part="config"} 0']],
  ['API keys', 'portcullis_api_keys', 'gauge', [' 3', ' 3'], [' 3']],
  ['the process', 'process_open_fds', 'gauge', [' 10', ' 20'], ['{worker="0"} 10', '{worker="1"} 20']],
  ['garbage', 'nodejs_version_info', 'gauge', ['{v="20"} 1', '{v="20"} 1'], ['{worker="0",v="20"} 1', '{worker="1",v="20"} 1']],
])('%s', (_name, name, type, [first = '', second = ''], expected) => {
  const merged = mergeMetrics([
    part('0', `${head(name, type)}${name}${first}\n`),
    part('1', `${head(name, type)}${name}${second}\n`),
  ]);
  expect(merged).toBe(head(name, type) + expected.map((sample) => `${name}${sample}\n`).join(''));
});

test('label values with spaces, braces and quotes stay', () => {
  const name = 'portcullis_x_total';
  const sample = `${name}{a="b c} \\" d"} 1`;
  const merged = mergeMetrics([part('0', head(name, 'counter')), part('1', `${head(name, 'counter')}${sample}\n`)]);
  expect(merged).toBe(text(`${head(name, 'counter')}${sample}\n`));
});

const request = (failure: RequestSummary['failure']) =>
  ({
    endpoint: null,
    failure,
    status: failure === null ? 200 : 503,
    durationMs: 3,
    page: false,
    caller: null,
  }) as unknown as RequestSummary;

test('real metrics of two processes: the sum of their requests, in the form of one', async () => {
  const [own, some, other] = [createMetrics({ ...NOTHING, version: '1.2.3' }), createMetrics(), createMetrics()];
  for (const metrics of [some, other, other]) metrics.request(request(null));
  other.request(request(gatewayDraining()));
  const texts = await Promise.all([own, some, other].map((metrics) => metrics.text()));
  const merged = mergeMetrics(texts.map((one, i) => ({ worker: String(i), text: one })));
  expect(merged).toContain('portcullis_http_requests_total{endpoint="none",reason="ok",status="2xx"} 3\n');
  expect(merged).toMatch(/duration_seconds_count\{endpoint="none",reason="ok"\} 3\n/);
  expect(merged).toMatch(/duration_seconds_bucket\{le="0\.005",endpoint="none",reason="ok"\} 3\n/);
  expect(merged).toContain('portcullis_build_info{version="1.2.3"} 1\n');
  expect(merged.match(/^process_resident_memory_bytes\{worker="\d"\}/gm)).toHaveLength(3);
  // Each family has its head once.
  const types = merged.match(/^# TYPE .*$/gm) ?? [];
  expect(new Set(types).size).toBe(types.length);

  const counters = countersOf(texts[2] as string);
  expect(counters).toContain('reason="gateway.draining"');
  expect(counters).not.toMatch(/^(process|nodejs|portcullis_open_streams|portcullis_build_info)/m);
});
