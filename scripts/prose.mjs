// Checks what people read against the rules of plain English: `npm run prose`, or with paths.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { check, isChecked } from './prose/check.mjs';
import { exceptions } from './prose/exceptions.mjs';

const USAGE = `usage: node scripts/prose.mjs [--rule NAME] [--summary] [PATH ...]

Checks docs, comments, messages and titles of tests. Without paths: every file of the repository.

  PATH          a file, or a folder
  --rule NAME   this rule alone; can be repeated
  --summary     counts for each folder and rule, no places

  width      lines have at most 100 columns; code, URLs and targets of links do not count
  sentence   sentences have at most 25 words
  phrase     phrases of scripts/prose/phrases.mjs
  start      no sentence begins with "What" (but a question may) or "Of"
  id         a requirement id has a few words beside it
  opening    the first line of a source file says what it does

Exit code 0: no problems; 1: problems; 2: wrong arguments. Exceptions: scripts/prose/exceptions.mjs.`;

const RULES = ['width', 'sentence', 'phrase', 'start', 'id', 'opening'];

const git = (...args) => execFileSync('git', args, { encoding: 'utf8' });
const root = git('rev-parse', '--show-toplevel').trimEnd();

function exitWith(message) {
  console.error(`${message}\n\n${USAGE}`);
  process.exit(2);
}

function readArguments() {
  const options = {
    rule: { type: 'string', multiple: true },
    summary: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  };
  try {
    return parseArgs({ options, allowPositionals: true });
  } catch (error) {
    return exitWith(error.message);
  }
}

/** Tracked files, and new ones that are not ignored. */
function filesOf(paths) {
  const list = ['ls-files', '--cached', '--others', '--exclude-standard', '-z'];
  const all = git('-C', root, ...list).split('\0');
  const wanted = paths.map((path) => relative(root, resolve(path)).replaceAll('\\', '/'));
  const isWanted = (file) =>
    wanted.length === 0 ||
    wanted.some((one) => one === '' || file === one || file.startsWith(`${one}/`));
  return all.filter((file) => isChecked(file) && isWanted(file) && existsSync(join(root, file)));
}

const count = (problems, key) => {
  const counts = new Map();
  for (const problem of problems) counts.set(key(problem), (counts.get(key(problem)) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a);
};

const folderOf = ({ path }) =>
  path.includes('/')
    ? path
        .split('/')
        .slice(0, path.startsWith('src/') ? 2 : 1)
        .join('/')
    : path;

function printSummary(problems, rules) {
  const row = (name, cells) =>
    console.log(name.padEnd(24) + cells.map((cell) => String(cell).padStart(10)).join(''));
  row('', [...rules, 'all']);
  for (const [folder, all] of count(problems, folderOf)) {
    const held = problems.filter((problem) => folderOf(problem) === folder);
    row(folder, [...rules.map((rule) => held.filter((one) => one.rule === rule).length), all]);
  }
}

const { values, positionals } = readArguments();
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
const rules = values.rule ?? RULES;
const unknown = rules.find((rule) => !RULES.includes(rule));
if (unknown !== undefined) exitWith(`there is no rule "${unknown}"`);

const files = filesOf(positionals);
if (files.length === 0) exitWith('none of these paths has a file to check');
const met = new Set();
const problems = files
  .flatMap((file) => check(file, readFileSync(join(root, file), 'utf8'), met))
  .filter(({ rule }) => rules.includes(rule));
if (values.summary) printSummary(problems, rules);
else
  for (const { path, line, found, instead, rule } of problems)
    console.log(`${path}:${line}: "${found}" - ${instead} (${rule})`);

const isComplete = positionals.length === 0 && values.rule === undefined;
const idle = isComplete ? exceptions.filter((one) => !met.has(one)) : [];
for (const { path, rule, text } of idle)
  console.log(`scripts/prose/exceptions.mjs: "${text}" of ${path} - remove it (${rule})`);

const many = (number, noun) => `${number} ${noun}${number === 1 ? '' : 's'}`;
const bad = new Set(problems.map(({ path }) => path)).size;
const byRule = count(problems, ({ rule }) => rule).map(([rule, number]) => `${rule} ${number}`);
const total = many(problems.length + idle.length, 'problem');
console.log(`\n${[`${total} in ${bad} of ${many(files.length, 'file')}`, ...byRule].join(', ')}`);
process.exitCode = problems.length + idle.length > 0 ? 1 : 0;
