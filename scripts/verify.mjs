// Runs the long checks one after another and prints the result of each.
//
// Usage: `npm run verify`, or `npm run verify -- --only demo,bench`.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { exitOnSignals } from '../test/fixtures/child.js';
import { createShell } from './verify/shell.mjs';
import { root, scratch, steps } from './verify/steps.mjs';

const USAGE = `usage: node scripts/verify.mjs [--only a,b] [--skip a,b] [--list]

  --only a,b   these steps
  --skip a,b   all but these
  --list       the steps and what they do

Each step writes to .scratch/verify/<step>.log. The exit code is 0 only if every step passed.`;

const SHOWN_LINES = 40;
const folder = join(scratch, 'verify');

function exitWith(message) {
  console.error(`${message}\n\n${USAGE}`);
  process.exit(2);
}

function parsed(options) {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    return exitWith(error.message);
  }
}

function readArguments() {
  const name = { type: 'string', multiple: true, default: [] };
  const flag = { type: 'boolean', default: false };
  const { only, skip, list, help } = parsed({ only: name, skip: name, list: flag, help: flag });
  if (help) {
    console.log(USAGE);
    process.exit(0);
  }
  const names = (values) =>
    values.flatMap((value) => value.split(',')).filter((value) => value !== '');
  const [wanted, unwanted] = [names(only), names(skip)];
  const known = steps.map((step) => step.name);
  const strangers = [...wanted, ...unwanted].filter((value) => !known.includes(value));
  if (strangers.length > 0)
    exitWith(`there is no step ${strangers.join(', ')}; there are ${known.join(', ')}`);
  const chosen = steps.filter(
    (step) =>
      (wanted.length === 0 ? step.onlyIfNamed !== true : wanted.includes(step.name)) &&
      !unwanted.includes(step.name),
  );
  if (chosen.length === 0) exitWith('no step is left');
  return { chosen, list };
}

const aligned = (rows) => {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows
    .map((row) =>
      `  ${row.map((cell, column) => cell.padEnd(widths[column])).join('  ')}`.trimEnd(),
    )
    .join('\n');
};

/** Clones hold only committed files. The note says so: the result is not one of the work tree. */
function noteUncommitted(chosen) {
  if (!chosen.some(({ name }) => name.startsWith('clone-'))) return;
  const changes = execFileSync('git', ['status', '--porcelain'], {
    cwd: root,
    encoding: 'utf8',
    timeout: 30_000,
  });
  const count = changes.split('\n').filter(Boolean).length;
  if (count > 0) console.log(`${count} uncommitted changes are not in the clones\n`);
}

async function perform(step, label) {
  const logFile = join(folder, `${step.name}.log`);
  process.stdout.write(`${label} ${step.name}: ${step.what} ... `);
  const started = performance.now();
  let error = null;
  try {
    await step.run(createShell({ logFile, cwd: root, minutes: step.minutes }));
  } catch (cause) {
    error = cause;
  }
  const seconds = `${((performance.now() - started) / 1000).toFixed(1)} s`;
  const log = readFileSync(logFile, 'utf8');
  console.log(`${error === null ? 'passed' : 'FAILED'}, ${seconds}`);
  if (error !== null) {
    const last = log.trimEnd().split('\n').slice(-SHOWN_LINES);
    console.log(
      `\n${last.map((line) => `    ${line}`).join('\n')}\n    ${error.message}; the whole log is ${logFile}\n`,
    );
  }
  const note = step.note?.exec(log)?.[1] ?? '';
  return {
    passed: error === null,
    cells: [step.name, error === null ? 'passed' : 'FAILED', seconds, note],
  };
}

const { chosen, list } = readArguments();
exitOnSignals();
if (list) {
  console.log(aligned(steps.map(({ name, what }) => [name, what])));
  process.exit(0);
}
mkdirSync(folder, { recursive: true });
console.log(`${chosen.length} steps on Node ${process.versions.node}`);
noteUncommitted(chosen);
const results = [];
for (const [index, step] of chosen.entries())
  results.push(await perform(step, `[${index + 1}/${chosen.length}]`));
console.log(`\n${aligned(results.map(({ cells }) => cells))}\n`);
const failed = results.filter(({ passed }) => !passed).length;
console.log(failed === 0 ? 'all passed' : `${failed} of ${results.length} FAILED`);
process.exitCode = failed === 0 ? 0 : 1;
