// Runs the root file system of an image under runc: read-only, without capabilities, without new
// privileges, with a process 1 of its own.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { until, withDeadline } from '../../../test/fixtures/wait.js';

const COMMAND_MS = 60_000;

const call = (...args) =>
  execFileSync('runc', args, {
    encoding: 'utf8',
    timeout: COMMAND_MS,
    stdio: ['ignore', 'pipe', 'pipe'],
  });

/**
 * `network`: the container whose network this one shares. Otherwise it gets an empty one, with
 * loopback. `mounts`: pairs of a file of the host and its path in the container, read-only.
 */
export async function startContainer({
  name,
  rootfs,
  config,
  command,
  env = {},
  mounts = [],
  network,
  scratch,
}) {
  const bundle = join(scratch, name);
  mkdirSync(bundle, { recursive: true });
  call('spec', '--bundle', bundle);
  const file = join(bundle, 'config.json');
  const spec = JSON.parse(readFileSync(file, 'utf8'));
  const [uid, gid] = config.User.split(':').map(Number);
  const variables = Object.entries(env).map(([key, value]) => `${key}=${value}`);
  Object.assign(spec.process, {
    terminal: false,
    user: { uid, gid },
    args: command ?? [...config.Entrypoint, ...config.Cmd],
    env: [...config.Env, ...variables],
    cwd: config.WorkingDir,
    capabilities: {},
    noNewPrivileges: true,
  });
  spec.root = { path: rootfs, readonly: true };
  const files = mounts.map(([source, destination]) => ({
    ...{ source, destination, type: 'bind', options: ['rbind', 'ro'] },
  }));
  spec.mounts.push(...files);
  const path = network === undefined ? {} : { path: `/proc/${network.pid}/ns/net` };
  for (const one of spec.linux.namespaces) if (one.type === 'network') Object.assign(one, path);
  writeFileSync(file, JSON.stringify(spec));

  const id = `portcullis-${name}-${process.pid}`;
  const logFile = join(scratch, `${name}.log`);
  const log = openSync(logFile, 'w');
  const child = spawn('runc', ['run', '--bundle', bundle, id], { stdio: ['ignore', log, log] });
  closeSync(log);
  const exited = once(child, 'exit').then(([code]) => code);
  const kill = () => {
    try {
      call('delete', '--force', id);
    } catch {
      // It has ended.
    }
  };
  process.on('exit', kill);
  let pid = 0;
  await until(
    `the container ${name} runs (see ${logFile})`,
    () => {
      const state = JSON.parse(call('state', id));
      pid = state.pid;
      return state.status === 'running' && pid > 0;
    },
    COMMAND_MS,
  );
  return {
    pid,
    logFile,
    exited,
    /** Its exit code and its output. */
    exec(args) {
      try {
        return { code: 0, output: call('exec', id, ...args).trim() };
      } catch (error) {
        return { code: error.status, output: `${error.stdout}${error.stderr}`.trim() };
      }
    },
    /** `signal` goes to its process 1. Resolves to the exit code. */
    async stop(signal, ms = COMMAND_MS) {
      call('kill', id, signal);
      return withDeadline(`${name} ends after ${signal}`, exited, ms);
    },
    kill,
  };
}
