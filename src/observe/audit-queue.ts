// Holds the records of the audit until their destination has them: one write at a time, bounded in
// bytes. A record that it cannot hold is counted as lost, and never dropped silently.
import type { Clock, Scheduler } from '../core/clock.js';
import type { Notify } from '../core/notice.js';

/** Where records go. Each buffer is one or more whole lines. */
export interface AuditSink {
  /** `done` gets the bytes that were written, and the error that ended the write, once. */
  write(lines: Buffer, done: (bytes: number, error: Error | null) => void): void;
  /** Opens the file again, because its name may lead to another one now. */
  reopen(): void;
  close(): void;
}

/** Records since the start of the process. */
export interface AuditCounts {
  written: number;
  lost: number;
}

export interface AuditQueue {
  /** `isUnproven`: the caller proved nothing. Such records may fill only a part. */
  add(lines: readonly Buffer[], isUnproven?: boolean): void;
  /** Counts records that the caller does not want to queue. */
  lose(records: number): void;
  /** False while records cannot be written: a write failed or is late, or the queue is full. */
  isUp(): boolean;
  reopen(): void;
  /** Writes what waits, for at most `ms`. Resolves to the records that are left. */
  close(ms: number): Promise<readonly Buffer[]>;
}

export interface AuditQueueOptions {
  readonly sink: AuditSink;
  /** Where the records go, for the log. */
  readonly name: string;
  readonly counts: AuditCounts;
  readonly clock: Clock;
  readonly schedule: Scheduler;
  readonly notify: Notify;
  readonly maxBytes?: number;
}

/** About 8,000 records. */
const MAX_BYTES = 8 * 1024 * 1024;
/** Callers that prove nothing may not fill the queue: a full one can stop the gateway. */
const UNPROVEN_PART = 1 / 4;
/** From here on the queue counts as full: the rest is for the records of calls that run then. */
const FULL_PART = 7 / 8;
const WRITE_BYTES = 256 * 1024;
const RETRY_MS = 1_000;
/** A disk or a collector that has not taken a write after this time counts as unavailable. */
const LATE_MS = 5_000;
const LINE_FEED = Buffer.from('\n');

const textOf = (error: Error): string => {
  const { code } = error as NodeJS.ErrnoException;
  return code === undefined ? error.message : code;
};

export function createAuditQueue(options: AuditQueueOptions): AuditQueue {
  const { sink, name, counts, clock, schedule, notify, maxBytes = MAX_BYTES } = options;
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  const unproven = new Set<Buffer>();
  let unprovenBytes = 0;
  /** Null: no write runs. */
  let writingSinceMs: number | null = null;
  let hasFailed = false;
  /** True: the last write ended within a line, which the next one has to end. */
  let isTorn = false;
  let isScheduled = false;
  let isClosed = false;
  let lostSinceUp = 0;
  let onIdle: (() => void) | null = null;

  const isLate = (): boolean =>
    writingSinceMs !== null && clock.monotonicMs() - writingSinceMs > LATE_MS;
  const isUp = (): boolean => !hasFailed && waitingBytes < maxBytes * FULL_PART && !isLate();

  function lose(records: number): void {
    counts.lost += records;
    lostSinceUp += records;
    if (lostSinceUp !== records) return;
    const detail = `records for ${name} are lost: the gateway can neither write nor hold them`;
    notify({ event: 'audit.lost', level: 'error', detail });
  }

  /** Removes the records of the first `bytes`. */
  function remove(bytes: number): void {
    let left = bytes;
    let lines = 0;
    while (lines < waiting.length && left >= (waiting[lines] as Buffer).length) {
      left -= (waiting[lines] as Buffer).length;
      lines++;
    }
    for (const line of waiting.slice(0, lines))
      if (unproven.delete(line)) unprovenBytes -= line.length;
    waiting = waiting.slice(lines);
    waitingBytes -= bytes - left;
    counts.written += lines;
    isTorn = left > 0;
  }

  function failed(error: Error): void {
    if (!hasFailed) {
      const detail = `cannot write records to ${name}: ${textOf(error)}; the gateway tries again`;
      notify({ event: 'audit.down', level: 'error', detail });
    }
    hasFailed = true;
    if (isClosed) onIdle?.();
    else schedule(RETRY_MS, write);
  }

  function succeeded(): void {
    // Under a flood, each write makes room that the next records take: that is one loss, not many.
    if (!hasFailed && (lostSinceUp === 0 || waiting.length > 0)) return;
    notify({ event: 'audit.up', level: 'info', lost: lostSinceUp });
    hasFailed = false;
    lostSinceUp = 0;
  }

  function write(): void {
    isScheduled = false;
    if (writingSinceMs !== null) return;
    if (waiting.length === 0) return onIdle?.();
    const lines: Buffer[] = isTorn ? [LINE_FEED] : [];
    let bytes = 0;
    for (const line of waiting) {
      if (bytes > 0 && bytes + line.length > WRITE_BYTES) break;
      bytes += line.length;
      lines.push(line);
    }
    const ended = isTorn ? LINE_FEED.length : 0;
    writingSinceMs = clock.monotonicMs();
    sink.write(Buffer.concat(lines), (written, error) => {
      writingSinceMs = null;
      if (written >= ended) remove(written - ended);
      if (error !== null) return failed(error);
      succeeded();
      write();
    });
  }

  return {
    add(lines, isUnproven = false) {
      let lost = 0;
      for (const line of lines) {
        const { length } = line;
        const isOver = isUnproven && unprovenBytes + length > maxBytes * UNPROVEN_PART;
        if (isClosed || isOver || waitingBytes + length > maxBytes) {
          lost++;
          continue;
        }
        waiting.push(line);
        waitingBytes += length;
        if (!isUnproven) continue;
        unproven.add(line);
        unprovenBytes += length;
      }
      if (lost > 0) lose(lost);
      // The records of one turn of the event loop are one write.
      if (isScheduled || hasFailed || writingSinceMs !== null) return;
      isScheduled = true;
      setImmediate(write);
    },
    lose,
    isUp,
    reopen() {
      sink.reopen();
    },
    async close(ms) {
      isClosed = true;
      await new Promise<void>((resolve) => {
        const cancel = schedule(ms, resolve);
        onIdle = () => {
          cancel();
          resolve();
        };
        write();
      });
      const left = waiting;
      waiting = [];
      waitingBytes = 0;
      onIdle = null;
      sink.close();
      return left;
    },
  };
}
