// Builds the load generator and the upstream with gcc when they are needed for the first time, or
// when their sources changed.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { folder, own } from './folders.mjs';

const PROGRAMS = {
  load: ['load', 'client', 'answer', 'requests', 'samples'],
  upstream: ['upstream', 'connection', 'inbound', 'scenarios'],
};
const FLAGS = ['-std=gnu11', '-D_GNU_SOURCE', '-O2', '-Wall', '-Wextra'];
const BUILD_MS = 60_000;
const sources = own('native');

export const MISSING =
  'the bench needs gcc, which builds its load generator. On Debian and Ubuntu: apt-get install gcc libc6-dev';

function stateOfSources() {
  const hash = createHash('sha256').update(FLAGS.join(' '));
  for (const file of readdirSync(sources).sort()) hash.update(readFileSync(join(sources, file)));
  return hash.digest('hex').slice(0, 16);
}

function build(compiler, parts, target) {
  const files = parts.map((part) => join(sources, `${part}.c`));
  const unfinished = `${target}.${process.pid}`;
  try {
    execFileSync(compiler, [...FLAGS, '-o', unfinished, ...files], {
      timeout: BUILD_MS,
      stdio: 'pipe',
      encoding: 'utf8',
    });
  } catch (error) {
    if (error.code === 'ENOENT') throw new Error(MISSING, { cause: error });
    throw new Error(`gcc does not build ${target}:\n${error.stderr}`, { cause: error });
  }
  // A build that was interrupted leaves no half program under the name.
  renameSync(unfinished, target);
}

/** The paths of both programs. `compiler`: the name of another one. */
export function nativePrograms({ compiler = 'gcc', home = folder('native') } = {}) {
  if (process.platform !== 'linux')
    throw new Error('the bench needs Linux: its load generator uses epoll');
  const state = stateOfSources();
  return Object.fromEntries(
    Object.entries(PROGRAMS).map(([name, parts]) => {
      const target = join(home, `${name}-${state}`);
      if (!existsSync(target)) build(compiler, parts, target);
      return [name, target];
    }),
  );
}
