// Packs the npm package once, and writes its SBOMs beside it.
//
// Usage: `node scripts/release/pack.mjs FOLDER`. Prints the name of each file.
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeSboms } from './sbom.mjs';

const PACK_MS = 300_000;

const [folder, ...more] = process.argv.slice(2);
if (folder === undefined || more.length > 0) {
  console.error('usage: node scripts/release/pack.mjs FOLDER');
  process.exit(2);
}
const root = fileURLToPath(new URL('../..', import.meta.url));
const out = resolve(folder);
mkdirSync(out, { recursive: true });
const program = process.platform === 'win32' ? 'npm.cmd' : 'npm';
const options = { cwd: root, encoding: 'utf8', timeout: PACK_MS, stdio: ['ignore', 'pipe', 2] };
const packed = execFileSync(program, ['pack', '--json', '--pack-destination', out], options);
// A script of the package may print lines before the JSON.
const [{ filename }] = JSON.parse(packed.slice(packed.search(/^\[/m)));
for (const name of [filename, ...writeSboms(root, join(out, filename))]) console.log(name);
