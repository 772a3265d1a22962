// Copies the sources of programs to where they are built.
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

/** Copies each file that differs. The others keep their times, so that a build leaves them out. */
export function copySources(from, to) {
  for (const entry of readdirSync(from, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const source = join(entry.parentPath, entry.name);
    const copy = join(to, relative(from, source));
    if (existsSync(copy) && readFileSync(copy).equals(readFileSync(source))) continue;
    mkdirSync(dirname(copy), { recursive: true });
    copyFileSync(source, copy);
  }
}
