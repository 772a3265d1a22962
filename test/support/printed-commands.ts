// Runs the commands that the demo prints, and those of README.md, in a real shell.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { suitedTo } from '../../src/commands/how-started.js';
import { startChild } from '../fixtures/child.js';
import { cleanEnvironment } from '../fixtures/launch.js';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The commands need a POSIX shell and curl. */
export const hasShell = spawnSync('sh', ['-c', 'curl --version && awk 1 /dev/null']).status === 0;

/** The commands as a clone prints them. */
export const inClone = suitedTo({ command: 'node dist/main.js', folder: null }, ['doctor', 'explain', 'demo']);

/** The text of the printed block whose comment has these words. */
export function blockOf(printed: string, comment: string): string {
  const found = printed.split('\n\n').filter((block) => block.startsWith('#') && block.includes(comment));
  if (found.length !== 1) throw new Error(`${found.length} blocks say "${comment}"`);
  return found[0] as string;
}

/** The line that exports the variables of the other commands. */
export function exportLine(printed: string): string {
  const found = printed.split('\n').filter((line) => line.startsWith('export URL='));
  if (found.length !== 1) throw new Error(`${found.length} lines export URL`);
  return found[0] as string;
}

/** Runs a script in the root of the repository. Resolves with its output. */
export async function runShell(script: string): Promise<{ code: number | null; output: string }> {
  const child = startChild('sh', ['-c', script], { cwd: root, env: cleanEnvironment() });
  const { code } = await child.exited;
  return { code, output: child.lines.join('\n') };
}
