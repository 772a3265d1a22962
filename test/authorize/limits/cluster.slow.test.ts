// Workers of one machine count together: the primary has the counts.
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { spawnNode } from '../../fixtures/child.js';
import { withDeadline } from '../../fixtures/wait.js';

test('two workers share one limit, and take calls back (E-10, per replica or global)', async () => {
  const child = spawnNode([fileURLToPath(new URL('../../fixtures/limit-workers.mjs', import.meta.url))]);
  const { code } = await withDeadline('the workers end', child.exited, 30_000);
  expect([code, child.lines.slice(1)]).toEqual([0, []]);
  const results = JSON.parse(child.lines[0] ?? '') as { passed: number; undone: number; microseconds: number }[];
  console.log(`one count in the primary: ${results.map(({ microseconds }) => `${microseconds} µs`).join(', ')}`);
  expect(results.map(({ passed }) => passed).reduce((sum, passed) => sum + passed)).toBe(100);
  expect(results.map(({ undone }) => undone).sort()).toEqual([1, 2]);
}, 40_000);
