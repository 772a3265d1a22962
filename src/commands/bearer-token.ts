// Finds the token for a command: in its argument, in the environment or on standard input.
import type { CommandIo } from './command-io.js';

const STDIN_CHARACTERS = 256 * 1024;

async function readStdin(stdin: CommandIo['stdin']): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of stdin) {
    text += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
    if (text.length > STDIN_CHARACTERS) break;
  }
  return text;
}

/**
 * The name of another scheme or of a header, and the value after it. A bearer token contains no
 * space, and a JWT does not begin like this.
 */
const OTHER_CREDENTIAL = /^[a-z][a-z-]*:? +\S/i;

export const isOtherCredential = (token: string): boolean => OTHER_CREDENTIAL.test(token);

/** The message does not quote the value: it may be a secret. */
export const NOT_A_BEARER_TOKEN =
  'This is not a bearer token: it begins with the name of another scheme or header.';

/**
 * The argument `-` reads standard input. Without an argument the token is PORTCULLIS_TOKEN, which
 * the list of processes does not show. Null if there is no token.
 */
export async function findToken(
  argument: string | undefined,
  io: Pick<CommandIo, 'env' | 'stdin'>,
): Promise<string | null> {
  const text =
    argument === '-' ? await readStdin(io.stdin) : (argument ?? io.env.PORTCULLIS_TOKEN ?? '');
  // People often copy the whole header. The line feed of a file is not part of the token either.
  const token = text.trim().replace(/^(authorization: *)?bearer +/i, '');
  return token === '' ? null : token;
}
