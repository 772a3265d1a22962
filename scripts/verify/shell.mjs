// Runs the commands of one step: with a log file, a time limit for all, and no process left over.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, closeSync, openSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { cleanEnvironment } from '../../test/fixtures/launch.js';
import { withDeadline } from '../../test/fixtures/wait.js';

const STOP_MS = 5000;

/** Variables that `npm run` sets. A command in another folder must not take them for its own. */
const OF_NPM =
  /^(npm_(lifecycle|package)_.*|npm_(command|execpath|node_execpath)|npm_config_local_prefix|INIT_CWD)$/i;

function environment(nodeFolder) {
  const kept = Object.entries(cleanEnvironment()).filter(([name]) => !OF_NPM.test(name));
  const folders = (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => !folder.endsWith(join('node_modules', '.bin')));
  if (nodeFolder !== undefined) folders.unshift(nodeFolder);
  return { ...Object.fromEntries(kept), PATH: folders.join(delimiter), NO_COLOR: '1' };
}

/** Sends a signal to the process and to all that it started: they are a group of their own. */
function signalGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
  } catch {
    // No process is left.
  }
}

async function endGroup(pid, closed) {
  signalGroup(pid, 'SIGTERM');
  await withDeadline('stop', closed, STOP_MS).catch(() => {});
  signalGroup(pid, 'SIGKILL');
}

/**
 * `run` rejects if a command ends with another code than 0, or if the step takes longer than its
 * minutes.
 * @returns {{
 *   run: (
 *     command: string, args: string[], options?: { cwd?: string, nodeFolder?: string },
 *   ) => Promise<void>,
 *   say: (line: string) => void,
 * }}
 */
export function createShell({ logFile, cwd: home, minutes }) {
  writeFileSync(logFile, '');
  const deadline = performance.now() + minutes * 60_000;
  const say = (line) => appendFileSync(logFile, `${line}\n`);

  async function run(command, args, { cwd = home, nodeFolder } = {}) {
    const line = [command, ...args].join(' ');
    say(`$ ${line}`);
    const log = openSync(logFile, 'a');
    const stdio = ['ignore', log, log];
    const child = spawn(command, args, {
      cwd,
      env: environment(nodeFolder),
      stdio,
      detached: true,
    });
    closeSync(log);
    const kill = () => child.pid !== undefined && signalGroup(child.pid, 'SIGKILL');
    // Before all other handlers: they remove the files that it writes to.
    process.prependListener('exit', kill);
    const closed = once(child, 'close');
    try {
      const [code, signal] = await withDeadline(
        line,
        closed,
        Math.max(1, deadline - performance.now()),
      );
      if (code !== 0) throw new Error(`\`${line}\` ended with ${code ?? signal}`);
    } finally {
      if (child.pid !== undefined) await endGroup(child.pid, closed);
      process.off('exit', kill);
    }
  }

  return { run, say };
}
