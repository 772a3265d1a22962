// Writes the two SBOMs of the packed package: the packages of a production install, without the
// optional ones.
//
// `npm sbom --omit=dev --package-lock-only` leaves out each production package that a development
// package needs too (measured with npm 11.19: 18 of 24). So this installs the lock, and describes
// what is there.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';

const COMMAND_MS = 300_000;
const INSTALL = ['ci', '--omit=dev', '--omit=optional', '--ignore-scripts', '--no-audit'];

function npm(cwd, ...args) {
  const program = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const options = { cwd, encoding: 'utf8', timeout: COMMAND_MS, stdio: ['ignore', 'pipe', 'pipe'] };
  return execFileSync(program, args, options);
}

const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));
const writeJson = (path, value) => writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`);

/** Adds the checksum of the packed file to the description of the package itself. */
function describeFile(format, sbom, name, sha512) {
  if (format === 'cyclonedx') {
    sbom.metadata.component.hashes = [{ alg: 'SHA-512', content: sha512 }];
    return sbom;
  }
  const itself = sbom.packages.find((one) => one.SPDXID === sbom.documentDescribes[0]);
  itself.packageFileName = name;
  itself.checksums = [{ algorithm: 'SHA512', checksumValue: sha512 }];
  return sbom;
}

/** How many packages an SBOM names, without the package itself. */
const countOf = (format, sbom) =>
  format === 'cyclonedx' ? sbom.components.length : sbom.packages.length - 1;

/**
 * Writes both SBOMs beside the packed file, and returns their names.
 * @param {string} root the folder of the repository
 * @param {string} tarball the path of the packed file
 */
export function writeSboms(root, tarball) {
  const scratch = mkdtempSync(join(tmpdir(), 'portcullis-sbom-'));
  try {
    const manifest = readJson(join(root, 'package.json'));
    // npm names the package in the SBOM by its folder.
    const home = join(scratch, manifest.name);
    mkdirSync(home);
    for (const name of ['package.json', 'package-lock.json', '.npmrc'])
      copyFileSync(join(root, name), join(home, name));
    npm(home, ...INSTALL);
    const { devDependencies, optionalDependencies, ...production } = manifest;
    writeJson(join(home, 'package.json'), production);
    const installed = readJson(join(home, 'node_modules', '.package-lock.json')).packages;
    const expected = Object.keys(installed).length;

    const sha512 = createHash('sha512').update(readFileSync(tarball)).digest('hex');
    const formats = [
      ['cyclonedx', 'cdx.json'],
      ['spdx', 'spdx.json'],
    ];
    return formats.map(([format, ending]) => {
      const text = npm(home, 'sbom', `--sbom-format=${format}`, '--sbom-type=application');
      const sbom = describeFile(format, JSON.parse(text), basename(tarball), sha512);
      const count = countOf(format, sbom);
      if (count !== expected)
        throw new Error(`the SBOM (${format}) names ${count} packages, expected ${expected}`);
      const path = tarball.replace(/\.tgz$/, `.${ending}`);
      writeJson(path, sbom);
      return basename(path);
    });
  } finally {
    rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
  }
}
