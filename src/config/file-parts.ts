// Reads the lines of a large text file in parts, and stops after each part, so that the caller can
// let other work run. Keeps one part in memory, and not the file.
import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { unreadableText } from './unreadable.js';

const MOST_BYTES = 256 * 1024 * 1024;
const MOST_LINE_BYTES = 64 * 1024;
const LONG_LINE = 'the line is longer than 64 KiB; correct it';
/** The bytes of one part: about 1,000 lines of usual length. */
const PART_BYTES = 2 * MOST_LINE_BYTES;

const LINE_FEED = 0x0a;
const UTF16_MARKS = ['fffe', 'feff'];

/** Gets each line without the white space around it, and its number from 1. */
export interface LineSink {
  line(text: string, number: number): void;
  /** Called in place of `line` for a line that cannot be read. */
  unreadable(message: string, number: number): void;
}

const isChanged = (before: Stats, after: Stats): boolean =>
  before.size !== after.size || before.mtimeMs !== after.mtimeMs;

const changedText = (path: string): string =>
  `${path} changed while the gateway read it; write a new file, and rename it to this path`;

/** The problem of a file that is open; null where it can be read. */
function fileProblem(path: string, stats: Stats, bytes: number): string | null {
  if (stats.isDirectory()) return unreadableText(path, 'EISDIR', 'field');
  if (!stats.isFile())
    return `${path} is a pipe or a device, which cannot be read again; write the path of a file`;
  if (bytes <= MOST_BYTES) return null;
  return `${path} has more than 256 MiB; remove keys that are not used any more`;
}

/** Finds the lines in a buffer that is filled again and again. */
function lineSplitter(buffer: Buffer, sink: LineSink) {
  let number = 1;
  /** The beginning of the line was too long to be kept. */
  let isCut = false;

  function take(from: number, to: number): void {
    if (isCut || to - from > MOST_LINE_BYTES) sink.unreadable(LONG_LINE, number);
    else {
      // A byte order mark counts as white space here.
      const text = buffer.toString('utf8', from, to).trim();
      if (text !== '') sink.line(text, number);
    }
    isCut = false;
    number++;
  }

  return {
    /** Takes the whole lines before `end`. Moves the rest to the beginning; returns its length. */
    split(end: number): number {
      let at = 0;
      for (;;) {
        const feed = buffer.indexOf(LINE_FEED, at);
        // Behind `end` are bytes of an earlier part.
        if (feed === -1 || feed >= end) break;
        take(at, feed);
        at = feed + 1;
      }
      isCut ||= end - at > MOST_LINE_BYTES;
      if (isCut) return 0;
      buffer.copy(buffer, 0, at, end);
      return end - at;
    },
    /** Takes the last line, which has no line feed. */
    finish: (length: number): void => take(0, length),
  };
}

/** Gives the lines to the sink, and yields after each part. Returns the problem of the file. */
function* linesOf(fd: number, path: string, sink: LineSink): Generator<void, string | null> {
  const before = fstatSync(fd);
  const problem = fileProblem(path, before, before.size);
  if (problem !== null) return problem;
  const buffer = Buffer.allocUnsafe(PART_BYTES);
  const lines = lineSplitter(buffer, sink);
  let kept = 0;
  for (let total = 0; ; ) {
    const read = readSync(fd, buffer, kept, PART_BYTES - kept, null);
    if (read === 0) break;
    if (total === 0 && UTF16_MARKS.includes(buffer.toString('hex', 0, 2)))
      return `${path} is UTF-16; save it as UTF-8`;
    total += read;
    // A file that a program goes on writing could keep the reader here without an end.
    if (before.size > 0 && total > before.size) return changedText(path);
    // Some files have no true size.
    const grown = fileProblem(path, before, total);
    if (grown !== null) return grown;
    kept = lines.split(kept + read);
    yield;
  }
  lines.finish(kept);
  return isChanged(before, fstatSync(fd)) ? changedText(path) : null;
}

/**
 * Gives the lines of a file to the sink; blank lines do not count. Yields after each part. Returns
 * the problem that the whole file has, or null.
 */
export function* readFileParts(path: string, sink: LineSink): Generator<void, string | null> {
  let fd: number | undefined;
  try {
    // Without waiting: a pipe without a writer would block the process.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    return yield* linesOf(fd, path, sink);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    return unreadableText(path, code, 'field');
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
