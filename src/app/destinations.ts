// The destinations of audit, traces and metrics, each with a look at whether it can be opened. A
// look writes nothing and makes no file.
import type { OtlpTarget } from '../config/resolve-telemetry.js';
import type { ResolvedConfig } from '../config/resolved-config.js';

export type Signal = 'audit' | 'traces' | 'metrics';
export type Destinations = Pick<ResolvedConfig, Signal>;

export interface Destination {
  readonly signal: Signal;
  /** The path of a file, or the collector. */
  readonly to: string | OtlpTarget;
  /** Rejects with DestinationError, in the words of the open. It does not ask the collector. */
  look(): Promise<unknown>;
}

export function destinationsOf({ audit, traces, metrics }: Destinations): readonly Destination[] {
  const found: Destination[] = [];
  if (audit?.to.kind === 'file') {
    const { path } = audit.to;
    const look = async () => (await import('./audit-file.js')).probeAuditFile(path);
    found.push({ signal: 'audit', to: path, look });
  }
  if (audit?.to.kind === 'otlp') {
    const look = async () => (await import('../observe/otlp-logs.js')).loadLogs();
    found.push({ signal: 'audit', to: audit.to, look });
  }
  if (traces !== null) {
    const look = async () => (await import('../observe/traces.js')).loadTraces();
    found.push({ signal: 'traces', to: traces.otlp, look });
  }
  if (metrics !== null && metrics.otlp !== null) {
    const look = async () => (await import('../observe/otlp-metrics.js')).loadMetrics();
    found.push({ signal: 'metrics', to: metrics.otlp, look });
  }
  return found;
}

/** Rejects with the DestinationError of the first one that cannot be opened. */
export async function checkDestinations(config: Destinations): Promise<void> {
  for (const { look } of destinationsOf(config)) await look();
}
