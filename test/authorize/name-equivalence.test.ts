// The spellings of a name that are equal for restricting rules.
import { expect, test } from 'vitest';
import { equivalentNames, foldName } from '../../src/authorize/name-equivalence.js';

test.each([
  ['another case', 'DELETE_File'],
  ['full width', '\uff44elete_file'],
  ['the I with a dot', 'delete_f\u0130le'],
  ['the dotless i', 'delete_f\u0131le'],
  ['a space at the end', 'delete_file\u00a0'],
  ['a control character at the end', 'delete_file\x1c'],
  ['a soft hyphen', 'delete\u00ad_file'],
  ['a zero-width space', 'delete_\u200bfile'],
])('%s', (_how, name) => {
  expect(foldName('delete_files')).not.toBe(foldName('delete_file'));
  expect(foldName(name)).toBe(foldName('delete_file'));
});

test('sharp s, small and capital', () => expect(foldName('stra\u00dfe')).toBe(foldName('STRA\u1e9eE')));

test('a name that takes long to normalize is denied: more marks in a row than text has', () => {
  const marked = (marks: number) => equivalentNames('tool', `a${'\u0301'.repeat(marks)}\u0316`.repeat(2));
  expect(marked(29)).toHaveLength(1);
  expect(marked(30)).toBeNull();
});
