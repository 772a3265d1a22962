// Gives the tests one folder for their temporary files, and removes it after the last test.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Vitest expects this name. Workers and the programs that they start inherit the variable. */
export function setup(): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-tests-'));
  const before = process.env.TMPDIR;
  process.env.TMPDIR = folder;
  return () => {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
    rmSync(folder, { recursive: true, force: true });
  };
}
