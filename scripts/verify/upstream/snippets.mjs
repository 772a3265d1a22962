// Reads the servers of docs/upstream.md, and makes a program of each: with addresses of loopback,
// and with its library at a pinned version. A language whose tools are missing is skipped.
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PYJWT = 'pyjwt[crypto]==2.15.1';
const page = new URL('../../../docs/upstream.md', import.meta.url);
const goModule = fileURLToPath(new URL('go.mod', import.meta.url));

/** The words with which the page marks the language of a block. */
export const LANGUAGES = { typescript: 'ts', python: 'python', go: 'go' };

/** The only block of the page in this language. */
export function snippetOf(language) {
  const text = readFileSync(page, 'utf8');
  const found = [...text.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].filter(
    ([, mark]) => mark === LANGUAGES[language],
  );
  if (found.length !== 1) throw new Error(`the page has ${found.length} servers in ${language}`);
  return found[0][2];
}

function replaced(text, [from, to]) {
  if (!text.includes(from)) throw new Error(`the server does not name ${from}`);
  return text.replaceAll(from, to);
}

/** The server with the addresses of this run in place of those of the page. */
const adapted = (language, { gateway, port }) =>
  [
    ['http://10.0.0.4:8080', gateway],
    ['https://mcp.example.com', gateway],
    ['10.0.0.5', '127.0.0.1'],
    ['3000', String(port)],
  ].reduce(replaced, snippetOf(language));

/** Node finds jose above the folder of the program, so this one is in the repository. */
async function typescript(text, { scratch }) {
  // The server has no type annotations, so that it is JavaScript too.
  const file = join(scratch, 'server.mjs');
  writeFileSync(file, text);
  return { command: process.execPath, args: [file] };
}

async function python(text, { folder, run, say }) {
  const home = join(folder, PYJWT);
  const interpreter = join(home, 'bin', 'python');
  if (!existsSync(join(home, 'done'))) {
    say(`installing ${PYJWT}`);
    await run('python3', ['-m', 'venv', '--clear', home]);
    await run(interpreter, ['-m', 'pip', 'install', '-q', PYJWT]);
    writeFileSync(join(home, 'done'), '');
  }
  const file = join(folder, 'server.py');
  writeFileSync(file, text);
  return { command: interpreter, args: ['-u', file] };
}

async function go(text, { folder, run, say }) {
  const cwd = join(folder, 'src');
  mkdirSync(cwd, { recursive: true });
  copyFileSync(goModule, join(cwd, 'go.mod'));
  writeFileSync(join(cwd, 'main.go'), text);
  say('building the server in Go');
  const env = { GOFLAGS: '-mod=mod', GOTOOLCHAIN: 'local' };
  await run('go', ['mod', 'tidy'], { cwd, env });
  await run('go', ['vet', '.'], { cwd, env });
  await run('go', ['build', '-o', 'server', '.'], { cwd, env });
  return { command: join(cwd, 'server'), args: [] };
}

const MAKERS = { typescript, python, go };

/** The program of a language: `command` and `args`. */
export const programOf = (language, place, tools) =>
  MAKERS[language](adapted(language, place), tools);
