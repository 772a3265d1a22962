// Builds the images of the Dockerfile and runs the services of compose.yaml from them: with buildah
// and runc, because a container engine may be absent. It needs root, and Debian's packages buildah,
// debootstrap, runc and util-linux.
//
// Usage: `node scripts/verify/image.mjs [--cache FOLDER] [--built]`, after `npm run build`.
// `--built` uses the images that the cache has.
import { execFileSync } from 'node:child_process';
import {
  cpSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { parse } from 'yaml';
import { exitOnSignals } from '../../test/fixtures/child.js';
import { until } from '../../test/fixtures/wait.js';
import { build, createBuildah, inspect, makeBase, unpack } from './image/build.mjs';
import { startContainer } from './image/container.mjs';
import { checkIdle, memoryOf } from './memory.mjs';
import { root, scratch as scratches } from './steps.mjs';

exitOnSignals();
const options = { cache: { type: 'string' }, built: { type: 'boolean', default: false } };
const { values } = parseArgs({ options });
const cache = values.cache ?? join(scratches, 'image');
const say = (line) => console.log(line);
const IMAGES = { gateway: 'portcullis-mcp/portcullis', demo: 'portcullis-mcp/portcullis-demo' };
const COMPOSE = join(root, 'deploy/compose');
const IDLE_MS = 10_000;
const INSIDE_MS = 180_000;

function expect(condition, claim) {
  if (!condition) throw new Error(`not so: ${claim}`);
  say(`  ${claim}`);
}

/** Every file below a folder, without links. */
const filesOf = (folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => lstatSync(path).isFile());

function checkConfig({ config }) {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const entry = ['/usr/local/bin/node', '/app/dist/main.js'];
  expect(config.User === '65534:65534', 'the user is 65534');
  expect(
    String(config.Entrypoint) === String(entry) && String(config.Cmd) === 'serve',
    'it runs serve',
  );
  expect(config.StopSignal === 'SIGTERM', 'the stop signal is SIGTERM');
  const health = ['CMD', ...entry, 'health', '--ready'];
  expect(
    String(config.Healthcheck.Test) === String(health),
    'the health check is the command health',
  );
  const env = ['NODE_ENV=production', 'PORTCULLIS_LISTEN=0.0.0.0:8080'];
  expect(
    env.every((one) => config.Env.includes(one)),
    env.join(' and '),
  );
  expect(!config.Env.join().includes('NPM_CONFIG'), 'it has no variable of the build');
  const label = config.Labels['org.opencontainers.image.version'];
  expect(label === version, `the label has the version ${version}`);
}

function checkFiles(folder) {
  const files = filesOf(folder);
  const names = files.map((path) => path.slice(folder.length));
  const runnable = files
    .filter((path) => (lstatSync(path).mode & 0o111) !== 0)
    .map((path) => path.slice(folder.length));
  const other = runnable.filter(
    (path) =>
      path !== '/usr/local/bin/node' && !/\.so(\.\d+)*$/.test(path) && !path.startsWith('/app/'),
  );
  expect(other.length === 0, `no program but Node, and no shell ${other}`);
  expect(!names.some((path) => /\/(npm|tsc|yarn|corepack)$/.test(path)), 'no npm and no compiler');
  const status = readdirSync(join(folder, 'var/lib/dpkg/status.d'));
  expect(
    ['libc6', 'libgcc-s1', 'libstdc++6'].every((name) => status.includes(name)),
    `scanners find ${status.join(' ')}`,
  );
  const setuid = files.filter((path) => (lstatSync(path).mode & 0o6000) !== 0);
  expect(setuid.length === 0, 'no file with setuid or setgid');
  const total = files.reduce((sum, path) => sum + lstatSync(path).size, 0);
  const app = files.filter((path) => path.startsWith(join(folder, 'app')));
  const appBytes = app.reduce((sum, path) => sum + lstatSync(path).size, 0);
  return { total, appBytes };
}

/** The bytes of the layers, compressed with gzip as a registry has them. */
function compressedBytes(buildah, image, scratch) {
  const folder = join(scratch, 'oci');
  buildah('push', '-q', image, `oci:${folder}:image`);
  return filesOf(join(folder, 'blobs')).reduce((sum, path) => sum + lstatSync(path).size, 0);
}

/** The version in the pinned name of the base. */
const nodeOfImage = () =>
  /^ARG NODE_IMAGE=node:([\d.]+)/m.exec(readFileSync(join(root, 'Dockerfile'), 'utf8'))[1];

const statusOf = (pid) => readFileSync(`/proc/${pid}/status`, 'utf8');
const field = (text, name) => new RegExp(`^${name}:\\s+(.*)$`, 'm').exec(text)?.[1].trim();

function checkProcess(pid) {
  const status = statusOf(pid);
  expect(field(status, 'Uid').startsWith('65534\t'), 'it runs as uid 65534');
  expect(
    /^0+$/.test(field(status, 'CapEff')) && /^0+$/.test(field(status, 'CapBnd')),
    'without capabilities',
  );
  expect(field(status, 'NoNewPrivs') === '1', 'without new privileges');
  expect(field(status, 'NSpid').endsWith('\t1'), 'as process 1');
  const mounts = readFileSync(`/proc/${pid}/mountinfo`, 'utf8').split('\n');
  const rootMount = mounts.find((line) => line.split(' ')[4] === '/');
  expect(rootMount.split(' ')[5].split(',').includes('ro'), 'its root is read-only');
}

async function runServices(buildah, roots, scratch) {
  const { services } = parse(readFileSync(join(COMPOSE, 'compose.yaml'), 'utf8'), { merge: true });
  const containers = [];
  const start = async (name, network) => {
    const { image, entrypoint, command, environment, volumes = [] } = services[name];
    const target = Object.keys(IMAGES).find((key) => IMAGES[key] === image);
    const mounts = volumes
      .map((one) => one.split(':'))
      .map(([from, to]) => {
        const copy = join(scratch, from);
        cpSync(join(COMPOSE, from), copy);
        return [copy, to];
      });
    const { config } = inspect(buildah, IMAGES[target]);
    const container = await startContainer({
      ...{ name, scratch, network, mounts, config, env: environment, rootfs: roots[target].folder },
      command: entrypoint === undefined ? undefined : [...entrypoint, ...command],
    });
    containers.push(container);
    // The health check of Compose, or that of the image.
    const [, ...test] = services[name].healthcheck?.test ?? config.Healthcheck.Test;
    await until(`${name} is healthy`, () => container.exec(test).code === 0, 60_000);
    return { ...container, test, mounts };
  };
  try {
    const idp = await start('idp');
    await start('server', idp);
    const gateway = await start('gateway', idp);
    expect(true, 'the services of compose.yaml run, and their health checks pass');
    checkProcess(gateway.pid);
    say(`  its health check: ${gateway.exec(gateway.test).output}`);
    const call = idp.exec([...services.idp.entrypoint, 'call']);
    expect(
      call.code === 0 && call.output.includes('20 + 22 = 42'),
      'the command of the page logs in and calls a tool',
    );
    expect(gateway.exec(['/bin/sh', '-c', 'true']).code !== 0, 'exec finds no shell');
    await sleep(IDLE_MS);
    const idle = memoryOf(gateway.pid);
    const inside = fileURLToPath(new URL('image/inside.mjs', import.meta.url));
    const args = [
      `--net=/proc/${idp.pid}/ns/net`,
      process.execPath,
      inside,
      String(gateway.pid),
      gateway.mounts[0][0],
    ];
    execFileSync('nsenter', args, { stdio: ['ignore', 'inherit', 'inherit'], timeout: INSIDE_MS });
    expect((await gateway.exited) === 0, 'then it ends with exit code 0');
    const last = JSON.parse(readFileSync(gateway.logFile, 'utf8').trim().split('\n').at(-1));
    const { event, cut } = last;
    expect(event === 'gateway.stopped' && cut === 0, `its last line: ${event}, ${cut} cut`);
    return idle;
  } finally {
    for (const container of containers.reverse()) container.kill();
  }
}

mkdirSync(cache, { recursive: true });
const scratch = mkdtempSync(join(tmpdir(), 'portcullis-image-'));
const removals = [];
try {
  const buildah = createBuildah(cache);
  if (!values.built) {
    await makeBase(cache, buildah, say);
    for (const [target, name] of Object.entries(IMAGES)) {
      say(`building ${target}`);
      build(buildah, target, name);
    }
  }
  checkConfig(inspect(buildah, IMAGES.gateway));
  const roots = { gateway: unpack(buildah, IMAGES.gateway), demo: unpack(buildah, IMAGES.demo) };
  removals.push(...Object.values(roots).map(({ remove }) => remove));
  const { total, appBytes } = checkFiles(roots.gateway.folder);
  const idle = await runServices(buildah, roots, scratch);
  const megabytes = (bytes) => (bytes / 1_000_000).toFixed(1);
  const packed = compressedBytes(buildah, IMAGES.gateway, scratch);
  say('not run: a Docker engine, Compose itself, and published ports');
  say(
    `the image: ${megabytes(total)} MB in files (${megabytes(appBytes)} MB without Node and its ` +
      `libraries), ${megabytes(packed)} MB compressed, ${megabytes(idle.resident)} MB idle, ` +
      `${megabytes(idle.own)} of them its own`,
  );
  checkIdle(nodeOfImage(), idle);
} finally {
  for (const remove of removals) remove();
  rmSync(scratch, { recursive: true, force: true });
}
