// Checks that every place of the repository names one version, and that a tag names it too.
//
// Usage: `node scripts/release/check-version.mjs [TAG]`. Prints the version.
import { fileURLToPath } from 'node:url';
import { versionPlaces } from './places.mjs';

const [tag, ...more] = process.argv.slice(2);
if (more.length > 0) {
  console.error('usage: node scripts/release/check-version.mjs [TAG], such as v0.2.0');
  process.exit(2);
}
const places = versionPlaces(
  fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, ''),
);
const [{ version }] = places;
const wrong = places.filter((one) => one.version !== version);
for (const one of wrong) console.error(`${one.place}: ${one.version}, expected ${version}`);
if (tag !== undefined && tag !== `v${version}`)
  console.error(`the tag is ${tag}, expected v${version}`);
if (wrong.length > 0 || (tag !== undefined && tag !== `v${version}`)) process.exit(1);
console.log(version);
