// Sets up the log of a process. Its notices go to the operator in words, or to the log.
import type { Clock } from '../core/clock.js';
import type { Notice, Notify } from '../core/notice.js';
import { createLog, type Log, type LogLevel, type LogSink } from '../observe/log.js';

export interface LogDependencies {
  readonly clock: Clock;
  /** Gets the lines of the log. */
  readonly destination: LogSink;
  /** Words a notice about fields of a file for an operator who wrote something else. */
  readonly reword?: (notice: Notice) => Notice;
  /** Gets each notice before the log does. True: the operator has it in words already. */
  readonly announce?: (notice: Notice) => boolean;
}

export function createNoticeLog(
  level: LogLevel,
  { clock, destination, reword, announce }: LogDependencies,
): { readonly log: Log; readonly notify: Notify } {
  const log = createLog(level, destination, clock);
  return {
    log,
    notify(original) {
      const notice = reword?.(original) ?? original;
      if (announce?.(notice) !== true) log.notify(notice);
    },
  };
}
