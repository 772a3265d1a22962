// Folders with a program that imports the package by its name, as a user installs it.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startChild } from '../fixtures/child.js';
import { withDeadline } from '../fixtures/wait.js';

export const root = fileURLToPath(new URL('../../', import.meta.url));

export interface ProgramFolder {
  readonly path: string;
  /** Runs Node with these arguments there, to its own end. Without variables of this process. */
  run(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<{ lines: string[]; code: number | null }>;
  remove(): void;
}

/** `files`: the texts by their path. */
export function programFolder(files: Readonly<Record<string, string>>): ProgramFolder {
  const path = mkdtempSync(join(tmpdir(), 'portcullis-program-'));
  mkdirSync(join(path, 'node_modules'));
  symlinkSync(root, join(path, 'node_modules/mcp-portcullis'));
  for (const [name, text] of Object.entries({ 'package.json': '{ "type": "module" }', ...files })) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), text);
  }
  return {
    path,
    async run(args, env = {}) {
      const child = startChild(process.execPath, [...args], { cwd: path, env });
      try {
        const { code } = await withDeadline(`node ${args.join(' ')} ends`, child.exited, 40_000);
        return { lines: child.lines, code };
      } finally {
        await child.end();
      }
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}
