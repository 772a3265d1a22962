// Builds audit, traces and the durations of operations from the configuration. Each is off without
// its setting. Then the gateway imports nothing for it, and no call pays for it.

import type { ResolvedAudit } from '../config/resolve-telemetry.js';
import type { ResolvedConfig } from '../config/resolved-config.js';
import type { Clock, Scheduler } from '../core/clock.js';
import type { Failure } from '../core/failure.js';
import type { Notify } from '../core/notice.js';
import type { RequestSummary } from '../core/request-summary.js';
import type { CallObserver } from '../core/stages.js';
import type { Audit } from '../observe/audit.js';
import type { AuditCounts, AuditQueue, AuditSink } from '../observe/audit-queue.js';
import type { AuditState, Value } from '../observe/gateway-state.js';
import type { LogSink } from '../observe/log.js';
import type { Operations } from '../observe/operations.js';
import type { OtlpMetrics } from '../observe/otlp-metrics.js';
import type { Traces } from '../observe/traces.js';
import { fingerprintOf } from './keep.js';

export interface TelemetryDependencies {
  readonly clock: Clock;
  readonly schedule: Scheduler;
  readonly notify: Notify;
  readonly version: string;
  /** The log, for records that are lines of it. */
  readonly destination: LogSink;
}

/** The parts that look at calls now. */
export interface Watch extends CallObserver {
  record(summary: RequestSummary): void;
  unreadable(failure: Failure, clientAddress: string): void;
}

type Settings = Pick<ResolvedConfig, 'audit' | 'traces' | 'metrics'>;

export interface Telemetry {
  /** Null: everything is off. */
  readonly watch: Watch | null;
  /** True where a grant of a token can be recorded, or needs no record. */
  canRecord(): boolean;
  auditState(): AuditState | null;
  operations(): readonly Value[];
  /**
   * Opens what a configuration needs, and resolves to the function that makes it the active one.
   * Rejects with an Error whose message says how to fix it.
   */
  prepare(next: Settings): Promise<() => void>;
  /** Writes and sends what waits. */
  close(): Promise<void>;
}

interface Part<T> {
  readonly fingerprint: string;
  readonly value: T;
}
interface RunningAudit {
  readonly audit: Audit;
  readonly queue: AuditQueue;
}
interface RunningMetrics {
  readonly operations: Operations;
  readonly otlp: OtlpMetrics | null;
}

/** The time to write the last records, at a swap and at the end. */
const LAST_RECORDS_MS = 2_000;

export function createTelemetry(dependencies: TelemetryDependencies): Telemetry {
  const { clock, schedule, notify, version, destination } = dependencies;
  const counts: AuditCounts = { written: 0, lost: 0 };
  let audit: Part<RunningAudit> | null = null;
  let traces: Part<Traces> | null = null;
  let metrics: Part<RunningMetrics> | null = null;
  let watch: Watch | null = null;

  async function openSink({ to }: ResolvedAudit): Promise<{ sink: AuditSink; name: string }> {
    if (to.kind === 'file') {
      const { openAuditFile } = await import('./audit-file.js');
      return { sink: await openAuditFile(to.path, clock.monotonicMs), name: to.path };
    }
    if (to.kind === 'otlp') {
      const { openOtlpLogs } = await import('../observe/otlp-logs.js');
      return { sink: await openOtlpLogs(to, version), name: to.url };
    }
    const { logLines } = await import('../observe/audit-lines.js');
    return { sink: logLines(destination), name: 'the log output' };
  }

  async function openAudit(config: ResolvedAudit): Promise<RunningAudit> {
    const { createAudit } = await import('../observe/audit.js');
    const { createAuditQueue } = await import('../observe/audit-queue.js');
    const { sink, name } = await openSink(config);
    const queue = createAuditQueue({ sink, name, counts, clock, schedule, notify });
    return { audit: createAudit(config, queue, clock), queue };
  }

  async function openTraces(config: NonNullable<Settings['traces']>): Promise<Traces> {
    const { createTraces } = await import('../observe/traces.js');
    return createTraces(config, version, clock, notify);
  }

  async function openMetrics(config: NonNullable<Settings['metrics']>): Promise<RunningMetrics> {
    const { createOperations } = await import('../observe/operations.js');
    if (config.otlp === null) return { operations: createOperations(), otlp: null };
    const { openOtlpMetrics } = await import('../observe/otlp-metrics.js');
    const otlp = await openOtlpMetrics(config.otlp, config.intervalSeconds, version);
    return { operations: createOperations(otlp.send), otlp };
  }

  /**
   * The running part where its settings are equal, or a new one. `opened`: how to close the new
   * ones, where a later one fails.
   */
  async function keptOr<C, T>(
    running: Part<T> | null,
    config: C | null,
    openPart: (config: C) => Promise<T>,
    opened: (() => unknown)[],
    closePart: (part: T) => unknown,
  ): Promise<Part<T> | null> {
    if (config === null) return null;
    const fingerprint = fingerprintOf(config);
    if (running?.fingerprint === fingerprint) return running;
    const value = await openPart(config);
    opened.push(() => closePart(value));
    return { fingerprint, value };
  }

  async function openAll(next: Settings) {
    const opened: (() => unknown)[] = [];
    const ofMetrics = next.metrics?.operations === true ? next.metrics : null;
    try {
      return {
        audit: await keptOr(audit, next.audit, openAudit, opened, ({ queue }) => queue.close(0)),
        traces: await keptOr(traces, next.traces, openTraces, opened, (one) => one.close()),
        metrics: await keptOr(metrics, ofMetrics, openMetrics, opened, ({ otlp }) => otlp?.close()),
      };
    } catch (error) {
      for (const closePart of opened) void closePart();
      throw error;
    }
  }

  /** The records that the former destination has not taken go to the new one. */
  async function hand(from: AuditQueue, to: AuditQueue | null): Promise<void> {
    const left = await from.close(LAST_RECORDS_MS);
    if (left.length === 0) return;
    if (to !== null) return to.add(left);
    counts.lost += left.length;
    const detail = `${left.length} records are lost: the former destination did not take them`;
    notify({ event: 'audit.lost', level: 'error', detail });
  }

  function watchOf(): Watch | null {
    // Traces first: the audit names the span.
    const parts = [traces?.value, audit?.value.audit].filter((part) => part !== undefined);
    const operations = metrics?.value.operations;
    const own = audit?.value.audit;
    if (parts.length === 0 && operations === undefined) return null;
    return {
      forwarding(...call) {
        traces?.value.forwarding(...call);
        own?.forwarding(...call);
      },
      record(summary) {
        for (const part of parts) part.record(summary);
        operations?.record(summary);
      },
      unreadable: (failure, clientAddress) => own?.unreadable(failure, clientAddress),
      refusal: () => own?.refusal() ?? null,
    };
  }

  return {
    get watch() {
      return watch;
    },
    canRecord: () => watch === null || watch.refusal() === null,
    auditState: () => (audit === null ? null : { isUp: audit.value.queue.isUp(), ...counts }),
    operations: () => metrics?.value.operations.values() ?? [],
    async prepare(next) {
      const made = await openAll(next);
      return () => {
        const before = { audit, traces, metrics };
        ({ audit, traces, metrics } = made);
        watch = watchOf();
        if (before.audit === audit) audit?.value.queue.reopen();
        else if (before.audit !== null)
          void hand(before.audit.value.queue, audit?.value.queue ?? null);
        if (before.traces !== traces) void before.traces?.value.close();
        if (before.metrics !== metrics) void before.metrics?.value.otlp?.close();
      };
    },
    async close() {
      const running = { audit, traces, metrics };
      [audit, traces, metrics, watch] = [null, null, null, null];
      const closing = Promise.all([
        running.audit === null ? null : hand(running.audit.value.queue, null),
        running.traces?.value.close(),
        running.metrics?.value.otlp?.close(),
      ]);
      // A collector that is away must not keep the process.
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, LAST_RECORDS_MS + 500);
      });
      await Promise.race([closing, late]);
      clearTimeout(timer);
    },
  };
}
