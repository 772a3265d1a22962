// Decides what is counted: every exchange once, by endpoint and reason, and how long it took. Labels come from the configuration and the
// failure table only, so that no caller can make new series.
import { Counter, Histogram, Registry } from 'prom-client';
import type { Failure } from '../core/failure.js';
import type { Outcome } from '../core/outcome.js';

export interface Metrics {
  readonly outcome: (outcome: Outcome) => void;
  readonly unread: (failure: Failure) => void;
  readonly contentType: string;
  text(): Promise<string>;
}

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

export function createMetrics(): Metrics {
  const registry = new Registry();
  const labelNames = ['endpoint', 'reason'] as const;
  const requests = new Counter({
    name: 'portcullis_requests_total',
    help: 'Requests ended, by endpoint and reason (ok or a kind of docs/failures.md).',
    labelNames,
    registers: [registry],
  });
  const seconds = new Histogram({
    name: 'portcullis_request_seconds',
    help: 'Time from the request head to the end of the answer, in seconds; streams included.',
    labelNames,
    buckets: SECONDS,
    registers: [registry],
  });
  type Bound = { inc(): void; observe(value: number): void };
  const bound = new Map<string, Map<string, Bound>>();

  /** prom-client hashes its labels on every call; two map lookups are cheaper. */
  function series(endpoint: string, reason: string): Bound {
    let ofEndpoint = bound.get(endpoint);
    if (ofEndpoint === undefined) {
      ofEndpoint = new Map();
      bound.set(endpoint, ofEndpoint);
    }
    let found = ofEndpoint.get(reason);
    if (found === undefined) {
      const counter = requests.labels({ endpoint, reason });
      const histogram = seconds.labels({ endpoint, reason });
      found = { inc: () => counter.inc(), observe: (value) => histogram.observe(value) };
      ofEndpoint.set(reason, found);
    }
    return found;
  }

  return {
    outcome({ endpoint, failure, milliseconds }) {
      const one = series(endpoint?.path ?? 'none', failure?.row.kind ?? 'ok');
      one.inc();
      one.observe(milliseconds / 1000);
    },
    unread: (failure) => series('none', failure.row.kind).inc(),
    contentType: registry.contentType,
    text: () => registry.metrics(),
  };
}
