// The metrics of the state: version, issuers, streams, requests in flight, and the process.
import { expect, test } from 'vitest';
import * as failures from '../../src/core/failures.js';
import { failureTable } from '../../src/core/failures.js';
import type { GatewayState, IssuerState, UpstreamState } from '../../src/observe/gateway-state.js';
import { createMetrics } from '../../src/observe/metrics.js';
import { outcome } from '../support/outcome.js';

const MAIN: IssuerState = {
  issuer: 'https://a.example',
  usesKeys: true,
  keysAgeMs: 1500,
  isUp: true,
  keys: 1,
  lastError: null,
  introspectionIsUp: null,
};

const quiet: GatewayState = {
  version: '1.2.3',
  requestsInFlight: () => 0,
  issuers: () => [],
  endpoints: () => [],
  upstreams: () => [],
  limits: () => ({ storeIsUp: null, limited: [] }),
  reloads: () => [],
  config: () => null,
  apiKeys: () => null,
  nextSunsetMs: () => null,
  workers: () => null,
};
const textOf = (state: Partial<GatewayState>): Promise<string> => createMetrics({ ...quiet, ...state }).text();

const linesOf = (text: string): string[] => text.split('\n').filter((line) => line.startsWith('portcullis_'));

test('the version', async () => {
  expect(linesOf(await textOf({}))).toEqual(['portcullis_build_info{version="1.2.3"} 1', 'portcullis_http_requests_in_flight 0']);
});

test('each issuer: its keys and its introspection, where it has them', async () => {
  const issuers = [
    MAIN,
    { ...MAIN, issuer: 'https://not-tried.example', keysAgeMs: null, isUp: null },
    { ...MAIN, issuer: 'https://stale.example', keysAgeMs: 4_000_000, isUp: false, introspectionIsUp: true },
    { ...MAIN, issuer: 'https://never.example', keysAgeMs: null, isUp: false },
    { ...MAIN, issuer: 'https://opaque.example', usesKeys: false, keysAgeMs: 5, isUp: true, introspectionIsUp: false },
  ];
  expect(linesOf(await textOf({ issuers: () => issuers })).slice(2)).toEqual([
    'portcullis_issuer_up{issuer="https://a.example"} 1',
    'portcullis_issuer_up{issuer="https://stale.example"} 0',
    'portcullis_issuer_up{issuer="https://never.example"} 0',
    'portcullis_issuer_keys_age_seconds{issuer="https://a.example"} 1.5',
    'portcullis_issuer_keys_age_seconds{issuer="https://stale.example"} 4000',
    'portcullis_introspection_up{issuer="https://stale.example"} 1',
    'portcullis_introspection_up{issuer="https://opaque.example"} 0',
  ]);
});

test('open streams by endpoint, and requests in flight', async () => {
  const endpoints = [
    { endpoint: 'a.example/mcp', openStreams: 5 },
    { endpoint: 'b.example/mcp', openStreams: 0 },
  ];
  const text = await textOf({ endpoints: () => endpoints, requestsInFlight: () => 7 });
  expect(linesOf(text).slice(1)).toEqual([
    'portcullis_http_requests_in_flight 7',
    'portcullis_open_streams{endpoint="a.example/mcp"} 5',
    'portcullis_open_streams{endpoint="b.example/mcp"} 0',
  ]);
});

test('the connections to MCP servers, and how many the configuration allows', async () => {
  const upstreams: UpstreamState[] = [
    { endpoint: '/mcp', kind: 'requests', inUse: 5, limit: 30 },
    { endpoint: '/mcp', kind: 'streams', inUse: 0, limit: 100 },
  ];
  expect(linesOf(await textOf({ upstreams: () => upstreams })).slice(2)).toEqual([
    'portcullis_upstream_in_use{endpoint="/mcp",kind="requests"} 5',
    'portcullis_upstream_in_use{endpoint="/mcp",kind="streams"} 0',
    'portcullis_upstream_limit{endpoint="/mcp",kind="requests"} 30',
    'portcullis_upstream_limit{endpoint="/mcp",kind="streams"} 100',
  ]);
});

test('the next sunset of an API key', async () => {
  expect(linesOf(await textOf({ apiKeys: () => 3, nextSunsetMs: () => 1_800_000_000_000 })).slice(2)).toEqual([
    'portcullis_api_keys 3',
    'portcullis_api_keys_next_sunset_timestamp_seconds 1800000000',
  ]);
});

test('which configuration runs', async () => {
  const config = () => ({ generation: 3, hash: '00000000ffff' });
  expect(linesOf(await textOf({ config })).slice(2)).toEqual(['portcullis_config_generation 3', 'portcullis_config_hash 65535']);
});

test('the state is read at each scrape', async () => {
  let age = 1000;
  const state = { ...quiet, issuers: () => [{ ...MAIN, keysAgeMs: age }] };
  const metrics = createMetrics(state);
  for (const seconds of [1, 61]) {
    age = seconds * 1000;
    expect(await metrics.text()).toContain(`keys_age_seconds{issuer="https://a.example"} ${seconds}\n`);
  }
});

test('the counter has the class of the status', async () => {
  const metrics = createMetrics();
  for (const status of [200, 202, 204, 499]) metrics.request(outcome({ status }));
  metrics.request(outcome({ failure: failures.upstreamBroken(), status: 502 }));
  // A denial with a JSON-RPC error.
  metrics.request(outcome({ failure: failures.toolDenied(), status: 200 }));
  metrics.unreadable(failures.connectionHeadersTooLarge());
  const lines = linesOf(await metrics.text()).filter((line) => line.startsWith('portcullis_http_requests_total'));
  expect(lines.map((line) => line.replace('portcullis_http_requests_total', ''))).toEqual([
    '{endpoint="/mcp",reason="ok",status="2xx"} 3',
    '{endpoint="/mcp",reason="ok",status="4xx"} 1',
    '{endpoint="/mcp",reason="upstream.broken",status="5xx"} 1',
    '{endpoint="/mcp",reason="tool.denied",status="2xx"} 1',
    '{endpoint="none",reason="connection.headers_too_large",status="4xx"} 1',
  ]);
});

test('the series are bounded: five classes for each endpoint and reason, whatever a client sends', async () => {
  const metrics = createMetrics();
  const made = outcome();
  for (let status = 200; status < 600; status++)
    for (const definition of failureTable) metrics.request({ ...made, failure: { ok: false, definition }, status });
  const counters = linesOf(await metrics.text()).filter((line) => line.startsWith('portcullis_http_requests_total'));
  expect(counters).toHaveLength(failureTable.length * 4);
});

test('process and event loop, once for the process, and in the text format', async () => {
  const [one, other] = [createMetrics(), createMetrics()];
  for (const metrics of [one, other]) {
    const text = await metrics.text();
    for (const name of [
      'process_cpu_seconds_total',
      'process_resident_memory_bytes',
      'process_start_time_seconds',
      'process_open_fds',
      'nodejs_eventloop_lag_seconds',
      'nodejs_eventloop_lag_p99_seconds',
      'nodejs_heap_size_used_bytes',
    ])
      expect(text).toMatch(new RegExp(`^${name} \\d`, 'm'));
    expect([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name)).toEqual([
      ...new Set([...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name)),
    ]);
    expect(text.endsWith('\n')).toBe(true);
  }
});
