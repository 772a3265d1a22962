// Sends the records of the audit to an OpenTelemetry collector, each as a log record whose
// attributes are the members of the record.
import type { OtlpTarget } from '../config/resolve-telemetry.js';
import type { AuditSink } from './audit-queue.js';
import { exporterOptions, loading, ownAttributes, SCOPE } from './opentelemetry.js';

/** Severities in the data model of OpenTelemetry. */
const INFO = 9;
const WARN = 13;
const EVENT = 'portcullis.audit';

const packages = () =>
  loading('audit.otlp', () =>
    Promise.all([
      import('@opentelemetry/sdk-logs'),
      import('@opentelemetry/exporter-logs-otlp-http'),
      import('@opentelemetry/resources'),
    ]),
  );

/** Rejects with DestinationError where a package is not installed. */
export const loadLogs: () => Promise<unknown> = packages;

/** Rejects with DestinationError. It does not wait for the collector. */
export async function openOtlpLogs(target: OtlpTarget, version: string): Promise<AuditSink> {
  const [{ LoggerProvider }, { OTLPLogExporter }, { resourceFromAttributes }] = await packages();
  type Exported = Parameters<InstanceType<typeof OTLPLogExporter>['export']>[0];
  let made: Exported = [];
  const nothing = async (): Promise<void> => {};
  const provider = new LoggerProvider({
    resource: resourceFromAttributes(ownAttributes(version)),
    // The queue of the SDK drops records silently, so the exporter gets them from ours.
    processors: [
      { onEmit: (record) => void made.push(record), forceFlush: nothing, shutdown: nothing },
    ],
  });
  const logger = provider.getLogger(SCOPE, version);
  const exporter = new OTLPLogExporter(exporterOptions(target));

  function emit(line: string): void {
    const { time, ...attributes } = JSON.parse(line);
    const { verdict, reason } = attributes;
    logger.emit({
      timestamp: new Date(time),
      severityNumber: verdict === 'allowed' ? INFO : WARN,
      eventName: EVENT,
      body: `${verdict} ${reason}`,
      attributes,
    });
  }

  return {
    write(lines, done) {
      made = [];
      for (const line of lines.toString('latin1').split('\n')) if (line !== '') emit(line);
      exporter.export(made, ({ code, error }) => {
        if (code === 0) done(lines.length, null);
        else done(0, error ?? new Error('the collector did not take the records'));
      });
    },
    reopen() {},
    close() {
      void exporter.shutdown().catch(() => {});
    },
  };
}
