// Merges the metrics of several processes, in the Prometheus text format. Counters and histograms
// become sums; state-metrics.ts says how each gauge is merged.
import { stateMetrics } from './state-metrics.js';

/** The metrics of one process. */
export interface MetricsPart {
  /** The label of the metrics that each process has for itself: `process_*` and `nodejs_*`. */
  readonly worker: string;
  readonly text: string;
}

type Merge = 'sum' | 'min' | 'max' | 'primary' | 'each';

interface Family {
  readonly head: string[];
  readonly merge: Merge;
  /** By name and labels. */
  readonly samples: Map<string, number>;
}

const mergeOf = new Map<string, Merge>(stateMetrics.map((one) => [one.name, one.merge ?? 'sum']));
const OF_PROCESS = /^(process|nodejs)_/;

/** `name{a="b"}` or `name`, with a label before the others. */
function labelled(series: string, label: string): string {
  const brace = series.indexOf('{');
  return brace < 0
    ? `${series}{${label}}`
    : `${series.slice(0, brace + 1)}${label},${series.slice(brace + 1)}`;
}

function mergedValue(merge: Merge, before: number, value: number): number {
  if (merge === 'min') return Math.min(before, value);
  if (merge === 'max') return Math.max(before, value);
  return before + value;
}

/** The first part is that of the primary. */
export function mergeMetrics(parts: readonly MetricsPart[]): string {
  const families = new Map<string, Family>();
  for (const [i, { worker, text }] of parts.entries()) {
    let family: Family | null = null;
    for (const line of text.split('\n')) {
      if (line === '') continue;
      if (line.startsWith('#')) {
        const name = line.split(' ', 3)[2] as string;
        family = families.get(name) ?? null;
        if (family === null) {
          const merge = OF_PROCESS.test(name) ? 'each' : (mergeOf.get(name) ?? 'sum');
          family = { head: [], merge, samples: new Map() };
          families.set(name, family);
        }
        if (!family.head.includes(line)) family.head.push(line);
        continue;
      }
      if (family === null || (family.merge === 'primary' && i > 0)) continue;
      const end = line.lastIndexOf(' ');
      const series = line.slice(0, end);
      const value = Number(line.slice(end + 1));
      const { samples, merge } = family;
      const key = merge === 'each' ? labelled(series, `worker="${worker}"`) : series;
      const before = samples.get(key);
      samples.set(key, before === undefined ? value : mergedValue(merge, before, value));
    }
  }
  return [...families.values()]
    .map(({ head, samples }) => {
      const lines = [...samples].map(([series, value]) => `${series} ${valueText(value)}`);
      return `${[...head, ...lines].join('\n')}\n`;
    })
    .join('\n');
}

/** As Prometheus reads it. */
const valueText = (value: number): string => {
  if (Number.isFinite(value)) return String(value);
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
};

/** The counters and histograms alone: what the end of a process must not take away. */
export function countersOf(text: string): string {
  let isCounter = false;
  return text
    .split('\n')
    .filter((line) => {
      if (line.startsWith('# TYPE')) {
        const [, , name = '', type] = line.split(' ');
        isCounter = (type === 'counter' || type === 'histogram') && !OF_PROCESS.test(name);
      }
      return line.startsWith('#') || isCounter;
    })
    .join('\n');
}
