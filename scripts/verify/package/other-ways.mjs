// Installs the package in other ways: by pnpm and yarn, globally, from a lock, in a read-only
// folder.
import { chmodSync, existsSync, lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { install as installPinned } from '../packages.mjs';
import { checkDemo, install, mainOf, newProject } from './installed.mjs';
import { environmentOf, expectParts, expectSame, run, runWell } from './run.mjs';

const MANAGERS = [
  ['pnpm', '10.34.8'],
  ['yarn', '1.22.22'],
];

/** Takes the right to write from a folder and from all that is below it. */
function setWritable(folder, writable) {
  chmodSync(folder, writable ? 0o755 : 0o555);
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) setWritable(join(folder, entry.name), writable);
}

/** Names and times of all files. */
const stateOf = (folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => `${name} ${lstatSync(join(folder, name)).mtimeMs}`)
    .join('\n');

async function checkFromLock(project) {
  rmSync(join(project.folder, 'node_modules'), { recursive: true });
  await runWell('npm', ['ci'], { cwd: project.folder, env: project.env });
  await checkDemo(project);
  await runWell('npm', ['ci', '--omit=optional'], { cwd: project.folder, env: project.env });
  expectSame(
    'the demo after npm ci --omit=optional',
    existsSync(join(project.folder, 'node_modules/oidc-provider')),
    false,
  );
}

/** The command that the demo names installs its packages. */
async function checkRemedy(project) {
  const { output } = await run('npx', ['portcullis', 'demo', '--once'], {
    cwd: project.folder,
    env: project.env,
  });
  const command = output.split('\n').at(-1) ?? '';
  expectSame('the command of the demo', command, 'npm install --include=optional');
  const [program, ...args] = command.split(' ');
  await runWell(program, args, { cwd: project.folder, env: project.env });
  await checkDemo(project);
}

async function checkReadOnly(project) {
  const folder = join(project.folder, 'node_modules');
  setWritable(folder, false);
  // root may write everywhere, so the files are compared too.
  const before = stateOf(folder);
  try {
    await checkDemo(project);
    expectSame('changes in node_modules', stateOf(folder) === before, true);
  } finally {
    setWritable(folder, true);
  }
}

async function checkGlobal(folder, { file, folders }) {
  const prefix = join(folder, 'prefix');
  const env = environmentOf(folders);
  await runWell('npm', ['install', '--global', '--prefix', prefix, file], { cwd: folder, env });
  const bin = join(prefix, 'bin');
  const inPath = { folder, env: environmentOf([bin, ...(folders ?? [])]) };
  await checkDemo(inPath, ['portcullis']);
  const { output } = await run('mcp-portcullis', ['srve'], { cwd: folder, env: inPath.env });
  expectParts('a hint', output, ['Did you mean mcp-portcullis serve?']);
  // A global install has the optional packages, also with --omit=optional (measured, npm 11.19).
  rmSync(join(prefix, 'lib/node_modules/mcp-portcullis/node_modules/oidc-provider'), {
    recursive: true,
  });
  const { output: problem } = await run('portcullis', ['demo', '--once'], {
    cwd: folder,
    env: inPath.env,
  });
  expectParts('the demo', problem, ['Install Portcullis again, with its optional dependencies.']);
}

/** pnpm links only the own dependencies of a package: the demo must not need others. */
async function checkManager(name, folder, { file, folders, cache, say }) {
  const home = join(cache, name);
  await installPinned(home, [MANAGERS.find(([one]) => one === name)], say);
  newProject(folder);
  const env = environmentOf([join(home, 'node_modules/.bin'), ...(folders ?? [])]);
  const stores =
    name === 'pnpm'
      ? ['--store-dir', join(folder, '.store')]
      : ['--cache-folder', join(folder, '.cache')];
  await runWell(name, ['add', ...stores, `file:${file}`], { cwd: folder, env });
  await checkDemo({ folder, env }, ['node', mainOf(folder)]);
  const { output } = await run('node', [mainOf(folder), 'srve'], { cwd: folder, env });
  expectParts('a hint', output, [
    'Did you mean node node_modules/mcp-portcullis/dist/main.js serve?',
  ]);
}

/** The ways by name. Each gets an own folder, and the tarball with the Node to use. */
export const WAYS = {
  'a path with spaces': async (folder, given) =>
    checkDemo(await install(join(folder, 'my project'), given)),
  'npm ci from the lock': async (folder, given) => checkFromLock(await install(folder, given)),
  'the command that the demo names': async (folder, given) =>
    checkRemedy(await install(folder, { ...given, args: ['--omit=optional'] })),
  'a read-only node_modules': async (folder, given) => checkReadOnly(await install(folder, given)),
  'npm install --global': checkGlobal,
  pnpm: (folder, given) => checkManager('pnpm', folder, given),
  yarn: (folder, given) => checkManager('yarn', folder, given),
};
