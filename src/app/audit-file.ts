// Appends the lines of the audit to a file. Several processes may append to one file: each write is
// one call of the system on a file that was opened for appending.
import { access, close, constants, fstat, open, stat, write } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { DestinationError } from '../core/destination-error.js';
import type { AuditSink } from '../observe/audit-queue.js';

/** Without O_NONBLOCK, a named pipe that has no reader would block the open for ever. */
const FLAGS = constants.O_APPEND | constants.O_CREAT | constants.O_WRONLY | constants.O_NONBLOCK;
/** The records name people. */
const MODE = 0o600;
/** The system writes up to this many bytes to a pipe together, also those of several processes. */
const PIPE_BYTES = 4_096;
const LINE_FEED = 10;
/** How often the name is checked for another file, as after a rotation by rename. */
const CHECK_MS = 1_000;

const opened = promisify(open);
const accessed = promisify(access);
const statOf = promisify(fstat);
const foundAt = promisify(stat);

function problemOf(path: string, { code, message }: NodeJS.ErrnoException): string {
  const folder = dirname(path);
  const fixes: Readonly<Record<string, string>> = {
    ENOENT: `the folder ${folder} does not exist; create it`,
    ENOTDIR: `${folder} is not a folder; correct the path`,
    EISDIR: 'this is a folder; write the path of a file in it',
    EACCES: `this user may not write there; let it write to ${folder}`,
    EPERM: `this user may not write there; let it write to ${folder}`,
    EROFS: 'the file system is read-only; mount a writable folder there',
    ENXIO: 'this is a named pipe that has no reader; start the reader first',
    ENOSPC: 'the disk is full; make room',
  };
  const fix = (code !== undefined && fixes[code]) || `${code ?? message}; correct the path`;
  return `audit.file: the gateway cannot append to ${path}: ${fix}`;
}

interface OpenFile {
  readonly fd: number;
  readonly id: string;
  readonly isPipe: boolean;
}

async function openFile(path: string): Promise<OpenFile> {
  const fd = await opened(path, FLAGS, MODE);
  const found = await statOf(fd);
  return { fd, id: `${found.dev}:${found.ino}`, isPipe: found.isFIFO() };
}

/** The end of the lines that a pipe takes as a whole, or of the next line. */
function endForPipe(lines: Buffer, at: number): number {
  const end = lines.lastIndexOf(LINE_FEED, at + PIPE_BYTES - 1) + 1;
  return end > at ? end : lines.indexOf(LINE_FEED, at) + 1 || lines.length;
}

/**
 * Rejects as `openAuditFile` would. It writes nothing, and makes no file. It does not open a named
 * pipe, whose reader would see the end of its input. So it does not notice that a pipe has no
 * reader.
 */
export async function probeAuditFile(path: string): Promise<void> {
  try {
    const found = await foundAt(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
      return null;
    });
    if (found === null) return await accessed(dirname(path), constants.W_OK | constants.X_OK);
    if (found.isFIFO()) return await accessed(path, constants.W_OK);
    const fd = await opened(path, FLAGS & ~constants.O_CREAT);
    close(fd, () => {});
  } catch (error) {
    throw new DestinationError(problemOf(path, error as NodeJS.ErrnoException), error);
  }
}

/** Rejects with a DestinationError. `nowMs`: a clock that never goes back. */
export async function openAuditFile(path: string, nowMs: () => number): Promise<AuditSink> {
  let file = await openFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new DestinationError(problemOf(path, error), error);
  });
  let checkedMs = nowMs();
  let mustReopen = false;

  /** True where the name leads to another file, or to none. */
  const isRenamed = (): Promise<boolean> =>
    new Promise((resolve) => {
      stat(path, (error, found) =>
        resolve(error !== null || `${found.dev}:${found.ino}` !== file.id),
      );
    });

  async function reopenIfNeeded(): Promise<void> {
    const now = nowMs();
    if (!mustReopen && now - checkedMs < CHECK_MS) return;
    checkedMs = now;
    if (!(await isRenamed())) {
      mustReopen = false;
      return;
    }
    const next = await openFile(path);
    mustReopen = false;
    close(file.fd, () => {});
    file = next;
  }

  function append(lines: Buffer, done: (bytes: number, error: Error | null) => void): void {
    let at = 0;
    const next = (): void => {
      const end = file.isPipe ? endForPipe(lines, at) : lines.length;
      write(file.fd, lines, at, end - at, null, (error, bytes) => {
        at += bytes ?? 0;
        if (error !== null) return done(at, error);
        if (at === lines.length) return done(at, null);
        next();
      });
    };
    next();
  }

  return {
    write(lines, done) {
      reopenIfNeeded().then(
        () => append(lines, done),
        (error: Error) => done(0, error),
      );
    },
    reopen() {
      mustReopen = true;
    },
    close() {
      close(file.fd, () => {});
    },
  };
}
