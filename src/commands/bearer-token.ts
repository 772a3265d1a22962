// Decides where a command finds the token it is about: its argument, the environment, or standard input. Never judges it.

const STDIN_CHARACTERS = 256 * 1024;

async function readStdin(): Promise<string> {
  let text = '';
  process.stdin.setEncoding('utf8');
  for await (const chunk of process.stdin) {
    text += chunk;
    if (text.length > STDIN_CHARACTERS) break;
  }
  return text;
}

/** The name of another scheme or of a header, and what follows it. No bearer token has a space, and no JWT begins so. */
const OTHER_CREDENTIAL = /^[a-z][a-z-]*:? +\S/i;

export const isOtherCredential = (token: string): boolean => OTHER_CREDENTIAL.test(token);

/** Not quoted: what was taken for a name may be a secret. */
export const NO_BEARER_TOKEN =
  'This is no bearer token: it begins with the name of something else.';

/** `-` stands for standard input. Without an argument PORTCULLIS_TOKEN, which no list of processes shows. Null where there is none. */
export async function findToken(given: string | undefined): Promise<string | null> {
  const text = given === '-' ? await readStdin() : (given ?? process.env.PORTCULLIS_TOKEN ?? '');
  // As it is often copied; the line feed of a file is not part of it either.
  const token = text.trim().replace(/^(authorization: *)?bearer +/i, '');
  return token === '' ? null : token;
}
