// Runs a command in the process of the test, with its own environment and outputs.
import type { CommandIo } from '../../src/commands/command-io.js';
import { runCommand } from '../../src/commands/run-command.js';
import { withDeadline } from '../fixtures/wait.js';

export interface Surroundings {
  env?: Record<string, string>;
  /** The chunks of standard input. */
  stdin?: (Uint8Array | string)[];
}

export interface CapturedIo extends CommandIo {
  readonly written: string[];
  readonly errors: string[];
}

export function captureIo({ env = {}, stdin = [] }: Surroundings = {}): CapturedIo {
  const written: string[] = [];
  const errors: string[] = [];
  return {
    written,
    errors,
    env,
    write: (text) => void written.push(text),
    writeError: (text) => void errors.push(text),
    stdin: (async function* () {
      yield* stdin;
    })(),
  };
}

export interface Run {
  code: number;
  /** Standard output. */
  output: string;
  /** Standard error. */
  errors: string;
}

/** Runs `portcullis ...args`. */
export async function run(args: string[], surroundings: Surroundings = {}): Promise<Run> {
  const io = captureIo(surroundings);
  const code = await withDeadline(`${args[0]} ends`, runCommand(args, io), 30_000);
  return { code, output: io.written.join('\n'), errors: io.errors.join('\n') };
}
