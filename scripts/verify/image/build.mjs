// Builds the images with buildah. No registry is necessary: the base is made from Debian's packages
// and the npm packages of Node and npm, under the name that the Dockerfile has.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { install, nodeFolder, nodeRelease } from '../packages.mjs';
import { root } from '../steps.mjs';

const NPM = '11.19.1';
const CA = '/etc/ssl/certs/ca-certificates.crt';
const MINUTES = 60_000;

/** The name in the ARG of the Dockerfile. */
export const baseName = () =>
  /^ARG NODE_IMAGE=(\S+)$/m.exec(readFileSync(join(root, 'Dockerfile'), 'utf8'))[1];

/** buildah with a store of its own. Rejects when it fails; its output goes to the log. */
export function createBuildah(cache) {
  const store = ['--storage-driver', 'vfs', '--root', join(cache, 'store')];
  const options = [...store, '--runroot', join(cache, 'run')];
  return (...args) =>
    execFileSync('buildah', [...options, ...args], {
      encoding: 'utf8',
      timeout: 15 * MINUTES,
      maxBuffer: 2 ** 26,
      stdio: ['ignore', 'pipe', 'inherit'],
    }).trim();
}

const hasImage = (buildah, name) =>
  buildah(
    'images',
    '--noheading',
    '--format',
    '{{.Name}}:{{.Tag}}',
    '--filter',
    `reference=${name}`,
  ) !== '';

/** A minimal Debian with Node and npm in /usr/local, as the image of Node has them. */
export async function makeBase(cache, buildah, say) {
  const name = baseName();
  if (hasImage(buildah, name)) return;
  const [, version] = /^node:([\d.]+)-bookworm-slim$/.exec(name);
  const packages = join(cache, 'node');
  await install(packages, [nodeRelease(version), ['npm', NPM]], say);
  const folder = join(cache, 'base');
  rmSync(folder, { recursive: true, force: true });
  say(`debootstrap: a base for ${name}`);
  const args = ['--variant=minbase', '--include=ca-certificates', 'bookworm', folder];
  execFileSync('debootstrap', args, {
    timeout: 10 * MINUTES,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const local = join(folder, 'usr/local');
  cpSync(join(nodeFolder(packages), 'node'), join(local, 'bin/node'));
  cpSync(join(nodeFolder(packages), '../LICENSE'), join(local, 'LICENSE'));
  mkdirSync(join(local, 'lib/node_modules'), { recursive: true });
  cpSync(join(packages, 'node_modules/npm'), join(local, 'lib/node_modules/npm'), {
    recursive: true,
  });
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(local, 'bin/npm'));
  rmSync(join(folder, 'var/cache/apt/archives'), { recursive: true, force: true });
  // The build may need the authorities and the registry of this machine. No later image has them.
  if (existsSync(CA)) cpSync(CA, join(folder, CA), { dereference: true });
  const registry = execFileSync('npm', ['config', 'get', 'registry'], { encoding: 'utf8' }).trim();
  const env = { NODE_EXTRA_CA_CERTS: CA, NPM_CONFIG_CAFILE: CA, NPM_CONFIG_REGISTRY: registry };
  const container = buildah('from', 'scratch');
  buildah('copy', '-q', container, folder, '/');
  const pairs = Object.entries(env).flatMap(([key, value]) => ['--env', `${key}=${value}`]);
  buildah('config', ...pairs, container);
  buildah('commit', '-q', container, name);
  buildah('rm', container);
  rmSync(folder, { recursive: true, force: true });
}

/** Builds one target of the Dockerfile from the files of the checkout. */
export function build(buildah, target, name) {
  const how = ['--isolation', 'chroot', '--format', 'docker', '--pull-never', '--timestamp', '0'];
  buildah('bud', ...how, '--layers=false', '--target', target, '-t', name, root);
}

/** The root file system of an image. `remove` deletes it. */
export function unpack(buildah, image) {
  const container = buildah('from', '--pull-never', image);
  return { folder: buildah('mount', container), remove: () => buildah('rm', container) };
}

export const inspect = (buildah, image) =>
  JSON.parse(buildah('inspect', '--type', 'image', image)).Docker;
