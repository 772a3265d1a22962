// Counts requests by API key, sent itself or as a bridge token, so that an operator sees which keys
// are still in use. Labels hold fingerprints only.
import type { ApiKey } from '../core/api-key.js';
import type { RequestSummary } from '../core/request-summary.js';
import { keyFingerprint } from './log-fields.js';

export const KEY_REQUESTS = 'portcullis_api_key_requests_total';

/** Keys with a series of their own. Others share one: 100,000 series would burden Prometheus. */
const KEYS = 1_000;
const OTHER = 'other';
/** The first digit of a status is at most 5. */
const CLASSES = 6;

interface KeyValue {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface KeyCounts {
  request(summary: RequestSummary): void;
  values(): KeyValue[];
}

export function createKeyCounts(): KeyCounts {
  const byFingerprint = new Map<string, Float64Array>();
  /** The same counts, so that a request need not make the text of a fingerprint. */
  const byKey = new WeakMap<ApiKey, Float64Array>();

  function countsOf(fingerprint: string): Float64Array {
    const label = byFingerprint.size < KEYS || byFingerprint.has(fingerprint) ? fingerprint : OTHER;
    const known = byFingerprint.get(label);
    if (known !== undefined) return known;
    const created = new Float64Array(CLASSES);
    byFingerprint.set(label, created);
    return created;
  }

  return {
    request(summary) {
      const { caller, failure, status } = summary;
      const key = caller === null || caller.kind === 'pass-through' ? null : caller.key;
      // Nearly all requests of an endpoint without keys.
      if (key === null && failure?.vouched?.keyFingerprint === undefined) return;
      let counts = key === null ? undefined : byKey.get(key);
      if (counts === undefined) {
        counts = countsOf(keyFingerprint(summary) as string);
        if (key !== null) byKey.set(key, counts);
      }
      (counts[Math.floor(status / 100)] as number)++;
    },
    values: () =>
      [...byFingerprint].flatMap(([fingerprint, counts]) =>
        [...counts].flatMap((value, digit) =>
          value === 0 ? [] : [{ labels: { fingerprint, status: `${digit}xx` }, value }],
        ),
      ),
  };
}
