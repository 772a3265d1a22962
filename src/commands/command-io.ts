// The surroundings of a command: its two outputs, its environment variables and standard input.
// Tests pass their own, so that a command can run in the process of the test.

export interface CommandIo {
  /** Writes the text and a line feed to standard output. */
  write(text: string): void;
  /** Writes the text and a line feed to standard error. */
  writeError(text: string): void;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: AsyncIterable<Uint8Array | string>;
  /** True where a person reads standard output. */
  readonly isTerminal?: boolean;
}

/** The surroundings of this process. */
export const processIo: CommandIo = {
  write: (text) => console.log(text),
  writeError: (text) => console.error(text),
  env: process.env,
  isTerminal: process.stdout.isTTY === true,
  // A getter, because Node opens standard input on the first access.
  get stdin() {
    return process.stdin;
  },
};
