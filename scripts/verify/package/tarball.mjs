// Packs a copy of the work tree, in whose dist/ old files lie, and checks what is in the package.
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { expectSame, run, runWell } from './run.mjs';

/** Files that must not be in a package. The compiler or a user left them in the work tree. */
const LEFT_BEHIND = [
  'dist/removed.js',
  'dist/core/removed.test.js',
  'dist/main.js.map',
  'compiled/core/removed.js',
  '.env',
  'portcullis.yaml',
  '.scratch/notes.md',
];

const ROOT_FILES =
  /^(package\.json|README\.md|LICENSE|ARCHITECTURE\.md|SECURITY\.md|CHANGELOG\.md|\.env\.example)$/;
const PROGRAMS = ['dist/main.js', 'dist/worker.js', 'dist/index.js'];
const PUBLIC = /^dist\/([\w/-]+\.d\.ts|config\.schema\.json)$/;

/** The files of git, also new ones, without those that git ignores. */
async function copyTree(root, copy) {
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '--deduplicate'];
  const { output } = await runWell('git', args, { cwd: root });
  for (const name of output.split('\n').filter(Boolean)) {
    mkdirSync(dirname(join(copy, name)), { recursive: true });
    cpSync(join(root, name), join(copy, name), { force: true });
  }
  symlinkSync(realpathSync(join(root, 'node_modules')), join(copy, 'node_modules'), 'junction');
  for (const name of LEFT_BEHIND) {
    mkdirSync(dirname(join(copy, name)), { recursive: true });
    writeFileSync(join(copy, name), 'left behind\n');
  }
}

/** Resolves with the path of the tarball, its files and its package.json. */
export async function packTree(root, scratch) {
  const copy = join(scratch, 'tree');
  await copyTree(root, copy);
  const args = ['pack', '--json', '--loglevel=error', '--pack-destination', scratch];
  const { output } = await runWell('npm', args, { cwd: copy });
  // The build prints before the JSON.
  const [packed] = Object.values(JSON.parse(output.slice(output.search(/^[[{]$/m))));
  const manifest = JSON.parse(readFileSync(join(copy, 'package.json'), 'utf8'));
  const files = packed.files.map(({ path }) => path).sort();
  return { copy, file: join(scratch, packed.filename), bytes: packed.size, files, manifest };
}

/** Adds a file of code and all that it imports from the package to `found`. */
function withImports(copy, name, found) {
  if (found.has(name)) return found;
  found.add(name);
  const text = readFileSync(join(copy, name), 'utf8');
  for (const [, from] of text.matchAll(/\b(?:from|import)\s*\(?\s*"(\.[^"\n]+\.js)"/g))
    withImports(copy, posix.join(posix.dirname(name), from), found);
  return found;
}

/** dist/ has the programs and the parts that they import, and nothing else. */
export function checkFiles({ copy, files }) {
  const built = files.filter((name) => name.startsWith('dist/'));
  const code = built.filter((name) => !PUBLIC.test(name));
  const needed = new Set();
  for (const program of PROGRAMS) withImports(copy, program, needed);
  expectSame('files of dist/', code.sort(), [...needed].sort());
  const others = files.filter((name) => !name.startsWith('dist/') && !ROOT_FILES.test(name));
  const strangers = others.filter(
    (name) => !/^(docs|deploy)\//.test(name) || /\.(ts|map|log|tgz)$|(^|\/)test/.test(name),
  );
  expectSame('files that do not belong into the package', strangers, []);
}

const targetsOf = (value) =>
  typeof value === 'string' ? [value] : Object.values(value).flatMap(targetsOf);

/** Each program and each export is a file of the package. */
export function checkManifest({ files, manifest }) {
  const { bin, exports, publishConfig, repository, engines, scripts } = manifest;
  const targets = [...targetsOf(bin), ...targetsOf(exports)].map((name) => posix.normalize(name));
  expectSame(
    'bins and exports without a file',
    targets.filter((name) => !files.includes(name)),
    [],
  );
  expectSame('bins', Object.keys(bin).sort(), ['mcp-portcullis', 'portcullis']);
  expectSame('publishConfig', publishConfig, { access: 'public', provenance: true });
  // Provenance of a published package demands the URL of its repository.
  if (!/^git\+https:\/\/.+\.git$/.test(repository?.url)) throw new Error('no URL of a repository');
  expectSame('engines', engines, { node: '>=20.19' });
  // An install of a tarball runs these, or warns about them.
  const atInstall = ['preinstall', 'install', 'postinstall', 'prepare'];
  expectSame(
    'scripts of an install',
    atInstall.filter((name) => name in scripts),
    [],
  );
}

/** A build that fails leaves no package. */
export async function checkBrokenSource({ copy }, scratch) {
  const folder = join(scratch, 'none');
  mkdirSync(folder);
  writeFileSync(join(copy, 'src/broken.ts'), 'export const broken: number = "text";\n');
  const { code } = await run('npm', ['pack', '--pack-destination', folder], { cwd: copy });
  expectSame('npm pack with a broken source succeeds', code === 0, false);
  expectSame('packages of a broken source', readdirSync(folder), []);
}
