// Installs the package as a user does, and runs its commands from there.
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { startConfigured } from '../../../test/fixtures/launch.js';
import { environmentOf, expectParts, expectSame, run, runWell } from './run.mjs';

const MAX_BYTES = 25_000_000;
const MAX_PACKAGES = 60;
const DEMO_MS = 120_000;

/** An empty project. */
export function newProject(folder) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  return folder;
}

/** The bytes of all files below a folder, not those of its blocks on the disk. */
export function bytesOf(folder) {
  let sum = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    sum += entry.isDirectory() ? bytesOf(path) : lstatSync(path).size;
  }
  return sum;
}

/** npm writes down what it installed. */
function packagesOf(folder) {
  const lock = readFileSync(join(folder, 'node_modules/.package-lock.json'), 'utf8');
  return Object.keys(JSON.parse(lock).packages);
}

export const mainOf = (folder) => join(folder, 'node_modules/mcp-portcullis/dist/main.js');

/** Resolves with the size and the seconds of an install. */
export async function install(folder, { file, args = [], folders }) {
  newProject(folder);
  const env = environmentOf(folders);
  const { output, seconds } = await runWell('npm', ['install', ...args, file], {
    cwd: folder,
    env,
  });
  // npm also warns about the settings of the user.
  if (/warn.*(install-scripts|deprecated|EBADENGINE|portcullis)/i.test(output))
    throw new Error(`npm warns:\n${output}`);
  const packages = packagesOf(folder).length;
  return { folder, env, seconds, packages, bytes: bytesOf(join(folder, 'node_modules')) };
}

/** The limits of an install without the packages of the demo. */
export function checkSize({ packages, bytes, folder }) {
  if (bytes > MAX_BYTES || packages > MAX_PACKAGES)
    throw new Error(`${bytes} bytes in ${packages} packages`);
  const development = /typescript|vitest|biome|oidc-provider|@modelcontextprotocol|@types/;
  const strangers = packagesOf(folder).filter((name) => development.test(name));
  expectSame('packages that only the demo or the development needs', strangers, []);
}

/** The tour from the installed package. Resolves with its exit code. */
export async function checkDemo({ folder, env }, [command, ...args] = ['npx', 'portcullis']) {
  const options = { cwd: folder, env, ms: DEMO_MS };
  const { code, output } = await run(command, [...args, 'demo', '--once'], options);
  if (code !== 0) throw new Error(`the demo ended with ${code}:\n${output}`);
  expectParts('the demo', output, ['All 11 steps succeeded.']);
  return code;
}

/** npx finds the program by both names, and printed commands name that of the package. */
export async function checkNames({ folder, env }, version) {
  for (const name of ['portcullis', 'mcp-portcullis']) {
    const { output } = await runWell('npx', ['--no', '--', name, '--version'], {
      cwd: folder,
      env,
    });
    expectSame(`npx ${name} --version`, output.split('\n').at(-1), version);
  }
  const { output } = await run('npx', ['portcullis', 'srve'], { cwd: folder, env });
  expectParts('a hint', output, ['Did you mean npx mcp-portcullis serve?']);
  const { output: key } = await runWell('npx', ['portcullis', 'hash-key'], { cwd: folder, env });
  expectParts('hash-key', key, ['sha256:']);
}

const demoIn = ({ folder, env }) =>
  run(process.execPath, [mainOf(folder), 'demo', '--once'], { cwd: folder, env });

/** Without its packages the demo says which and how to install them. */
export async function checkWithoutDemo(project) {
  const { code, output } = await demoIn(project);
  expectSame('exit code of the demo without its packages', code, 1);
  expectParts('the demo without its packages', output, [
    'The demo needs oidc-provider and @modelcontextprotocol/server, which this install does not',
    `Install them in ${project.folder}/:\nnpm install --include=optional`,
  ]);
}

/** One package of the demo is missing, then one that it needs. */
export async function checkPartsOfDemo(project) {
  const cases = [
    ['oidc-provider', 'The demo needs oidc-provider, which this install does not have.'],
    ['koa', "cannot load oidc-provider, because its install is broken: Cannot find package 'koa'"],
  ];
  for (const [name, text] of cases) {
    const path = join(project.folder, 'node_modules', name);
    renameSync(path, `${path}.away`);
    const { code, output } = await demoIn(project).finally(() => renameSync(`${path}.away`, path));
    expectSame(`exit code of the demo without ${name}`, code, 1);
    expectParts(`the demo without ${name}`, output, [text]);
  }
}

/** Starts the installed gateway in front of `world`. */
export const serve = ({ folder }, { issuer, upstream }, { node, logFile }) =>
  startConfigured({
    main: mainOf(folder),
    node,
    logFile,
    env: { NODE_ENV: 'production' },
    config: {
      issuers: { main: { issuer } },
      endpoints: [{ path: '/mcp', issuers: ['main'], upstream }],
    },
  });
