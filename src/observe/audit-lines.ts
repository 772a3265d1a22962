// Writes the records of the audit as lines of the log output.
import type { AuditSink } from './audit-queue.js';
import type { LogSink } from './log.js';

/** An output that cannot say when it has written counts its lines as written at once. */
export const logLines = (output: LogSink): AuditSink => ({
  write(lines, done) {
    const { written } = output;
    if (written === undefined) {
      output.write(lines);
      return done(lines.length, null);
    }
    // The listener comes first: an output may write at once.
    written.call(output, () => done(lines.length, null));
    output.write(lines);
  },
  reopen() {},
  close() {},
});
