// Writes SHA256SUMS of all files of a folder, in the form that `sha256sum --check` reads.
//
// Usage: `node scripts/release/checksums.mjs FOLDER`
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const NAME = 'SHA256SUMS';

const [folder, ...more] = process.argv.slice(2);
if (folder === undefined || more.length > 0) {
  console.error('usage: node scripts/release/checksums.mjs FOLDER');
  process.exit(2);
}
const names = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name !== NAME)
  .map((entry) => entry.name)
  .sort();
if (names.length === 0) {
  console.error(`${folder} has no file`);
  process.exit(1);
}
const sumOf = (name) =>
  createHash('sha256')
    .update(readFileSync(join(folder, name)))
    .digest('hex');
writeFileSync(join(folder, NAME), names.map((name) => `${sumOf(name)}  ${name}\n`).join(''));
console.log(`${NAME} has ${names.length} files`);
