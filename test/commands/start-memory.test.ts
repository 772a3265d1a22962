// The optimizers during the start, and the collection after it.
import { execFileSync } from 'node:child_process';
import { url } from 'node:inspector';
import { setTimeout as sleep } from 'node:timers/promises';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
import { afterEach, expect, test } from 'vitest';
import { pauseOptimizers, releaseStartMemory, resumeOptimizers } from '../../src/commands/start-memory.js';

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

/** The function runs code of the optimizing compiler. V8 14 lacks one of the bits below. */
const TURBOFANNED = Number.parseInt(process.versions.v8, 10) < 14 ? 1 << 6 : 1 << 5;

async function isOptimized(hot: (n: number) => number, rounds: number): Promise<boolean> {
  setFlagsFromString('--allow-natives-syntax');
  const statusOf = new Function('f', 'return %GetOptimizationStatus(f)') as (f: unknown) => number;
  for (let round = 0; round < rounds; round += 1) {
    for (let call = 0; call < 200; call += 1) hot(2_000);
    if ((statusOf(hot) & TURBOFANNED) !== 0) return true;
    // The compiler works on another thread.
    await sleep(5);
  }
  return false;
}

afterEach(resumeOptimizers);

test('no function is optimized during the start, and each of them can be afterwards', async () => {
  const body = 'let sum = 0; for (let i = 0; i < n; i += 1) sum = (sum * 31 + i) | 0; return sum;';
  // V8 shares code between functions of the same text.
  const create = (name: string) => new Function('n', `// ${name}\n${body}`) as (n: number) => number;
  expect(await isOptimized(create('before'), 200)).toBe(true);
  pauseOptimizers();
  const ofStart = create('at the start');
  expect(await isOptimized(ofStart, 40)).toBe(false);
  resumeOptimizers();
  expect(await isOptimized(ofStart, 200)).toBe(true);
});

test('afterwards V8 has its default again', () => {
  const flags = execFileSync(process.execPath, ['--v8-options'], { encoding: 'utf8', timeout: 20_000 });
  expect(flags).toContain('--max-optimized-bytecode-size=61440');
  expect(flags).toContain('--wasm-tiering-budget=');
});
