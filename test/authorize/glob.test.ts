// The names that a pattern matches.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createGlob } from '../../src/authorize/glob.js';

test.each([
  ['read', ['read'], ['reads', 'rea', 'Read', '', 'read ']],
  ['*', ['', 'anything', 'a*b'], []],
  ['write_*', ['write_', 'write_file'], ['write', 'Write_file', 'xwrite_file']],
  ['*_write', ['_write', 'file_write'], ['file_writes', 'write']],
  ['a*b*c', ['abc', 'a--b--c', 'abbc', 'abcbc'], ['ac', 'ab', 'acb', 'abcd']],
  ['a*a', ['aa', 'aba'], ['a']],
  ['ab*ba', ['abba', 'ab.ba'], ['aba']],
  ['**', ['', 'x'], []],
  ['a.c', ['a.c'], ['abc']],
  ['[a-z]?', ['[a-z]?'], ['a', 'ab']],
])('%s', (pattern, named, others) => {
  const matches = createGlob(pattern);
  for (const name of named) expect([name, matches(name)]).toEqual([name, true]);
  for (const name of others) expect([name, matches(name)]).toEqual([name, false]);
});

test('matches the same names as the equivalent regular expression', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '*', '.'), maxLength: 8 });
  let named = 0;
  fc.assert(
    fc.property(text, text, (pattern, name) => {
      const expected = new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '[^]*')}$`).test(name);
      if (expected) named++;
      expect(createGlob(pattern)(name)).toBe(expected);
    }),
    { numRuns: 2_000 },
  );
  expect(named).toBeGreaterThan(50);
});

test('a long name and a pattern of many stars take little time', () => {
  const matches = createGlob(`${'a*'.repeat(200)}b`);
  expect(matches(`${'a'.repeat(100_000)}b`)).toBe(true);
  expect(matches('a'.repeat(100_000))).toBe(false);
});
