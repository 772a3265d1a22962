// One wrong indentation is one problem, with its line and the indentation of its neighbours.
import { describe, expect, test } from 'vitest';
import { parseYaml } from '../../src/config/load.js';

const LINES = `publicUrl: https://mcp.example.com
issuers:
  main:
    issuer: https://auth.example.com
    # a comment
    audience: [x]
endpoints:
  - path: /mcp
    issuers: [main]

    upstream: http://10.0.0.5:3000/mcp
    scopes: [a]`.split('\n');

function problemsOf(text: string): string[] {
  try {
    parseYaml(text, {});
    return [];
  } catch (error) {
    return (error as Error).message.split('\n').slice(1);
  }
}

const entries = LINES.flatMap((line, i) => (/^\s*(#|$)/.test(line) ? [] : [[i + 1, line.trim()] as const]));

describe('one line with any other indentation', () => {
  test.each(entries)('line %i: %s', (number, text) => {
    expect(problemsOf(LINES.join('\n'))).toEqual([]);
    const right = (LINES[number - 1] as string).length - text.length;
    let wrong = 0;
    for (const indent of [0, 1, 2, 3, 4, 5, 6, 8]) {
      const changed = LINES.map((line, i) => (i === number - 1 ? ' '.repeat(indent) + text : line));
      const problems = problemsOf(changed.join('\n'));
      // The first and only entry of a map may have any indentation between those around it.
      if (indent === right || problems.length === 0) continue;
      wrong++;
      expect(problems).toHaveLength(1);
      const [, line, own, neighbours] = /^ {2}line (\d+): its indentation is (\d) spaces?, and its neighbours have (\d)/.exec(
        String(problems[0]),
      ) as unknown as string[];
      // Where two entries differ, either of them can be the wrong one.
      const isThisOne = [line, own, neighbours].join() === [number, indent, right].join();
      const isNeighbour = own === String(right) && neighbours === String(indent);
      expect(isThisOne || isNeighbour, problems[0]).toBe(true);
    }
    expect(wrong).toBeGreaterThan(3);
  });
});

describe('two lines with a wrong indentation', () => {
  const lines = LINES.map((line) => line.replace('audience: [x]', 'typ: at+jwt'));
  const two = [...lines, '  - path: /b', ...lines.slice(8).filter((line) => line !== '')];
  const at = (name: string): number[] => two.flatMap((line, i) => (line.trim().startsWith(`${name}:`) ? [i] : [])).slice(-2);
  const shift = (indents: Readonly<Record<number, number>>): string =>
    two.map((line, i) => (indents[i] === undefined ? line : ' '.repeat(indents[i]) + line.trim())).join('\n');
  const wrong = (line: number, spaces: number): string =>
    `  line ${line + 1}: its indentation is ${spaces} spaces, and its neighbours have 4 spaces; write 4 spaces`;

  test.each(['issuers', 'upstream', 'scopes'])('in both elements of the list: %s', (name) => {
    expect(problemsOf(two.join('\n'))).toEqual([]);
    const [a = 0, b = 0] = at(name);
    for (const indent of [2, 3, 5, 6])
      expect(problemsOf(shift({ [a]: indent, [b]: indent }))).toEqual([wrong(a, indent), wrong(b, indent)]);
    expect(problemsOf(shift({ [a]: 3, [b]: 5 }))).toEqual([wrong(a, 3), wrong(b, 5)]);
  });

  test('in two places of the file', () => {
    const [upstream = 0] = at('upstream');
    expect(problemsOf(shift({ 5: 3, [upstream]: 3 }))).toEqual([wrong(5, 3), wrong(upstream, 3)]);
  });

  test('in all of fifteen elements', () => {
    const element = (i: number): string => `  - path: /e${i}\n   issuers: [main]\n    upstream: http://10.0.0.5:3000/mcp`;
    const text = [...LINES.slice(0, 7), ...Array.from({ length: 15 }, (_, i) => element(i))].join('\n');
    expect(problemsOf(text)).toEqual(Array.from({ length: 15 }, (_, i) => wrong(8 + 3 * i, 3)));
  });
});

test.each<[string, number, string]>([
  ['', 9, '1'],
  ['  ', 9, '3'],
  ['    ', 12, '5'],
  ['', 8, '1'],
  ['', 4, '1'],
  ['\t', 12, '1'],
])('a tab as indentation is one problem: after %j in line %i', (before, line, column) => {
  const text = LINES.map((one, i) => (i === line - 1 ? `${before}\t${one.trim()}` : one)).join('\n');
  const place = `line ${line}, column ${column}`;
  expect(problemsOf(text)).toEqual([`  (file): not valid YAML: ${place}: a tab as indentation; write spaces`]);
});

test('tabs in place of all spaces are one problem, and an earlier flaw stays', () => {
  const tabs = LINES.map((line) => line.replace(/^ +/, (spaces) => '\t'.repeat(spaces.length / 2)));
  expect(problemsOf(tabs.join('\n'))).toEqual([expect.stringContaining('line 3, column 1: a tab as indentation')]);
  const both = LINES.join('\n').replace('    audience:', '    issuer: x\n    audience:').replace('    scopes', '\tscopes');
  expect(problemsOf(both)).toEqual([
    expect.stringContaining('line 6, column 5: issuer occurs twice'),
    expect.stringContaining('line 13, column 1: a tab'),
  ]);
});

test.each(LINES.filter((line) => /: ?\S/.test(line)))('a colon that is missing is not a problem of indentation: %s', (line) => {
  for (const changed of [line.replace(':', ''), line.replace(': ', ':')])
    expect(problemsOf(LINES.join('\n').replace(line, changed)).join()).not.toContain('its indentation');
});

test('another problem beside it is reported too, where the text is YAML all the same', () => {
  const text = LINES.join('\n').replace('    scopes', 'scopes').replace('publicUrl:', 'logLevel: loud\npublicUrl:');
  expect(problemsOf(text)).toEqual([
    '  line 1: logLevel: write debug, info, warn or error',
    '  line 13: its indentation is 0 spaces, and its neighbours have 4 spaces; write 4 spaces',
  ]);
});

test.each<[string, string, RegExp]>([
  ['a field that exists nowhere', LINES.join('\n').replace('    scopes', '    scoops'), /unknown field; did you mean scopes/],
  ['a bracket that is not closed', LINES.join('\n').replace('[main]', '[main'), /not valid YAML/],
  ['a quote that is not closed', LINES.join('\n').replace('[x]', '["x]'), /not valid YAML/],
  ['a colon that is missing', LINES.join('\n').replace('upstream:', 'upstream'), /not valid YAML/],
])('%s is not a problem of indentation', (_what, text, expected) => {
  const problems = problemsOf(text);
  expect(problems.join()).toMatch(expected);
  expect(problems.join()).not.toContain('its indentation');
});

test('a text that is not a configuration at all has few problems', () => {
  const rest = LINES.slice(1).join('\n');
  expect(problemsOf(` - x\n${rest}`).length).toBeLessThan(4);
});
