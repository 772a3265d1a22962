// Checks the destinations of audit, traces and metrics for `check`: the file of the audit, the
// packages for a collector, and the collector itself.
import type { OtlpTarget } from '../config/resolve-telemetry.js';
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
import {
  type Destination,
  type Destinations,
  destinationsOf,
  type Signal,
} from './destinations.js';

/** As for an upstream. */
const DEADLINE_MS = 5_000;
const MAX_BYTES = 64 * 1024;

/** The member of an export that has no entries. */
const MEMBERS: Readonly<Record<Signal, string>> = {
  audit: 'resourceLogs',
  traces: 'resourceSpans',
  metrics: 'resourceMetrics',
};

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
  target: OtlpTarget,
  fetchJson: FetchJson,
): Promise<Verdict> {
  const headers = Object.fromEntries(
    Object.entries(target.headers).map(([name, value]) => [name, value.reveal()]),
  );
  const limits = { deadlineMs: DEADLINE_MS, maxBytes: MAX_BYTES };
  const fetched = await fetchJson({
    url: target.url,
    headers,
    json: { [MEMBERS[signal]]: [] },
    ...limits,
  });
  return answerVerdict(signal, target, fetched);
}

async function verdictOf(
  { signal, to, look }: Destination,
  fetchJson: FetchJson,
): Promise<CheckFinding> {
  const problem = await openProblem(look);
  if (typeof to === 'string')
    return { about: signal, name: 'file', ...(problem ?? ok(`can append to ${to}`)) };
  if (problem !== null) return { about: signal, name: 'packages', ...problem };
  return { about: signal, name: 'collector', ...(await askCollector(signal, to, fetchJson)) };
}

/** One task for each destination. */
export const telemetryTasks = (
  config: Destinations,
  fetchJson: FetchJson,
): (() => Promise<readonly CheckFinding[]>)[] =>
  destinationsOf(config).map((one) => async () => [await verdictOf(one, fetchJson)]);
