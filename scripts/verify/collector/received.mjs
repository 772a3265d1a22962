// Reads what the collector wrote: lines of JSON, each with one batch of logs, spans or metrics.
import { existsSync, readFileSync } from 'node:fs';

function plain(value) {
  const [[kind, inner] = []] = Object.entries(value);
  if (kind === 'intValue') return Number(inner);
  if (kind === 'arrayValue') return (inner.values ?? []).map(plain);
  if (kind === 'kvlistValue') return asObject(inner.values);
  return inner;
}

const asObject = (list = []) =>
  Object.fromEntries(list.map(({ key, value }) => [key, plain(value)]));
const named = (one, resource) => ({
  ...one,
  attributes: asObject(one.attributes),
  resource: asObject(resource.attributes),
});

/** `fileOf`: the file of `logs`, `traces` or `metrics`. */
export function received(fileOf) {
  const textOf = (signal) =>
    existsSync(fileOf(signal)) ? readFileSync(fileOf(signal), 'utf8') : '';
  // The last line may not be complete.
  const batches = (signal) =>
    textOf(signal)
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  return {
    texts: () => ['logs', 'traces', 'metrics'].map(textOf).join('\n'),
    logs: () =>
      batches('logs').flatMap(({ resourceLogs }) =>
        resourceLogs.flatMap(({ resource, scopeLogs }) =>
          scopeLogs.flatMap(({ logRecords }) => logRecords.map((one) => named(one, resource))),
        ),
      ),
    spans: () =>
      batches('traces').flatMap(({ resourceSpans }) =>
        resourceSpans.flatMap(({ resource, scopeSpans }) =>
          scopeSpans.flatMap(({ spans }) => spans.map((one) => named(one, resource))),
        ),
      ),
    /** Each metric with its data points of the last batch that has it. */
    metrics: () =>
      batches('metrics').flatMap(({ resourceMetrics }) =>
        resourceMetrics.flatMap(({ resource, scopeMetrics }) =>
          scopeMetrics.flatMap(({ metrics }) =>
            metrics.map((metric) => ({
              ...metric,
              points: metric.histogram?.dataPoints.map((point) => named(point, resource)),
            })),
          ),
        ),
      ),
  };
}
