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

/** `-` stands for standard input. Without an argument PORTCULLIS_TOKEN, which no list of processes shows. Null where there is none. */
export async function findToken(given: string | undefined): Promise<string | null> {
  const text = given === '-' ? await readStdin() : (given ?? process.env.PORTCULLIS_TOKEN ?? '');
  // As it is often copied; the line feed of a file is not part of it either.
  const token = text.trim().replace(/^(authorization: *)?bearer +/i, '');
  return token === '' ? null : token;
}
