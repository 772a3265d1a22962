// The collection after the start.
import { url } from 'node:inspector';
import { setTimeout as sleep } from 'node:timers/promises';
import { getHeapSpaceStatistics } from 'node:v8';
import { expect, test } from 'vitest';
import { releaseStartMemory } from '../../src/commands/start-memory.js';

const youngBytes = (): number =>
  getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')?.space_used_size ?? Number.NaN;

async function lowestYoungBytes(): Promise<number> {
  let lowest = youngBytes();
  for (let waits = 0; waits < 100 && lowest > 1_000_000; waits += 1) {
    await sleep(10);
    lowest = Math.min(lowest, youngBytes());
  }
  return lowest;
}

test('it collects, and leaves no function or debugger port behind', async () => {
  const short = Array.from({ length: 40_000 }, (_, index) => ({ text: `short-lived ${index}` }));
  expect(short).toHaveLength(40_000);
  short.length = 0;
  expect(youngBytes()).toBeGreaterThan(1_000_000);
  await releaseStartMemory();
  expect(await lowestYoungBytes()).toBeLessThan(1_000_000);
  expect('gc' in globalThis).toBe(false);
  expect(url()).toBeUndefined();
});
