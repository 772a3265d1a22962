// Installs pinned npm packages into a folder of their own below .scratch.
//
// The Node binary of another release is such a package too.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runToEnd } from '../../test/fixtures/child.js';

const INSTALL_MS = 600_000;

/**
 * The package with the Node binary for this platform. Unlike the package `node`, it needs no
 * install script.
 */
const nodePackage = () => {
  const { platform, arch } = process;
  if (platform === 'win32') return `node-win-${arch}`;
  return `${platform === 'darwin' && arch === 'arm64' ? 'node-bin' : 'node'}-${platform}-${arch}`;
};

function installedVersion(home, name) {
  const file = join(home, 'node_modules', name, 'package.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).version : undefined;
}

/**
 * Makes sure that `packages` are in `home`: pairs of name and version. The output of npm goes to
 * install.log there.
 */
export async function install(home, packages, say) {
  mkdirSync(home, { recursive: true });
  if (packages.every(([name, version]) => installedVersion(home, name) === version)) return;
  const wanted = packages.map(([name, version]) => `${name}@${version}`);
  say(`installing ${wanted.join(' and ')}`);
  writeFileSync(join(home, 'package.json'), '{ "private": true }\n');
  const args = [
    'install',
    '--prefix',
    home,
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    ...wanted,
  ];
  const logFile = join(home, 'install.log');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const code = await runToEnd(INSTALL_MS, npm, args, { cwd: home, logFile });
  if (code !== 0) throw new Error(`npm install ended with ${code}; see ${logFile}`);
}

/** The pair of name and version for `install` that brings the Node binary of a release. */
export const nodeRelease = (version) => [nodePackage(), version];

/** The folder that holds the `node` of such an install. */
export const nodeFolder = (home) => join(home, 'node_modules', nodePackage(), 'bin');
