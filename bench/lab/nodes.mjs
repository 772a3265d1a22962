// Finds the Node that an argument names: a path, a version, or the line of a release.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { install, nodeFolder, nodeRelease } from '../../scripts/verify/packages.mjs';
import { folder } from './folders.mjs';

/** The release that stands for a line. They go into the cache as npm packages. */
const LINES = { 20: '20.20.2', 22: '22.23.5', 24: '24.21.0', 26: '26.12.1' };

/** The path of a Node. One that is not in the cache is installed there. */
export async function findNode(name, say) {
  if (existsSync(name)) return name;
  const version = LINES[name] ?? name;
  if (version === process.versions.node) return process.execPath;
  if (!/^\d+\.\d+\.\d+$/.test(version))
    throw new Error(`--node ${name}: write ${Object.keys(LINES).join(', ')}, a version or a path`);
  const home = folder('nodes', version);
  await install(home, [nodeRelease(version)], say);
  return join(nodeFolder(home), 'node');
}
