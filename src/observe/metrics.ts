// Counts every exchange once, by endpoint and reason, with its duration. Labels come from the
// configuration and the failure table only, so that no client can create a new time series.
import { type Metric, Registry } from 'prom-client';
import type { Failure } from '../core/failure.js';
import type { RequestSummary } from '../core/request-summary.js';

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
  requests: number;
  /** Requests with a duration: unreadable ones have none. */
  timedRequests: number;
  totalSeconds: number;
  /** Requests by the first bound of BUCKET_SECONDS that they do not exceed; the last: by none. */
  readonly bucketCounts: Float64Array;
}

interface Value {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
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

export function createMetrics(): Metrics {
  const registry = new Registry();
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
      found = { requests: 0, timedRequests: 0, totalSeconds: 0, bucketCounts };
      byReason.set(reason, found);
    }
    return found;
  }

  /** prom-client reads the values of a metric when Prometheus scrapes it: here, from our counts. */
  function register(
    type: 'counter' | 'histogram',
    name: string,
    help: string,
    values: typeof histogramValues,
  ): void {
    const get = async () => ({
      name,
      help,
      type,
      aggregator: 'sum',
      values: [...seriesByEndpoint].flatMap(([endpoint, byReason]) =>
        [...byReason].flatMap(([reason, series]) => [
          ...values(name, { endpoint, reason }, series),
        ]),
      ),
    });
    registry.registerMetric({ name, help, type, aggregator: 'sum', get } as unknown as Metric);
  }

  register(
    'histogram',
    'portcullis_http_request_duration_seconds',
    'Time from the request head to the end of the answer, in seconds; streams included.',
    histogramValues,
  );
  register(
    'counter',
    'portcullis_http_requests_total',
    'Completed requests, by endpoint and reason (ok or a reason of docs/failures.md).',
    function* (metricName, labels, { requests }) {
      yield { metricName, labels, value: requests };
    },
  );

  return {
    request({ endpoint, failure, durationMs }) {
      const series = seriesOf(endpoint?.path ?? 'none', failure?.definition.reason ?? 'ok');
      const seconds = durationMs / 1000;
      series.requests++;
      series.timedRequests++;
      series.totalSeconds += seconds;
      let i = 0;
      while (i < BUCKET_SECONDS.length && seconds > (BUCKET_SECONDS[i] as number)) i++;
      (series.bucketCounts[i] as number)++;
    },
    unreadable: (failure) => {
      seriesOf('none', failure.definition.reason).requests++;
    },
    contentType: registry.contentType,
    text: () => registry.metrics(),
  };
}
