// Counts durations by buckets, and gives the lines of a histogram in the text format of Prometheus.
import type { Value } from './gateway-state.js';

export interface Histogram {
  count: number;
  totalSeconds: number;
  /** By the first bound that a duration does not exceed; the last: by none. */
  readonly bucketCounts: Float64Array;
}

type Bounds = readonly number[];

/** `bounds`: of the buckets, in seconds, ascending. */
export const createHistogram = (bounds: Bounds): Histogram => ({
  count: 0,
  totalSeconds: 0,
  bucketCounts: new Float64Array(bounds.length + 1),
});

export function observe(histogram: Histogram, bounds: Bounds, seconds: number): void {
  histogram.count++;
  histogram.totalSeconds += seconds;
  let i = 0;
  while (i < bounds.length && seconds > (bounds[i] as number)) i++;
  (histogram.bucketCounts[i] as number)++;
}

/** The lines of one series. Buckets are cumulative in the text format. */
export function* histogramValues(
  name: string,
  labels: Value['labels'],
  { count, totalSeconds, bucketCounts }: Histogram,
  bounds: Bounds,
): Generator<Value> {
  let total = 0;
  for (const [i, le] of [...bounds, '+Inf'].entries()) {
    total += bucketCounts[i] as number;
    yield { metricName: `${name}_bucket`, labels: { le, ...labels }, value: total };
  }
  yield { metricName: `${name}_sum`, labels, value: totalSeconds };
  yield { metricName: `${name}_count`, labels, value: count };
}
