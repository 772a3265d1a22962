// The space of young objects during the start, and the collection after it.
import { execFileSync } from 'node:child_process';
import { getHeapSpaceStatistics } from 'node:v8';
import { afterEach, expect, test } from 'vitest';
import { keepYoungSpaceSmall, letYoungSpaceGrow, releaseStartMemory } from '../../src/commands/start-memory.js';

const young = () => {
  const space = getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space');
  if (space === undefined) throw new Error('V8 has no space of young objects');
  return space;
};

test('it collects, and leaves no function behind', () => {
  const short = Array.from({ length: 40_000 }, (_, index) => ({ text: `short-lived ${index}` }));
  expect(short).toHaveLength(40_000);
  short.length = 0;
  expect(young().space_used_size).toBeGreaterThan(1_000_000);
  releaseStartMemory();
  expect(young().space_used_size).toBeLessThan(1_000_000);
  expect('gc' in globalThis).toBe(false);
});

/** Makes objects, some of which live longer: V8 gives their space more room, if it may. */
function makeObjects(): number {
  const kept: unknown[][] = [];
  for (let made = 0; made < 2_000_000; made += 1) {
    const one = [made];
    if (made % 4 === 0) kept.push(one);
    if (kept.length > 100_000) kept.length = 0;
  }
  return kept.length;
}

afterEach(letYoungSpaceGrow);

test('the space stays as it is during the start, and grows afterwards', () => {
  const script = `
    const { keepYoungSpaceSmall, letYoungSpaceGrow } = await import(process.argv[1]);
    const { getHeapSpaceStatistics } = await import('node:v8');
    const bytes = () => getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space').space_size;
    ${makeObjects}
    keepYoungSpaceSmall();
    makeObjects();
    const duringStart = bytes();
    letYoungSpaceGrow();
    makeObjects();
    console.log(JSON.stringify({ duringStart, afterwards: bytes() }));`;
  const module = new URL('../../compiled/commands/start-memory.js', import.meta.url).href;
  const args = ['--input-type=module', '-e', script, module];
  const { duringStart, afterwards } = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8', timeout: 20_000 }));
  expect(duringStart).toBeLessThanOrEqual(2 * 1024 * 1024);
  expect(afterwards).toBeGreaterThanOrEqual(4 * duringStart);
});

test('it stays as it is in a burst of held streams, and grows a second afterwards', () => {
  const script = `
    const { letYoungSpaceGrow } = await import(process.argv[1]);
    const { heldStreamOpened } = await import(process.argv[2]);
    const { getHeapSpaceStatistics } = await import('node:v8');
    const { setTimeout: sleep } = await import('node:timers/promises');
    const bytes = () => getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space').space_size;
    ${makeObjects}
    letYoungSpaceGrow();
    for (let n = 0; n < 10; n++) heldStreamOpened();
    makeObjects();
    const inBurst = bytes();
    await sleep(1_200);
    makeObjects();
    console.log(JSON.stringify({ inBurst, afterwards: bytes() }));`;
  const modules = ['commands/start-memory', 'core/stream-burst'].map(
    (name) => new URL(`../../compiled/${name}.js`, import.meta.url).href,
  );
  const args = ['--input-type=module', '-e', script, ...modules];
  const { inBurst, afterwards } = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8', timeout: 20_000 }));
  expect(inBurst).toBeLessThanOrEqual(2 * 1024 * 1024);
  expect(afterwards).toBeGreaterThanOrEqual(4 * 1024 * 1024);
});

test('V8 has its default afterwards', () => {
  keepYoungSpaceSmall();
  letYoungSpaceGrow();
  const flags = execFileSync(process.execPath, ['--v8-options'], { encoding: 'utf8', timeout: 20_000 });
  expect(flags).toMatch(/default: --semi-space-growth-factor=2$/m);
  expect(flags).toContain('--wasm-tiering-budget=');
});
