// Packs the npm package from a tree with old files, installs the tarball into empty folders, and
// runs it there. `npm run verify -- --only package` does the same on each line of Node, and
// measures it.
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { runShell } from '../support/printed-commands.js';

/** The files of a package come from git, which a tree without `.git` cannot list. */
const isClone = existsSync(new URL('../../.git', import.meta.url));

test.runIf(isClone)('the tarball works in a folder that has nothing else', { timeout: 400_000 }, async () => {
  const { code, output } = await runShell('node scripts/verify/package.mjs --quick');
  expect(output.replaceAll(/\d+(\.\d+)?/g, 'N').split('\n')).toEqual([
    '  the tarball: N files, N MB',
    '  production install: N MB in N packages, N s',
    'the package works on this Node',
  ]);
  expect(code).toBe(0);
});
