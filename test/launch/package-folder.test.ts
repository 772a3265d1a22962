// The folder of the package, under whichever name it was published.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { packageFolder } from '../../src/launch/package-folder.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'package-folder-'));
afterAll(() => rmSync(scratch, { recursive: true }));

test('it has package.json', () => {
  expect(fileURLToPath(packageFolder())).toBe(root);
});

test('a package of another name beside the real one has its own version', () => {
  const folder = join(scratch, 'node_modules', 'fork');
  mkdirSync(folder, { recursive: true });
  cpSync(join(root, 'dist'), join(folder, 'dist'), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'junction');
  writeFileSync(join(folder, 'package.json'), '{"name":"fork","version":"1.2.3","type":"module"}');
  const other = join(scratch, 'node_modules', 'mcp-portcullis');
  mkdirSync(other);
  writeFileSync(join(other, 'package.json'), '{"name":"mcp-portcullis","version":"9.9.9"}');
  const options = { encoding: 'utf8', timeout: 20_000 } as const;
  expect(execFileSync(process.execPath, [join(folder, 'dist/main.js'), '--version'], options)).toBe('1.2.3\n');
});
