// Checks the destinations of audit, traces and metrics, with the code by which `serve` opens them.
// These are the file of the audit, the packages for a collector, and the collector itself.
import type { OtlpTarget } from '../config/resolve-telemetry.js';
import type { ResolvedConfig } from '../config/resolved-config.js';
import { DestinationError } from '../core/destination-error.js';
import type { Fetched, FetchJson } from '../idp/fetch-json.js';
import {
  type CheckFinding,
  connectionFix,
  fail,
  ok,
  parted,
  type Verdict,
  warn,
} from './check-finding.js';

/** As for an upstream. */
const DEADLINE_MS = 5_000;
const MAX_BYTES = 64 * 1024;

type Signal = 'audit' | 'traces' | 'metrics';

interface Collected {
  readonly target: OtlpTarget;
  /** The member of an export that has no entries. */
  readonly member: 'resourceLogs' | 'resourceSpans' | 'resourceMetrics';
  /** Imports the packages. Rejects with DestinationError. */
  readonly load: () => Promise<unknown>;
}

/** Null: it can be opened. `serve` prints the same words and ends. */
export async function openProblem(open: () => Promise<unknown>): Promise<Verdict | null> {
  try {
    await open();
    return null;
  } catch (error) {
    if (!(error instanceof DestinationError)) throw error;
    const { observed, fix } = parted(error.message);
    return fail(observed, fix);
  }
}

function answerVerdict(signal: Signal, { url }: OtlpTarget, fetched: Fetched): Verdict {
  if (fetched.kind === 'transport')
    return warn(`${url} does not answer: ${fetched.detail}`, connectionFix(fetched.detail));
  const { status } = fetched;
  const observed = `${url} answers ${status}`;
  if (status < 300) return ok(observed);
  if (status === 401 || status === 403)
    return warn(`${observed} to the gateway`, `correct the credentials in ${signal}.headers`);
  return warn(observed, `write the base URL of an OTLP/HTTP collector into ${signal}.otlp`);
}

/** An export without entries: the collector has nothing to keep. */
async function askCollector(
  signal: Signal,
  { target, member }: Collected,
  fetchJson: FetchJson,
): Promise<Verdict> {
  const headers = Object.fromEntries(
    Object.entries(target.headers).map(([name, value]) => [name, value.reveal()]),
  );
  const limits = { deadlineMs: DEADLINE_MS, maxBytes: MAX_BYTES };
  const fetched = await fetchJson({ url: target.url, headers, json: { [member]: [] }, ...limits });
  return answerVerdict(signal, target, fetched);
}

async function auditFileVerdict(path: string): Promise<Verdict> {
  const { probeAuditFile } = await import('./audit-file.js');
  return (await openProblem(() => probeAuditFile(path))) ?? ok(`can append to ${path}`);
}

function collectedBy({
  audit,
  traces,
  metrics,
}: Pick<ResolvedConfig, Signal>): (readonly [Signal, Collected])[] {
  const found: (readonly [Signal, Collected])[] = [];
  if (audit?.to.kind === 'otlp') {
    const load = async () => (await import('../observe/otlp-logs.js')).loadLogs();
    found.push(['audit', { target: audit.to, member: 'resourceLogs', load }]);
  }
  if (traces !== null) {
    const load = async () => (await import('../observe/traces.js')).loadTraces();
    found.push(['traces', { target: traces.otlp, member: 'resourceSpans', load }]);
  }
  if (metrics !== null && metrics.otlp !== null) {
    const load = async () => (await import('../observe/otlp-metrics.js')).loadMetrics();
    found.push(['metrics', { target: metrics.otlp, member: 'resourceMetrics', load }]);
  }
  return found;
}

/** One task for each destination. */
export function telemetryTasks(
  config: Pick<ResolvedConfig, Signal>,
  fetchJson: FetchJson,
): (() => Promise<readonly CheckFinding[]>)[] {
  const to = config.audit?.to;
  const file = to?.kind !== 'file' ? [] : [to.path];
  return [
    ...file.map((path) => async () => [
      { about: 'audit', name: 'file', ...(await auditFileVerdict(path)) },
    ]),
    ...collectedBy(config).map(([signal, collected]) => async () => {
      const missing = await openProblem(collected.load);
      const verdict = missing ?? (await askCollector(signal, collected, fetchJson));
      return [{ about: signal, name: missing === null ? 'collector' : 'packages', ...verdict }];
    }),
  ];
}
