// The folders of the lab. All that it makes is below .scratch, which Git ignores.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const scratch = fileURLToPath(new URL('../../.scratch/bench/', import.meta.url));
export const own = (name) => fileURLToPath(new URL(name, import.meta.url));

/** A folder below .scratch/bench, which exists afterwards. */
export function folder(...names) {
  const path = join(scratch, ...names);
  mkdirSync(path, { recursive: true });
  return path;
}
