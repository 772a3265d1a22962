// A small Debian with systemd as its first process, in a container of runc on the network of this
// machine.
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startChild } from '../../../test/fixtures/child.js';
import { until } from '../../../test/fixtures/wait.js';
import { unpack } from '../idps/debian.mjs';
import { obtain, Skipped } from '../idps/parts.mjs';

const COMMAND_MS = 120_000;
const START_MS = 120_000;
/** Besides the smallest system: the library of Node, and `ps`. */
const PACKAGES = 'systemd,systemd-sysv,dbus,libstdc++6,procps';
/** In the order of their bits in /proc/self/status. */
const CAPABILITIES = [
  'CHOWN,DAC_OVERRIDE,DAC_READ_SEARCH,FOWNER,FSETID,KILL,SETGID,SETUID,SETPCAP,LINUX_IMMUTABLE',
  'NET_BIND_SERVICE,NET_BROADCAST,NET_ADMIN,NET_RAW,IPC_LOCK,IPC_OWNER,SYS_MODULE,SYS_RAWIO',
  'SYS_CHROOT,SYS_PTRACE,SYS_PACCT,SYS_ADMIN,SYS_BOOT,SYS_NICE,SYS_RESOURCE,SYS_TIME',
  'SYS_TTY_CONFIG,MKNOD,LEASE,AUDIT_WRITE,AUDIT_CONTROL,SETFCAP,MAC_OVERRIDE,MAC_ADMIN,SYSLOG',
  'WAKE_ALARM,BLOCK_SUSPEND,AUDIT_READ,PERFMON,BPF,CHECKPOINT_RESTORE',
].flatMap((line) => line.split(','));

/** All that this process may give: systemd starts each service with a part of them. */
function ownCapabilities() {
  const [, hex] = /^CapBnd:\s*(\S+)$/m.exec(readFileSync('/proc/self/status', 'utf8'));
  const bits = BigInt(`0x${hex}`);
  return CAPABILITIES.filter((_, bit) => (bits >> BigInt(bit)) & 1n).map((name) => `CAP_${name}`);
}

const output = promisify(execFile);

/** The first archive of this machine, and the name of its release. */
function archive() {
  const format = ['--format', '$(REPO_URI) $(CODENAME)', 'Created-By: Packages'];
  const text = execFileSync('apt-get', ['indextargets', ...format], { encoding: 'utf8' });
  const line = text.split('\n').find((one) => / [a-z]+$/.test(one));
  if (line === undefined) throw new Skipped('apt-get names no archive');
  return line.split(' ');
}

/** Makes the root file system of the box, unless the cache has it. */
export async function makeRoot(cache) {
  for (const program of ['runc', 'systemd-analyze'])
    if (!existsSync(`/usr/sbin/${program}`) && !existsSync(`/usr/bin/${program}`))
      throw new Skipped(`this machine has no ${program}`);
  if (process.getuid() !== 0) throw new Skipped('a container with systemd needs the user root');
  const root = join(cache, 'root');
  if (existsSync(join(cache, 'done'))) return root;
  mkdirSync(join(cache, 'debootstrap'), { recursive: true });
  const tool = await unpack(join(cache, 'debootstrap'), ['debootstrap']);
  const [uri, codename] = archive();
  rmSync(root, { recursive: true, force: true });
  const program = join(tool, 'usr/sbin/debootstrap');
  const choice = ['--variant=minbase', `--include=${PACKAGES}`, codename, root, uri];
  const env = { DEBOOTSTRAP_DIR: join(tool, 'usr/share/debootstrap') };
  await obtain('a small Debian', [program, ...choice], { cwd: cache, env });
  writeFileSync(join(cache, 'done'), '');
  return root;
}

function containerOf(root) {
  const all = ownCapabilities();
  const mount = (destination, type, source, ...options) => ({
    destination,
    type,
    source,
    options,
  });
  return {
    ociVersion: '1.0.2',
    process: {
      user: { uid: 0, gid: 0 },
      args: ['/lib/systemd/systemd', '--log-target=console'],
      env: ['container=runc', 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'],
      cwd: '/',
      capabilities: { bounding: all, effective: all, permitted: all },
    },
    root: { path: root },
    hostname: 'box',
    mounts: [
      mount('/proc', 'proc', 'proc'),
      mount('/dev', 'tmpfs', 'tmpfs', 'nosuid', 'mode=755'),
      mount('/dev/pts', 'devpts', 'devpts', 'nosuid', 'newinstance', 'ptmxmode=0666'),
      mount('/dev/shm', 'tmpfs', 'shm', 'nosuid', 'nodev'),
      mount('/sys', 'sysfs', 'sysfs', 'nosuid', 'noexec', 'nodev', 'ro'),
      mount('/sys/fs/cgroup', 'cgroup', 'cgroup', 'nosuid', 'noexec', 'nodev', 'rw'),
      // rshared: otherwise the mounts of credentials do not reach the services.
      mount('/run', 'tmpfs', 'tmpfs', 'nosuid', 'nodev', 'mode=755', 'rshared'),
      mount('/tmp', 'tmpfs', 'tmpfs', 'nosuid', 'nodev', 'mode=1777'),
    ],
    linux: {
      namespaces: ['pid', 'ipc', 'uts', 'mount', 'cgroup'].map((type) => ({ type })),
      resources: { devices: [{ allow: true, access: 'rwm' }] },
    },
  };
}

/**
 * Starts the box. `run` runs a program in it and resolves with its output, also if it fails:
 * then `code` is not 0.
 */
export async function startBox(root, folder) {
  const name = `portcullis-${process.pid}`;
  writeFileSync(join(folder, 'config.json'), JSON.stringify(containerOf(root), null, 2));
  const logFile = join(folder, 'box.log');
  const child = startChild('runc', ['run', '--bundle', folder, name], { logFile });
  const remove = () => {
    try {
      execFileSync('runc', ['delete', '--force', name], { stdio: 'pipe', timeout: COMMAND_MS });
    } catch {
      // It has ended.
    }
  };
  process.once('exit', remove);
  async function run(...command) {
    const options = { encoding: 'utf8', timeout: COMMAND_MS };
    try {
      const { stdout } = await output('runc', ['exec', name, ...command], options);
      return { code: 0, text: stdout.trim() };
    } catch (error) {
      return { code: error.code, text: `${error.stdout}${error.stderr}`.trim() };
    }
  }
  const isUp = async () => {
    const { text } = await run('systemctl', 'is-system-running');
    return !child.running() || ['running', 'degraded'].includes(text);
  };
  const stop = async () => {
    remove();
    process.off('exit', remove);
    await child.end();
  };
  await until('systemd has started', isUp, START_MS).catch(async (error) => {
    await stop();
    throw new Error(`${error.message}; see ${logFile}`);
  });
  if (!child.running()) throw new Error(`the box ended by itself; see ${logFile}`);
  return { run, stop };
}
