// The sources as text, for the tests that read them.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export interface Source {
  /** From src/ or test/, with slashes: `core/failure.ts`. */
  readonly path: string;
  readonly text: string;
}

function read(folder: URL): Source[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => name.replaceAll('\\', '/'))
    .filter((path) => path.endsWith('.ts'))
    .sort()
    .map((path) => ({ path, text: readFileSync(fileURLToPath(new URL(path, folder)), 'utf8') }));
}

export const sources = (): Source[] => read(new URL('../../src/', import.meta.url));
export const tests = (): Source[] => read(new URL('../', import.meta.url));

/** The text without comments. Strings are matched first: `//` in one does not begin a comment. */
export function withoutComments(text: string): string {
  const parts =
    /('(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`|\/(?![*/])(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/)|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g;
  return text.replace(parts, (_whole, kept: string | undefined) => kept ?? '');
}

/** The code only: without comments, and with empty strings. */
export function codeOnly(text: string): string {
  return withoutComments(text).replace(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g, "''");
}
