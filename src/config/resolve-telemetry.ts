// Resolves `audit`, `traces` and `metrics`: absolute paths, and the URL of each signal at its
// collector.
import { resolve as absolutePath } from 'node:path';
import type { Secret } from '../core/secret.js';
import { headerSecretProblems } from './header-secrets.js';
import type { Partially } from './partial-parse.js';
import type { Problem } from './problems.js';
import type { WithSecrets } from './resolve-secrets.js';
import type { ConfigInput } from './schema/root.js';
import type { AuditInput, MetricsInput, TracesInput } from './schema/telemetry.js';

/** A collector that speaks OTLP over HTTP. */
export interface OtlpTarget {
  /** With the path of its signal. */
  readonly url: string;
  readonly headers: Readonly<Record<string, Secret>>;
}

export type AuditDestination =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'stdout' }
  | ({ readonly kind: 'otlp' } & OtlpTarget);

export interface ResolvedAudit {
  readonly to: AuditDestination;
  readonly onFailure: 'continue' | 'reject';
}

export interface ResolvedTraces {
  readonly otlp: OtlpTarget;
  readonly sampleRatio: number;
}

export interface ResolvedMetrics {
  readonly operations: boolean;
  readonly otlp: OtlpTarget | null;
  readonly intervalSeconds: number;
}

export interface ResolvedTelemetry {
  readonly audit: ResolvedAudit | null;
  readonly traces: ResolvedTraces | null;
  readonly metrics: ResolvedMetrics | null;
}

type Signal = 'logs' | 'traces' | 'metrics';

const target = (
  base: string,
  signal: Signal,
  headers: Readonly<Record<string, Secret>>,
): OtlpTarget => ({ url: `${base.replace(/\/+$/, '')}/v1/${signal}`, headers });

function auditOf(audit: WithSecrets<AuditInput>, folder: string): ResolvedAudit {
  const { file, otlp, headers, onFailure } = audit;
  const to: AuditDestination =
    file !== undefined
      ? { kind: 'file', path: absolutePath(folder, file) }
      : otlp !== undefined
        ? { kind: 'otlp', ...target(otlp, 'logs', headers) }
        : { kind: 'stdout' };
  return { to, onFailure };
}

const tracesOf = ({ otlp, headers, sampleRatio }: WithSecrets<TracesInput>): ResolvedTraces => ({
  otlp: target(otlp, 'traces', headers),
  sampleRatio,
});

const metricsOf = (metrics: WithSecrets<MetricsInput>): ResolvedMetrics => ({
  operations: metrics.operations,
  otlp: metrics.otlp === undefined ? null : target(metrics.otlp, 'metrics', metrics.headers),
  intervalSeconds: metrics.intervalSeconds,
});

/** `folder`: where relative paths begin. */
export const resolveTelemetry = (
  { audit, traces, metrics }: Pick<WithSecrets<ConfigInput>, 'audit' | 'traces' | 'metrics'>,
  folder: string,
): ResolvedTelemetry => ({
  audit: audit === undefined ? null : auditOf(audit, folder),
  traces: traces === undefined ? null : tracesOf(traces),
  metrics: metrics === undefined ? null : metricsOf(metrics),
});

/** Secrets that cannot be the value of a header. */
export const telemetryProblems = (
  root: Pick<WithSecrets<Partially<ConfigInput>>, 'audit' | 'traces' | 'metrics'>,
): Problem[] =>
  (['audit', 'traces', 'metrics'] as const).flatMap((part) =>
    Object.entries(root[part]?.headers ?? {}).flatMap(([name, value]) =>
      headerSecretProblems(value, [part, 'headers', name]),
    ),
  );
