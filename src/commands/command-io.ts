// The surroundings of a command: its two outputs, its environment variables and standard input.
// Tests pass their own, so that a command can run in the process of the test.
import { howStarted, type Started } from './how-started.js';

export interface CommandIo {
  /** Writes the text and a line feed to standard output. */
  write(text: string): void;
  /** Writes the text and a line feed to standard error. */
  writeError(text: string): void;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: AsyncIterable<Uint8Array | string>;
  /** True where a person reads standard output. */
  readonly isTerminal?: boolean;
  /** Settles where the reader of standard output is gone, as after `| head -1`. */
  readonly readerGone?: Promise<void>;
  /** The form of `portcullis` in printed commands; without it, the name. */
  readonly started?: Started;
}

let readerLeft = (): void => {};
const readerGone = new Promise<void>((resolve) => {
  readerLeft = resolve;
});

/** The surroundings of this process. */
export const processIo: CommandIo = {
  write: (text) => console.log(text),
  writeError: (text) => console.error(text),
  env: process.env,
  isTerminal: process.stdout.isTTY === true,
  readerGone,
  started: howStarted({
    script: process.argv[1],
    cwd: process.cwd(),
    path: process.env.PATH,
  }),
  // A getter, because Node opens standard input on the first access.
  get stdin() {
    return process.stdin;
  },
};

/** Codes of a write to a pipe without a reader, and of the writes after it. */
const READER_GONE = ['EPIPE', 'ERR_STREAM_DESTROYED'];

/**
 * From now on a command goes on without the reader of its output, and its exit code stays true.
 * Without a listener, Node would end the process with a stack trace.
 */
export function surviveClosedOutputs(): void {
  process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    if (!READER_GONE.includes(code ?? '')) {
      console.error(`The output cannot be written: ${code ?? message}`);
      process.exit(1);
    }
    readerLeft();
  });
  process.stderr.on('error', () => {});
}
