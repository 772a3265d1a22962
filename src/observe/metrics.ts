// Counts every exchange once, by endpoint and reason, with its duration. Also shows the state of
// the gateway and of its process. Labels come from the configuration, the registry of keys and the
// failure table only. So no client can create a new time series.
import { createRequire } from 'node:module';
import { type Metric, Registry } from 'prom-client';
import type { Blame, Failure } from '../core/failure.js';
import { failureTable } from '../core/failures.js';
import type { RequestSummary } from '../core/request-summary.js';
import type { GatewayState, Value } from './gateway-state.js';
import { createHistogram, type Histogram, histogramValues, observe } from './histogram.js';
import { createKeyCounts, KEY_REQUESTS } from './key-counts.js';
import { OPERATIONS, OPERATIONS_HELP } from './operations.js';
import { stateMetrics } from './state-metrics.js';

/** Completed requests of one endpoint. */
export interface RequestCounts {
  readonly requests: number;
  /** Rejected because of their caller. */
  readonly refused: number;
  /** Failed because of the upstream, an issuer or the gateway. */
  readonly errors: number;
}

export interface Metrics {
  readonly request: (summary: RequestSummary) => void;
  /** A request that node:http rejected before it became an exchange. It has no duration. */
  readonly unreadable: (failure: Failure) => void;
  /** The counts of an endpoint, by its name. */
  readonly counts: (endpoint: string) => RequestCounts;
  readonly contentType: string;
  /** The Prometheus text format. */
  text(): Promise<string>;
}

const BUCKET_SECONDS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300,
];

/** The counts of one endpoint and reason. prom-client itself would hash the labels at each call. */
interface Series extends Histogram {
  /** Requests by the first digit of their status. Unreadable ones have no duration. */
  readonly byClass: Float64Array;
}

/** The first digit of a status is at most 5. */
const CLASSES = 6;

/** The state of a gateway without issuers and endpoints. */
export const NOTHING: GatewayState = {
  version: 'unknown',
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

/** Null for `ok`, and where the client is gone: that is neither a rejection nor an error. */
function blameOf(reason: string): Blame | null {
  const row = failureTable.find((one) => one.reason === reason);
  if (row === undefined || (row.blame === 'caller' && row.status === null)) return null;
  return row.blame;
}

let ofProcess: Registry | null = null;

/**
 * Files of prom-client, each with metrics of the process. Not `collectDefaultMetrics`, because it
 * observes each garbage collection, which costs the hot path up to 8 % (measured).
 */
const OF_PROCESS = [
  'processCpuTotal',
  'processStartTime',
  'osMemoryHeap',
  'processOpenFileDescriptors',
  'processMaxFileDescriptors',
  'eventLoopLag',
  'heapSizeAndUsed',
  'version',
];

/**
 * `process_*` and `nodejs_*`: CPU, memory, descriptors, event loop. The process has them once, so
 * its gateways share them.
 */
function processRegistry(): Registry {
  if (ofProcess !== null) return ofProcess;
  const registry = new Registry();
  const load = createRequire(import.meta.url);
  for (const name of OF_PROCESS) load(`prom-client/lib/metrics/${name}.js`)(registry);
  ofProcess = registry;
  return registry;
}

function* counterValues(
  metricName: string,
  labels: Readonly<Record<string, string>>,
  { byClass }: Series,
): Generator<Value> {
  for (const [digit, value] of byClass.entries())
    if (value > 0) yield { metricName, labels: { ...labels, status: `${digit}xx` }, value };
}

export function createMetrics(state: GatewayState = NOTHING): Metrics {
  const registry = new Registry();
  const processMetrics = processRegistry();
  const seriesByEndpoint = new Map<string, Map<string, Series>>();

  function seriesOf(endpoint: string, reason: string): Series {
    let byReason = seriesByEndpoint.get(endpoint);
    if (byReason === undefined) {
      byReason = new Map();
      seriesByEndpoint.set(endpoint, byReason);
    }
    let found = byReason.get(reason);
    if (found === undefined) {
      found = { byClass: new Float64Array(CLASSES), ...createHistogram(BUCKET_SECONDS) };
      byReason.set(reason, found);
    }
    return found;
  }

  /** prom-client reads the values of a metric when Prometheus scrapes it: here, from our counts. */
  function register(
    type: 'counter' | 'gauge' | 'histogram',
    name: string,
    help: string,
    values: () => readonly Value[],
  ): void {
    const get = async () => ({ name, help, type, aggregator: 'sum', values: values() });
    registry.registerMetric({ name, help, type, aggregator: 'sum', get } as unknown as Metric);
  }

  const ofSeries = (name: string, values: typeof counterValues) => (): Value[] =>
    [...seriesByEndpoint].flatMap(([endpoint, byReason]) =>
      [...byReason].flatMap(([reason, series]) => [...values(name, { endpoint, reason }, series)]),
    );

  const duration = 'portcullis_http_request_duration_seconds';
  register(
    'histogram',
    duration,
    'Time from the request head to the end of the answer, in seconds; streams included.',
    ofSeries(duration, (name, labels, series) =>
      histogramValues(name, labels, series, BUCKET_SECONDS),
    ),
  );
  const total = 'portcullis_http_requests_total';
  register(
    'counter',
    total,
    'Completed requests, by endpoint, reason (ok or one of docs/failures.md) and class of status.',
    ofSeries(total, counterValues),
  );
  const keyCounts = createKeyCounts();
  register(
    'counter',
    KEY_REQUESTS,
    'Completed requests of callers with an API key or its bridge token, by fingerprint of the key.',
    () => keyCounts.values().map((value) => ({ metricName: KEY_REQUESTS, ...value })),
  );
  register('histogram', OPERATIONS, OPERATIONS_HELP, () => state.operations?.() ?? []);
  for (const { type = 'gauge', name, help, values } of stateMetrics)
    register(type, name, help, () =>
      values(state).map((value) => ({ metricName: name, ...value })),
    );

  return {
    request(summary) {
      const { endpoint, failure, status, durationMs } = summary;
      keyCounts.request(summary);
      const series = seriesOf(endpoint?.name ?? 'none', failure?.definition.reason ?? 'ok');
      const seconds = durationMs / 1000;
      (series.byClass[Math.floor(status / 100)] as number)++;
      observe(series, BUCKET_SECONDS, seconds);
    },
    unreadable: (failure) => {
      const { reason, status } = failure.definition;
      (seriesOf('none', reason).byClass[Math.floor((status ?? 400) / 100)] as number)++;
    },
    counts(endpoint) {
      const counts = { requests: 0, refused: 0, errors: 0 };
      for (const [reason, { byClass }] of seriesByEndpoint.get(endpoint) ?? []) {
        const requests = byClass.reduce((sum, one) => sum + one, 0);
        const blamed = blameOf(reason);
        counts.requests += requests;
        if (blamed === 'caller') counts.refused += requests;
        else if (blamed !== null) counts.errors += requests;
      }
      return counts;
    },
    contentType: registry.contentType,
    async text() {
      const texts = await Promise.all([registry.metrics(), processMetrics.metrics()]);
      return texts.join('');
    },
  };
}
