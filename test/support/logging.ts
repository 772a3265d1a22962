// A log that writes into memory.
import { createLog, type LogLevel } from '../../src/observe/log.js';
import { testClock } from './clock.js';

export type Line = Record<string, unknown>;

export function logging(level: LogLevel = 'debug') {
  const blocks: string[] = [];
  const log = createLog(level, { write: (block: Buffer) => void blocks.push(block.toString()) }, testClock());
  /** All lines: those that were written, and those that the log still holds. */
  const written = (): string[] => {
    log.flush();
    return blocks.join('').split(/(?<=\n)/);
  };
  return { log, blocks, written, lines: () => written().map((line) => JSON.parse(line) as Line) };
}
