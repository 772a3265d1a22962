// The check of plain English: each rule lets a good text pass and finds a bad one, at its line.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

interface Problem {
  readonly rule: string;
  readonly line: number;
  readonly found: string;
  readonly instead: string;
}

interface Exception {
  readonly path: string;
  readonly rule: string;
  readonly text: string;
  readonly why: string;
}

type Check = (path: string, text: string, met?: Set<Exception>, excepted?: readonly Exception[]) => Problem[];

const script = (name: string): string => new URL(`../../scripts/${name}`, import.meta.url).href;

let check: Check;
let phrases: readonly { readonly pattern: RegExp; readonly instead: string }[];

beforeAll(async () => {
  ({ check } = (await import(/* @vite-ignore */ script('prose/check.mjs'))) as { check: Check });
  ({ phrases } = (await import(/* @vite-ignore */ script('prose/phrases.mjs'))) as { phrases: typeof phrases });
});

const DOC = 'docs/page.md';
const SOURCE = 'src/file.ts';
const TEST = 'test/file.test.ts';
const ENV = '.env.example';

/** Rules and lines of what is found. */
const found = (path: string, text: string): string[] => check(path, text).map(({ rule, line }) => `${rule} ${line}`);

const words = (count: number): string => `${Array.from({ length: count }, () => 'a').join(' ')}.`;
const cells = (text: string): string => `| A | B |\n| --- | --- |\n| x | ${text} |\n`;
const source = (body: string): string => `// Reads a file.\n${body}\n`;
const long = 'a'.repeat(101);
const url = `https://example.com/${long}`;

describe('each rule', () => {
  test.each<[name: string, path: string, good: string, bad: string, at: string]>([
    ['width: prose', DOC, 'a'.repeat(100), `One.\n${long}`, 'width 2'],
    ['width: a row of a table', DOC, cells('short'), cells(long), 'width 3'],
    ['width: a generated table', DOC, `<!-- settings a -->\n\n${cells(long)}`, `<!-- a -->\n\n${cells(long)}`, 'width 5'],
    ['width: a URL does not count', DOC, `A link: [x](${url}) and ${url}`, `A link: [${long}](x)`, 'width 1'],
    ['width: code does not count', DOC, `\`\`\`\n${long}\n\`\`\``, `\`${long}\``, 'width 1'],
    ['width: a comment', SOURCE, source(`// ${'a'.repeat(97)}`), source(`/** One.\n * ${long}\n */`), 'width 3'],
    ['width: a comment after code', TEST, source(`const a = '${long}';`), source(`const a = 1; // ${long}`), 'width 2'],
    ['width: a message', SOURCE, source(`f('${long}');`), source(`f('two words, ${long}');`), 'width 2'],
    ['width: a comment for a tool', SOURCE, source(`// biome-ignore lint: ${long}`), source(`// ${long}`), 'width 2'],
    ['width: a variable', ENV, `# One.\nNAME=${long}`, `# One.\n# ${long}`, 'width 2'],
    ['sentence: prose', DOC, `${words(25)}\n${words(25)}`, `One.\n${words(26)}`, 'sentence 2'],
    ['sentence: a cell', DOC, cells(words(25)), cells(`${words(26)}`), 'sentence 3'],
    ['sentence: an abbreviation does not end it', DOC, `e.g. ${words(24)}`, `Of course, e.g. ${words(24)}`, 'sentence 1'],
    [
      'sentence: names in code are one word',
      DOC,
      `\`a\`, \`b\` and \`c\` ${words(24)}`,
      `\`a\` is \`b\` ${words(24)}`,
      'sentence 1',
    ],
    [
      'sentence: references do not count',
      DOC,
      `Word (RFC 9110 section 15.5) ${words(24)}`,
      `Word (see here) ${words(24)}`,
      'sentence 1',
    ],
    [
      'sentence: entries of a list',
      DOC,
      `- ${words(20)}\n- ${words(20)}`,
      `- ${words(20).replace('.', '')}\n  ${words(20)}`,
      'sentence 1',
    ],
    [
      'sentence: a comment over lines',
      SOURCE,
      source(`// ${words(20)}\n\n// ${words(20)}`),
      source(`// a ${words(20).replace('.', '')}\n// ${words(20)}`),
      'sentence 2',
    ],
    [
      'sentence: joined messages',
      SOURCE,
      source(`f('${words(14)}', '${words(14)}');`),
      source(`f('${words(14).replace('.', ' ')}' +\n  '${words(14)}');`),
      'sentence 2',
    ],
    ['sentence: a template', SOURCE, source(`f(\`\${a} ${words(24)}\`);`), source(`f(\`\${a} ${words(25)}\`);`), 'sentence 2'],
    ['phrase: over two lines', DOC, 'The key is\nthere.', 'One.\nThe key is\nno string.', 'phrase 2'],
    ['phrase: in code', DOC, 'The `verdict` of `a`.', 'The verdict.', 'phrase 1'],
    ['phrase: named in quotes', DOC, 'Never "somebody".', 'Never somebody.', 'phrase 1'],
    ['phrase: in a comment', TEST, source("const verdict = 'verdict';"), source('// A verdict.'), 'phrase 2'],
    ['phrase: in a message', SOURCE, source("f('verdict');"), source("f('a verdict');"), 'phrase 2'],
    ['phrase: in a title', TEST, source("f('a verdict');"), source("test('a verdict', f);"), 'phrase 2'],
    [
      'phrase: in a title of a table',
      TEST,
      source("test.each([['a verdict']])('%s', f);"),
      source("test.each([f(1)])('a verdict', f);"),
      'phrase 2',
    ],
    ['start: What', DOC, 'What is it? What? It is.', 'One. What it is.', 'start 1'],
    ['start: Of', DOC, 'Of course. All of it.', 'One.\nOf all.', 'start 2'],
    [
      'start: not in a heading or a head',
      DOC,
      '# What it does\n\n| What it is |\n| --- |\n| x |',
      cells('what it is'),
      'start 3',
    ],
    ['start: a comment', SOURCE, source('// It is what it is.'), source('/** What it is. */'), 'start 2'],
    ['start: a rest of a message', SOURCE, source("f(' of issuers');"), source("f('of issuers');"), 'start 2'],
    ['id: prose', DOC, 'Keys rotate (C-66, rotated keys).', 'Keys rotate (C-66, C-67).', 'id 1'],
    ['id: a comment', SOURCE, source('// Keys rotate (C-66, rotated keys).'), source('// Keys rotate (C-66).'), 'id 2'],
    ['id: not in a title', TEST, source("test('keys rotate (C-66)', f);"), `${source('')}// A verdict.`, 'phrase 3'],
    ['opening: Decides', SOURCE, '// Reads a file.\n', '// Decides a file.\n', 'opening 1'],
    ['opening: Never', SOURCE, '#!/usr/bin/env node\n// Reads a file.\n', '#!/usr/bin/env node\n// Never a file.\n', 'opening 2'],
    ['opening: no comment', SOURCE, '/** Reads a file. */\n', "import 'a';\n", 'opening 1'],
  ])('%s', (_name, path, good, bad, at) => {
    expect(found(path, good)).toEqual([]);
    expect(found(path, bad)).toEqual([at]);
  });
});

describe('phrases', () => {
  const ROWS: readonly [good: string, bad: string][] = [
    ['There is no key, and it is no longer read; there must be no other.', 'The key is no string.'],
    ['There is none.', 'A token that is none.'],
    ['No client.', 'Whoever asks.'],
    ['Until told to stop.', 'The caller is told.'],
    ['A star stands for every name.', 'A name stands twice.'],
    ['The judge of a race.', 'The token is judged.'],
    ['The result.', 'The verdict.'],
    ['Fix it.', 'Mend it.'],
    ['Not available.', 'Not to be had.'],
    ['The gateway rejects it.', 'The gateway says no.'],
    ['Expected by clients.', 'Asked of clients.'],
    ['Compared with the body.', 'Held against the body.'],
    ['Many.', 'So many.'],
    ['Those that are good.', 'Such as are good.'],
    ['So that no call hides.', 'So that none hides.'],
    ['They agree.', 'They are of one mind.'],
    ['Nothing about it.', 'Nothing of it.'],
    ['It happens to tokens.', 'It becomes of tokens.'],
    ['The rest.', 'It is left of the rest.'],
    ['Known about it.', 'Known of it.'],
    ['Good, but for another server.', 'Good but for one.'],
    ['Expensive.', 'Dearer.'],
  ];
  test.each(ROWS)('%s / %s', (good, bad) => {
    expect(check(DOC, good)).toEqual([]);
    expect(check(DOC, bad).map(({ rule }) => rule)).toEqual(['phrase']);
  });

  test('each has a row here, and says what to write instead', () => {
    expect(phrases.filter(({ pattern }) => !ROWS.some(([, bad]) => new RegExp(pattern, 'i').test(bad)))).toEqual([]);
    expect(check(DOC, 'The verdict.')).toEqual([
      { path: DOC, line: 1, rule: 'phrase', found: 'verdict', instead: 'write "result"' },
    ]);
  });
});

describe('the table of requirements', () => {
  test('may have long rows and sentences, but not every phrase', () => {
    expect(found('docs/conformance.md', cells(`${long} ${words(26)} (C-66)`))).toEqual([]);
    expect(found('docs/conformance.md', cells('a verdict'))).toEqual(['phrase 3']);
  });
});

describe('an exception', () => {
  const quoted: Exception = { path: DOC, rule: 'phrase', text: 'RFC says: verdict', why: 'a quotation' };
  test.each([
    ['holds for its line', 'The RFC says: verdict.', []],
    ['holds for no other line', 'A verdict.', ['phrase']],
  ])('%s', (_name, text, rules) => {
    const met = new Set<Exception>();
    expect(check(DOC, text, met, [quoted]).map(({ rule }) => rule)).toEqual(rules);
    expect([...met]).toEqual(rules.length === 0 ? [quoted] : []);
  });
});

describe('the command', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'prose-'));
    execFileSync('git', ['init', '--quiet'], { cwd: folder });
    for (const [path, text] of [
      ['good.md', 'A result.\n'],
      ['docs/bad.md', 'A verdict.\n'],
      ['docs/picture.png', 'verdict'],
    ] as const) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const run = (...args: string[]) => {
    const entry = fileURLToPath(script('prose.mjs'));
    const { status, stdout, stderr } = spawnSync(process.execPath, [entry, ...args], { cwd: folder, encoding: 'utf8' });
    return { status, output: stdout + stderr };
  };

  test.each<[name: string, args: string[], status: number, output: string]>([
    ['all files', [], 1, 'docs/bad.md:1: "verdict" - write "result" (phrase)\n\n1 problem in 1 of 2 files, phrase 1\n'],
    ['a file', ['good.md'], 0, '\n0 problems in 0 of 1 file\n'],
    ['a folder', ['docs'], 1, '1 problem in 1 of 1 file,'],
    ['one rule', ['--rule', 'width'], 0, '0 problems in 0 of 2 files'],
    ['a summary', ['--summary', '--rule', 'phrase'], 1, 'docs                             1         1\n'],
    ['a rule that does not exist', ['--rule', 'taste'], 2, 'there is no rule "taste"'],
    ['a path that does not exist', ['nowhere.md'], 2, 'none of these paths'],
    ['an option that does not exist', ['--fix'], 2, '--fix'],
    ['help', ['--help'], 0, 'usage: node scripts/prose.mjs'],
  ])('%s', (_name, args, status, output) => {
    const result = run(...args);
    expect(result.output).toContain(output);
    expect(result.status).toBe(status);
  });
});
