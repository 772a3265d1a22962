// Counts every exchange once, by endpoint and reason, with its duration. Also shows the state of
// the gateway and of its process. Labels come from the configuration, the registry of keys and the
// failure table only. So no client can create a new time series.
import { createRequire } from 'node:module';
import { type Metric, Registry } from 'prom-client';
import type { Failure } from '../core/failure.js';
import type { RequestSummary } from '../core/request-summary.js';
import { createKeyCounts, KEY_REQUESTS } from './key-counts.js';
import { type GatewayState, stateMetrics, type Value } from './state-metrics.js';

export interface Metrics {
  readonly request: (summary: RequestSummary) => void;
  /** A request that node:http rejected before it became an exchange. It has no duration. */
  readonly unreadable: (failure: Failure) => void;
  readonly contentType: string;
  /** The Prometheus text format. */
  text(): Promise<string>;
}

const BUCKET_SECONDS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300,
];

/** The counts of one endpoint and reason. prom-client itself would hash the labels at each call. */
interface Series {
  /** Requests by the first digit of their status. */
  readonly byClass: Float64Array;
  /** Requests with a duration: unreadable ones have none. */
  timedRequests: number;
  totalSeconds: number;
  /** Requests by the first bound of BUCKET_SECONDS that they do not exceed; the last: by none. */
  readonly bucketCounts: Float64Array;
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
  reloads: () => [],
  apiKeys: () => null,
  nextSunsetMs: () => null,
  workers: () => null,
};

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

/** The lines of one histogram. Buckets are cumulative in the text format. */
function* histogramValues(
  name: string,
  labels: Readonly<Record<string, string>>,
  series: Series,
): Generator<Value> {
  let total = 0;
  for (const [i, le] of [...BUCKET_SECONDS, '+Inf'].entries()) {
    total += series.bucketCounts[i] as number;
    yield { metricName: `${name}_bucket`, labels: { le, ...labels }, value: total };
  }
  yield { metricName: `${name}_sum`, labels, value: series.totalSeconds };
  yield { metricName: `${name}_count`, labels, value: series.timedRequests };
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
      const bucketCounts = new Float64Array(BUCKET_SECONDS.length + 1);
      const byClass = new Float64Array(CLASSES);
      found = { byClass, timedRequests: 0, totalSeconds: 0, bucketCounts };
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

  const ofSeries = (name: string, values: typeof histogramValues) => (): Value[] =>
    [...seriesByEndpoint].flatMap(([endpoint, byReason]) =>
      [...byReason].flatMap(([reason, series]) => [...values(name, { endpoint, reason }, series)]),
    );

  const duration = 'portcullis_http_request_duration_seconds';
  register(
    'histogram',
    duration,
    'Time from the request head to the end of the answer, in seconds; streams included.',
    ofSeries(duration, histogramValues),
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
      series.timedRequests++;
      series.totalSeconds += seconds;
      let i = 0;
      while (i < BUCKET_SECONDS.length && seconds > (BUCKET_SECONDS[i] as number)) i++;
      (series.bucketCounts[i] as number)++;
    },
    unreadable: (failure) => {
      const { reason, status } = failure.definition;
      (seriesOf('none', reason).byClass[Math.floor((status ?? 400) / 100)] as number)++;
    },
    contentType: registry.contentType,
    async text() {
      const texts = await Promise.all([registry.metrics(), processMetrics.metrics()]);
      return texts.join('');
    },
  };
}
