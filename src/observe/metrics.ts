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
/** Durations held back per series. */
const HELD = 256;

export function createMetrics(): Metrics {
  const registry = new Registry();
  const labelNames = ['endpoint', 'reason'] as const;
  const seconds = new Histogram({
    name: 'portcullis_request_seconds',
    help: 'Time from the request head to the end of the answer, in seconds; streams included.',
    labelNames,
    buckets: SECONDS,
    registers: [registry],
  });
  interface Series {
    requests: number;
    told: number;
    /** Observed, not yet told: prom-client hashes its labels on every call, which is dear one by one and cheap in a row. */
    durations: number[];
    readonly seconds: { observe(value: number): void };
  }
  const all = new Map<string, Map<string, Series>>();

  function series(endpoint: string, reason: string): Series {
    let ofEndpoint = all.get(endpoint);
    if (ofEndpoint === undefined) {
      ofEndpoint = new Map();
      all.set(endpoint, ofEndpoint);
    }
    let found = ofEndpoint.get(reason);
    if (found === undefined) {
      found = { requests: 0, told: 0, durations: [], seconds: seconds.labels({ endpoint, reason }) };
      ofEndpoint.set(reason, found);
    }
    return found;
  }

  function settle(one: Series): void {
    for (const duration of one.durations) one.seconds.observe(duration);
    one.durations = [];
  }

  const requests = new Counter({
    name: 'portcullis_requests_total',
    help: 'Requests ended, by endpoint and reason (ok or a kind of docs/failures.md).',
    labelNames,
    registers: [registry],
  });

  /** Tells the registry what was counted, before somebody looks. */
  function settleAll(): void {
    for (const [endpoint, reasons] of all) {
      for (const [reason, one] of reasons) {
        settle(one);
        requests.inc({ endpoint, reason }, one.requests - one.told);
        one.told = one.requests;
      }
    }
  }

  return {
    outcome({ endpoint, failure, milliseconds }) {
      const one = series(endpoint?.path ?? 'none', failure?.row.kind ?? 'ok');
      one.requests++;
      if (one.durations.push(milliseconds / 1000) >= HELD) settle(one);
    },
    unread: (failure) => {
      series('none', failure.row.kind).requests++;
    },
    contentType: registry.contentType,
    text: () => {
      settleAll();
      return registry.metrics();
    },
  };
}
