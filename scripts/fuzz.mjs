// Checks a million bodies: the gateway reads each as a strict reference does, or rejects it.
//
// Usage: `node scripts/fuzz.mjs`. The test test/mcp/fuzz.slow.test.ts makes the bodies and
// defines agreement. This script only chooses their number and the seed.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const USAGE = `usage: node scripts/fuzz.mjs [--count 1000000] [--seed n]

  --count n   bodies
  --seed n    the bodies of an earlier run; without it a random seed, which is printed`;
const DEFAULT_COUNT = 1_000_000;

function exitWith(message) {
  console.error(`${message}\n\n${USAGE}`);
  process.exit(2);
}

function readArguments() {
  const options = {
    count: { type: 'string' },
    seed: { type: 'string' },
    help: { type: 'boolean', default: false },
  };
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    return exitWith(error.message);
  }
}

function wholeNumber(text, name, fallback, smallest) {
  if (text === undefined) return fallback;
  const number = Number(text);
  return Number.isSafeInteger(number) && number >= smallest && number < 2 ** 31
    ? number
    : exitWith(`--${name} is a whole number`);
}

const { count, seed, help } = readArguments();
if (help) {
  console.log(USAGE);
  process.exit(0);
}
const bodies = wholeNumber(count, 'count', DEFAULT_COUNT, 1_000);
const start = wholeNumber(seed, 'seed', Math.floor(Math.random() * 2 ** 31), 0);
console.log(`${bodies} bodies from seed ${start}`);

const args = [
  'vitest',
  'run',
  'test/mcp/fuzz.slow.test.ts',
  '--disable-console-intercept',
  '--testNamePattern',
  'agrees with the reference or rejects',
];
const { status } = spawnSync('npx', args, {
  cwd: fileURLToPath(new URL('..', import.meta.url)),
  env: { ...process.env, FUZZ_COUNT: String(bodies), FUZZ_SEED: String(start) },
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
