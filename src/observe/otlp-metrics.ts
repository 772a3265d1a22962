// Sends the durations of MCP operations to an OpenTelemetry collector.
import type { OtlpTarget } from '../config/resolve-telemetry.js';
import { exporterOptions, loading, ownAttributes, SCOPE } from './opentelemetry.js';
import { type Attributes, OPERATION_BUCKETS } from './operations.js';

export interface OtlpMetrics {
  readonly send: (seconds: number, attributes: Attributes) => void;
  close(): Promise<void>;
}

const packages = () =>
  loading('metrics.otlp', () =>
    Promise.all([
      import('@opentelemetry/sdk-metrics'),
      import('@opentelemetry/exporter-metrics-otlp-http'),
      import('@opentelemetry/resources'),
    ]),
  );

/** Rejects with DestinationError where a package is not installed. */
export const loadMetrics: () => Promise<unknown> = packages;

/** Rejects with DestinationError. It does not wait for the collector. */
export async function openOtlpMetrics(
  target: OtlpTarget,
  intervalSeconds: number,
  version: string,
): Promise<OtlpMetrics> {
  const [{ MeterProvider, PeriodicExportingMetricReader }, { OTLPMetricExporter }, resources] =
    await packages();
  const intervalMs = intervalSeconds * 1000;
  const provider = new MeterProvider({
    resource: resources.resourceFromAttributes(ownAttributes(version)),
    readers: [
      new PeriodicExportingMetricReader({
        exporter: new OTLPMetricExporter(exporterOptions(target)),
        exportIntervalMillis: intervalMs,
        exportTimeoutMillis: Math.min(intervalMs, 10_000),
      }),
    ],
  });
  const histogram = provider
    .getMeter(SCOPE, version)
    .createHistogram('mcp.server.operation.duration', {
      unit: 's',
      description: 'Duration of MCP requests and notifications at the gateway.',
      advice: { explicitBucketBoundaries: [...OPERATION_BUCKETS] },
    });
  return {
    send: (seconds, attributes) => histogram.record(seconds, attributes),
    close: () => provider.shutdown().catch(() => {}),
  };
}
