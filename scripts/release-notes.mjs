// Prints the notes of one release: its section of CHANGELOG.md, with absolute links.
//
// Usage: `node scripts/release-notes.mjs 0.2.0`. Exit code 1: CHANGELOG.md lacks the version.
import { readFileSync } from 'node:fs';
import { notesOf, pageOf } from './release/changelog.mjs';

const USAGE = 'usage: node scripts/release-notes.mjs VERSION, such as 0.2.0';

const [version, ...more] = process.argv.slice(2);
if (version === undefined || more.length > 0 || !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version)) {
  console.error(USAGE);
  process.exit(2);
}
const read = (name) => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');
try {
  const page = pageOf(JSON.parse(read('package.json')));
  process.stdout.write(notesOf(read('CHANGELOG.md'), version, page));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
