// Runs the commands of a user in a folder of their own, with the Node and the npm of that user.
import { delimiter, dirname, join } from 'node:path';
import { startChild } from '../../../test/fixtures/child.js';
import { cleanEnvironment } from '../../../test/fixtures/launch.js';
import { withDeadline } from '../../../test/fixtures/wait.js';

const COMMAND_MS = 300_000;

/** Variables that `npm run` sets. A command in another folder must not take them for its own. */
const OF_NPM = /^(npm_|INIT_CWD$|NODE$|NODE_ENV$)/i;

/**
 * The environment of a user. `folders`: in front of PATH, as a folder with another Node.
 * The folder of this Node comes next, so that a test of one Node never runs a second one.
 */
export function environmentOf(folders = []) {
  const kept = Object.entries(cleanEnvironment()).filter(([name]) => !OF_NPM.test(name));
  const old = (process.env.PATH ?? '').split(delimiter);
  const path = old.filter((folder) => !folder.endsWith(join('node_modules', '.bin')));
  const front = [...folders, dirname(process.execPath)];
  return {
    ...Object.fromEntries(kept),
    PATH: [...front, ...path].join(delimiter),
    NO_COLOR: '1',
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    npm_config_update_notifier: 'false',
  };
}

/**
 * Resolves with the exit code, the output and the seconds.
 * @returns {Promise<{ code: number | null, output: string, seconds: number }>}
 */
export async function run(command, args, { cwd, env = environmentOf(), ms = COMMAND_MS }) {
  const started = performance.now();
  const child = startChild(command, args, { cwd, env });
  try {
    const { code } = await withDeadline([command, ...args].join(' '), child.exited, ms);
    const seconds = (performance.now() - started) / 1000;
    return { code, output: child.lines.join('\n'), seconds };
  } finally {
    await child.end();
  }
}

/** The same, for a command that must end with 0. */
export async function runWell(command, args, options) {
  const result = await run(command, args, options);
  if (result.code === 0) return result;
  throw new Error(`\`${command} ${args.join(' ')}\` ended with ${result.code}:\n${result.output}`);
}

/** Throws unless the value is the expected one. `what` begins the message. */
export function expectSame(what, actual, expected) {
  if (JSON.stringify(actual) === JSON.stringify(expected)) return;
  throw new Error(`${what}: ${JSON.stringify(actual)}, expected ${JSON.stringify(expected)}`);
}

/** Throws unless the text has all these parts. */
export function expectParts(what, text, parts) {
  const absent = parts.filter((part) => !text.includes(part));
  if (absent.length > 0) throw new Error(`${what} lacks ${JSON.stringify(absent)}:\n${text}`);
}
