// Gives each line of the log to a function of the program that embeds the gateway.
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
