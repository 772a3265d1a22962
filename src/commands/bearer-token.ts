// Finds the token or the secret of a command: its argument, the environment or standard input.
import type { CommandIo } from './command-io.js';

const STDIN_CHARACTERS = 256 * 1024;

export async function readStdin(stdin: CommandIo['stdin']): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of stdin) {
    text += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
    if (text.length > STDIN_CHARACTERS) break;
  }
  return text;
}

/** The argument `-` reads standard input, and without an argument the variable counts. */
export const readSecretInput = async (
  argument: string | undefined,
  variable: string,
  io: Pick<CommandIo, 'env' | 'stdin'>,
): Promise<string> =>
  (argument === '-' ? await readStdin(io.stdin) : (argument ?? io.env[variable] ?? '')).trim();

/**
 * The argument `-` reads standard input. Without an argument the token is PORTCULLIS_TOKEN, which
 * the list of processes does not show. Null if there is no token.
 */
export async function findToken(
  argument: string | undefined,
  io: Pick<CommandIo, 'env' | 'stdin'>,
): Promise<string | null> {
  return (await findCredential(argument, io))?.text ?? null;
}

/** Like `findToken`, with the header that the operator gave, if any. Null: there is nothing. */
export async function findCredential(
  argument: string | undefined,
  io: Pick<CommandIo, 'env' | 'stdin'>,
): Promise<{ text: string; isBearer: boolean } | null> {
  const whole = await readSecretInput(argument, 'PORTCULLIS_TOKEN', io);
  // People often copy the whole header. The line feed of a file is not part of the token either.
  const text = whole.replace(/^(authorization: *)?bearer +/i, '');
  return text === '' ? null : { text, isBearer: text !== whole };
}
