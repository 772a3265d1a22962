// The bench as a whole: it starts all parts, prints the tables, fills a page, and rejects wrong
// arguments.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { cleanEnvironment } from '../fixtures/launch.js';

const script = fileURLToPath(new URL('../../bench/run.mjs', import.meta.url));

function bench(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const options = { encoding: 'utf8', timeout: 100_000, env: cleanEnvironment() } as const;
  return spawnSync(process.execPath, [script, ...args], options);
}

const hasCompiler = process.platform === 'linux' && spawnSync('gcc', ['--version'], { timeout: 10_000 }).status === 0;

test.skipIf(!hasCompiler)(
  'a short run compares the gateway with the floor, and fills a page',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'portcullis-bench-'));
    const page = join(folder, 'page.md');
    const args = ['--only', 'json,forged,sse1', '--peers', 'none', '--rounds', '1', '--seconds', '0.2', '--markdown', page];
    const { status, stdout, stderr } = bench(...args);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    for (const title of ['JSON, hot token', 'forged tokens', 'SSE, one event'])
      expect(stdout).toMatch(new RegExp(`^\\| ${title} +\\| +[\\d,.]+/s \\| +\\d+\\.\\d\\d \\|`, 'm'));
    const text = readFileSync(page, 'utf8');
    expect(text).toMatch(/^<!-- bench main -->\n\nMeasured on /);
    expect(text).toContain('<!-- bench table own -->');
    rmSync(folder, { recursive: true });
  },
  120_000,
);

test('wrong arguments end with 2 and the usage', () => {
  const { status, stderr } = bench('--only', 'speed');
  expect(status).toBe(2);
  expect(stderr).toMatch(/^there is no work speed; there are held, json[\s\S]*usage: npm run bench/);
});

test('--help prints the usage', () => {
  const { status, stdout } = bench('--help');
  expect([status, stdout.startsWith('usage: npm run bench')]).toEqual([0, true]);
});
