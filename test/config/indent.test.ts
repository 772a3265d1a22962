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
