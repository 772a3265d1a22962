// Gives the lines of the log to a function of the program that embeds the gateway, or to its
// standard output.
import type { LogSink } from '../observe/log.js';

export interface LineSink extends LogSink {
  /** The function gets no line after this. */
  close(): void;
}

/**
 * The function gets a line without its line feed. An exception in it is one of the program: it
 * becomes an uncaught exception, and the call that the line is about goes on.
 */
export function lineSink(onLine: (line: string) => void): LineSink {
  let isClosed = false;
  const give = (line: string): void => {
    try {
      onLine(line);
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  };
  return {
    write(lines) {
      if (isClosed) return;
      for (const line of lines.toString().split('\n')) if (line !== '') give(line);
    },
    close() {
      isClosed = true;
    },
  };
}

/**
 * The stream of the program, so that its lines and these keep their order. If the reader of the
 * output is gone, the lines are lost, as those of `console.log`. Without a listener, Node would end
 * the program.
 */
export function outputSink(output: NodeJS.WritableStream): LineSink {
  const written = (error?: Error | null): void => {
    if (error && output.listenerCount('error') === 0) output.once('error', () => {});
  };
  return { write: (lines) => output.write(lines, written), close: () => {} };
}
