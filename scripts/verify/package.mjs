// Proves that the npm package works where only the package is: installs its tarball into empty
// folders, and runs the demo and the gateway from there.
//
// Usage: `node scripts/verify/package.mjs [--cache FOLDER] [--quick]`, after `npm run build`.
// `--quick` uses the Node that runs the script. Otherwise each supported line of Node runs.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { exitOnSignals } from '../../test/fixtures/child.js';
import { checkIdle } from './memory.mjs';
import { checkServes, measureIdle, startWorld } from './package/idle.mjs';
import {
  checkDemo,
  checkNames,
  checkPartsOfDemo,
  checkSize,
  checkWithoutDemo,
  install,
} from './package/installed.mjs';
import { WAYS } from './package/other-ways.mjs';
import { checkBrokenSource, checkFiles, checkManifest, packTree } from './package/tarball.mjs';
import { install as installPinned, nodeFolder, nodeRelease } from './packages.mjs';
import { root, scratch as scratches } from './steps.mjs';

/** Node 20 and 22 come with npm 10, the others with npm 11. */
const RELEASES = [
  ['20.20.2', '10.9.9'],
  ['22.23.5', '10.9.9'],
  ['24.21.0', '11.19.1'],
  ['26.12.1', '11.19.1'],
];

const options = { cache: { type: 'string' }, quick: { type: 'boolean', default: false } };
const { values } = parseArgs({ options });
const cache = values.cache ?? join(scratches, 'package-tools');
const say = (line) => console.log(line);
const megabytes = (bytes) => (bytes / 1_000_000).toFixed(1);

/** The folders for PATH that bring a Node and an npm. None for the Node of this process. */
async function nodeOf([version, npm]) {
  const home = join(cache, `node-${version}`);
  await installPinned(home, [nodeRelease(version), ['npm', npm]], say);
  const folders = [nodeFolder(home), join(home, 'node_modules/.bin')];
  return { version, folders, node: join(nodeFolder(home), 'node') };
}

/** Installs with and without the packages of the demo, and uses both. */
async function checkNode({ version, folders, node }, { file, manifest }, scratch, world) {
  const whole = await install(join(scratch, `whole-${version}`), { file, folders });
  const demo = await checkDemo(whole);
  await checkNames(whole, manifest.version);
  if (values.quick) await checkPartsOfDemo(whole);
  const folder = join(scratch, `production-${version}`);
  const production = await install(folder, { file, folders, args: ['--omit=optional'] });
  checkSize(production);
  await checkWithoutDemo(production);
  await checkServes(production, world, { node, logFile: join(scratch, `serve-${version}.log`) });
  return { version, node, whole, production, demo };
}

const sizesOf = ({ packages, bytes, seconds }) =>
  `${megabytes(bytes)} MB in ${packages} packages, ${seconds.toFixed(0)} s`;

const memoryText = ({ resident, own }) =>
  `${megabytes(resident)} MB, ${megabytes(own)} of them its own`;

async function measured({ version, node, whole, production, demo }, scratch, world) {
  const logFile = join(scratch, `idle-${version}.log`);
  const { afterStart, afterCalls } = await measureIdle(production, world, { node, logFile });
  checkIdle(version, afterStart);
  checkIdle(version, afterCalls, { calls: true });
  return (
    `  Node ${version}: production ${sizesOf(production)}; with the demo ${sizesOf(whole)}; ` +
    `demo ${demo}; idle ${memoryText(afterStart)}; after calls ${memoryText(afterCalls)}`
  );
}

async function checkAll(packed, scratch, world) {
  const nodes = [];
  for (const release of RELEASES) {
    const node = await nodeOf(release);
    nodes.push(await checkNode(node, packed, scratch, world));
    say(`  Node ${node.version}: installs, demo and gateway work`);
  }
  const { folders } = await nodeOf(RELEASES[2]);
  for (const [name, check] of Object.entries(WAYS)) {
    const folder = mkdtempSync(join(scratch, 'way-'));
    await check(folder, { file: packed.file, folders, cache, say });
    say(`  ${name}: works`);
  }
  for (const line of await Promise.all(nodes.map((one) => measured(one, scratch, world))))
    say(line);
  say(`the package works: Node ${RELEASES.map(([version]) => version).join(', ')}`);
}

async function checkQuickly(packed, scratch, world) {
  await checkBrokenSource(packed, scratch);
  const here = { version: process.versions.node, folders: [], node: process.execPath };
  const { production } = await checkNode(here, packed, scratch, world);
  say(`  production install: ${sizesOf(production)}`);
  say('the package works on this Node');
}

exitOnSignals();
const scratch = mkdtempSync(join(tmpdir(), 'portcullis-package-'));
process.on('exit', () => rmSync(scratch, { recursive: true, force: true, maxRetries: 5 }));
mkdirSync(cache, { recursive: true });
const world = await startWorld();
try {
  const packed = await packTree(root, scratch);
  checkFiles(packed);
  checkManifest(packed);
  say(`  the tarball: ${packed.files.length} files, ${megabytes(packed.bytes)} MB`);
  await (values.quick ? checkQuickly : checkAll)(packed, scratch, world);
} finally {
  await world.close();
}
