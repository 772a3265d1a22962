// The parts that every web server needs: its folder, its packages, a certificate and its process.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { startChild } from '../../../../test/fixtures/child.js';
import { cleanEnvironment } from '../../../../test/fixtures/launch.js';
import { until } from '../../../../test/fixtures/wait.js';
import { libraryPath, unpack } from '../../idps/debian.mjs';

const COMMAND_MS = 20_000;
const START_MS = 20_000;

/** A folder of the cache, which may hold something. */
export function folderOf(cache, ...names) {
  const folder = join(cache, ...names);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** An empty folder of the cache. */
export function emptyFolder(cache, ...names) {
  rmSync(join(cache, ...names), { recursive: true, force: true });
  return folderOf(cache, ...names);
}

/**
 * Unpacks the packages of a front, or builds its program, and returns the folder. Debian starts no
 * service from it.
 */
export function install(cache, { name, packages, leaveOut, build }) {
  const folder = folderOf(cache, 'packages', name);
  return build === undefined ? unpack(folder, packages, leaveOut) : build(folder);
}

const environment = (home, env) => ({ ...cleanEnvironment(), ...libraryPath(home), ...env });

/** The first line that a program prints about its version. */
export function versionOf(home, [program, ...args]) {
  const options = { encoding: 'utf8', timeout: COMMAND_MS, env: environment(home) };
  const text = execFileSync('sh', ['-c', '"$0" "$@" 2>&1', program, ...args], options);
  return text.split('\n', 1)[0].trim();
}

/** A certificate of 127.0.0.1 that signs itself, for two days. */
export function certificate(folder) {
  const [cert, key, both] = ['cert.pem', 'key.pem', 'both.pem'].map((name) => join(folder, name));
  if (!existsSync(both)) {
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    const names = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
    const files = ['-keyout', key, '-out', cert];
    const args = ['req', '-x509', ...curve, '-days', '2', ...names, ...files];
    execFileSync('openssl', args, { stdio: 'pipe', timeout: COMMAND_MS });
    execFileSync('sh', ['-c', 'cat "$0" "$1" > "$2"', cert, key, both], { timeout: COMMAND_MS });
  }
  return { cert, key, both };
}

/** Starts the program of a front in the foreground and waits until `isReady` returns true. */
export async function launch({ home, folder, command, env, isReady }) {
  const [program, ...args] = command;
  const logFile = join(folder, 'front.log');
  const options = { cwd: folder, env: environment(home, env), logFile };
  const child = startChild(program, args, options);
  try {
    await until(`${program} answers`, async () => !child.running() || (await isReady()), START_MS);
    if (!child.running()) throw new Error('it ended by itself');
  } catch (error) {
    await child.end();
    throw new Error(`${program}: ${error.message}; see ${logFile}`, { cause: error });
  }
  return { child, stop: child.end };
}
