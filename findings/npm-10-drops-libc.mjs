// Software: npm 10.9.9 and npm 11.19.1. Observed on 2026-11-29 with Node 20.20.2.
// Behaviour: npm 11 writes the `libc` field of a package into the lock file. `npm install` of
// npm 10 removes the field, although no dependency changed. From then on `npm ci` of npm 11
// installs both binaries, for glibc and for musl. Before, it installed one of them.
// Effect here: commit a lock file that npm 11 wrote. `npm ci` of npm 10 leaves the file alone.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const NPM_OLD = '10.9.9';
const NPM_NEW = '11.19.1';
const SUBJECT = { lightningcss: '1.33.0' };
// The platform is fixed, so that the result is the same on every machine.
const PLATFORM = ['--os=linux', '--cpu=x64', '--libc=glibc'];
const QUIET = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];

const root = mkdtempSync(join(tmpdir(), 'finding-'));

function folder(name, dependencies) {
  const path = join(root, name);
  mkdirSync(path);
  writeFileSync(join(path, 'package.json'), JSON.stringify({ name, private: true, dependencies }));
  return path;
}

function installNpm(version) {
  const path = folder(`npm-${version}`, { npm: version });
  // Windows needs the shell to find npm.
  const options = { cwd: path, shell: process.platform === 'win32', timeout: 120_000 };
  execFileSync('npm', ['install', ...QUIET], options);
  return join(path, 'node_modules/npm/bin/npm-cli.js');
}

function observe() {
  const [oldNpm, newNpm] = [NPM_OLD, NPM_NEW].map(installNpm);
  const project = folder('project', SUBJECT);
  const npm = (cli, ...args) =>
    execFileSync(process.execPath, [cli, ...args, ...PLATFORM, ...QUIET], {
      cwd: project,
      timeout: 120_000,
    });
  const libcFields = () => {
    const { packages } = JSON.parse(readFileSync(join(project, 'package-lock.json'), 'utf8'));
    return Object.values(packages).filter(({ libc }) => libc !== undefined).length;
  };
  const binaries = () =>
    readdirSync(join(project, 'node_modules')).filter((name) => name.startsWith('lightningcss-'));

  const seen = {};
  npm(newNpm, 'install');
  seen['npm 11 install: libc fields'] = libcFields();
  npm(newNpm, 'ci');
  seen['npm 11 ci: binaries'] = binaries().join(' ');
  npm(oldNpm, 'ci');
  seen['npm 10 ci: libc fields'] = libcFields();
  npm(oldNpm, 'install');
  seen['npm 10 install: libc fields'] = libcFields();
  npm(newNpm, 'ci');
  seen['npm 11 ci after it: binaries'] = binaries().join(' ');
  return seen;
}

const expected = {
  'npm 11 install: libc fields': 4,
  'npm 11 ci: binaries': 'lightningcss-linux-x64-gnu',
  'npm 10 ci: libc fields': 4,
  'npm 10 install: libc fields': 0,
  'npm 11 ci after it: binaries': 'lightningcss-linux-x64-gnu lightningcss-linux-x64-musl',
};

try {
  const observed = observe();
  for (const [name, value] of Object.entries(observed)) console.log(`${name}: ${value}`);
  const same = Object.entries(expected).every(([name, value]) => observed[name] === value);
  console.log(same ? 'The behaviour is as stated.' : 'The behaviour has changed.');
  process.exitCode = same ? 0 : 1;
} finally {
  rmSync(root, { recursive: true, force: true });
}
