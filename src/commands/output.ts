// Standard output for the lines of the log.
import { pino } from 'pino';

/** The time limit for writing the last log lines. */
const LAST_LINES_MS = 2_000;

export interface Output {
  write(lines: Buffer): unknown;
  written(done: () => void): void;
  close(): Promise<void>;
}

/**
 * Standard output, with a close that waits for pending lines. A synchronous write of the last
 * line would overtake them.
 */
export function openOutput(): Output {
  const destination = pino.destination({ fd: 1, sync: false, contentMode: 'buffer' });
  let closed = false;
  return {
    // The types of sonic-boom know only its text mode. A fetch that is still running may log after
    // the last line; the process does not wait for it.
    write: (lines) => closed || destination.write(lines as unknown as string),
    written: (done) => void destination.once('drain', done),
    close: () =>
      new Promise((resolve) => {
        closed = true;
        // The reader of the output may be gone.
        setTimeout(resolve, LAST_LINES_MS);
        destination.once('close', () => resolve()).once('error', () => resolve());
        destination.end();
      }),
  };
}
