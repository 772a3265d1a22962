// Decides what is counted: every exchange once, by endpoint and reason, and how long it took. Labels come from the configuration and the
// failure table only, so that no caller can make new series.
import { type Metric, Registry } from 'prom-client';
import type { Failure } from '../core/failure.js';
import type { RequestSummary } from '../core/request-summary.js';

export interface Metrics {
  readonly request: (summary: RequestSummary) => void;
  readonly unread: (failure: Failure) => void;
  readonly contentType: string;
  text(): Promise<string>;
}

const SECONDS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300,
];

/** What is known of one endpoint and reason. Counted here, because a call of prom-client hashes its labels every time. */
interface Series {
  requests: number;
  /** Requests that took time: those that could not be read have none. */
  timed: number;
  seconds: number;
  /** Requests by the first bound of SECONDS that they do not exceed; the last one is beyond all. */
  readonly within: Float64Array;
}

interface Value {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/** The lines of one histogram: buckets are cumulative in the exposition format. */
function* histogramOf(
  name: string,
  labels: Readonly<Record<string, string>>,
  one: Series,
): Generator<Value> {
  let total = 0;
  for (const [i, le] of [...SECONDS, '+Inf'].entries()) {
    total += one.within[i] as number;
    yield { metricName: `${name}_bucket`, labels: { le, ...labels }, value: total };
  }
  yield { metricName: `${name}_sum`, labels, value: one.seconds };
  yield { metricName: `${name}_count`, labels, value: one.timed };
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  const all = new Map<string, Map<string, Series>>();

  function series(endpoint: string, reason: string): Series {
    let ofEndpoint = all.get(endpoint);
    if (ofEndpoint === undefined) {
      ofEndpoint = new Map();
      all.set(endpoint, ofEndpoint);
    }
    let found = ofEndpoint.get(reason);
    if (found === undefined) {
      found = { requests: 0, timed: 0, seconds: 0, within: new Float64Array(SECONDS.length + 1) };
      ofEndpoint.set(reason, found);
    }
    return found;
  }

  /** prom-client asks a metric for its values when somebody looks; these come from our counts. */
  function register(
    type: 'counter' | 'histogram',
    name: string,
    help: string,
    values: typeof histogramOf,
  ): void {
    const get = async () => ({
      name,
      help,
      type,
      aggregator: 'sum',
      values: [...all].flatMap(([endpoint, reasons]) =>
        [...reasons].flatMap(([reason, one]) => [...values(name, { endpoint, reason }, one)]),
      ),
    });
    registry.registerMetric({ name, help, type, aggregator: 'sum', get } as unknown as Metric);
  }

  register(
    'histogram',
    'portcullis_http_request_duration_seconds',
    'Time from the request head to the end of the answer, in seconds; streams included.',
    histogramOf,
  );
  register(
    'counter',
    'portcullis_http_requests_total',
    'Requests ended, by endpoint and reason (ok or a kind of docs/failures.md).',
    function* (metricName, labels, { requests }) {
      yield { metricName, labels, value: requests };
    },
  );

  return {
    request({ endpoint, failure, durationMs }) {
      const one = series(endpoint?.path ?? 'none', failure?.definition.reason ?? 'ok');
      const seconds = durationMs / 1000;
      one.requests++;
      one.timed++;
      one.seconds += seconds;
      let i = 0;
      while (i < SECONDS.length && seconds > (SECONDS[i] as number)) i++;
      (one.within[i] as number)++;
    },
    unread: (failure) => {
      series('none', failure.definition.reason).requests++;
    },
    contentType: registry.contentType,
    text: () => registry.metrics(),
  };
}
