// Brings Debian packages and what they depend on into a folder. Nothing is installed in the system.
import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { obtain, Skipped } from './parts.mjs';

const APT_MS = 60_000;
const LIBRARIES = { x64: 'x86_64-linux-gnu', arm64: 'aarch64-linux-gnu' }[process.arch];

function missingPackages(names) {
  const args = ['install', '-s', '--no-install-recommends', ...names];
  try {
    const text = execFileSync('apt-get', args, {
      encoding: 'utf8',
      timeout: APT_MS,
      stdio: 'pipe',
    });
    return [...text.matchAll(/^Inst (\S+)/gm)].map(([, name]) => name);
  } catch (error) {
    throw new Skipped(`${names} cannot be had: apt-get: ${error.message.split('\n')[0]}`);
  }
}

/** Unpacks `names` below `cwd` and returns that folder. `leaveOut` names packages without use. */
export async function unpack(cwd, names, leaveOut = /^$/) {
  const home = join(cwd, 'root');
  const done = join(cwd, 'done');
  if (existsSync(done)) return home;
  const missing = missingPackages(names).filter((name) => !leaveOut.test(name));
  // A named package may be installed. Its files are needed in the folder nevertheless.
  const wanted = [...new Set([...names, ...missing])];
  await obtain(names.join(', '), ['apt-get', 'download', '-q', ...wanted], { cwd });
  const extract = 'for file in *.deb; do dpkg -x "$file" root || exit 1; done';
  await obtain(names.join(', '), ['sh', '-c', extract], { cwd });
  writeFileSync(done, '');
  return home;
}

/** Variables with which a program finds the unpacked libraries. `more`: folders below theirs. */
export function libraryPath(home, more = []) {
  const libraries = join(home, 'usr', 'lib', LIBRARIES);
  const folders = [libraries, ...more.map((name) => join(libraries, name))];
  return { LD_LIBRARY_PATH: folders.join(':') };
}
