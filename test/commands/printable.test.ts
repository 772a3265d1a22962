// Text from others reaches the terminal in ASCII, short, without a token, and without delay.
import { expect, test } from 'vitest';
import { createPrintable } from '../../src/commands/printable.js';

const TOKEN = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJlLW9mLWFsaWNl';
const OTHER = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJib2IifQ.c2lnbmF0dXJlLW9mLWJvYg';
const { text, line, json } = createPrintable(TOKEN);

test.each<[string, string, string]>([
  ['plain text', 'unchanged', 'unchanged'],
  ['a control character', 'a\x1b[2Jb\r\nc', 'a\\u001b[2Jb\\u000d\\u000ac'],
  ['a character that reverses the direction of the text', 'a\u202eb', 'a\\u202eb'],
  ['the token', `it was ${TOKEN}.`, 'it was [token].'],
  ['a part of it', `it was ${TOKEN.split('.')[2]}`, 'it was [token]'],
  ['another token', `x=${OTHER}; y`, 'x=[token]; y'],
  ['another token without its end', `x=${OTHER.slice(0, 30)}`, 'x=[token]'],
  ['a long text', 'x'.repeat(400), `${'x'.repeat(300)} ...`],
  ['another token at the end of a long text', `${' '.repeat(1970)}${OTHER}`, `${' '.repeat(300)} ...`],
  ['many tokens', `${OTHER} `.repeat(20), '[token] '.repeat(20)],
])('%s', (_title, given, printed) => {
  expect(text(given)).toBe(printed);
});

test('a value that is slow to search, or very deep, is printed in time', () => {
  // A search of the whole first value would take minutes. The second one would exhaust the stack.
  expect(text('eyJ'.repeat(200_000))).toBe('[token] ...');
  const deep: unknown = JSON.parse(`${'['.repeat(11_000)}${']'.repeat(11_000)}`);
  expect(line(deep)).toBe('[[[[[[[["..."]]]]]]]]');
  expect(JSON.parse(json({ aud: deep }))).toEqual({ aud: [[[[[[['...']]]]]]] });
  expect([line('text'), line(['a', { b: 1 }]), line(undefined)]).toEqual(['text', '["a",{"b":1}]', 'absent']);
});

test('the name of a member is masked and escaped like its value', () => {
  expect(json({ [`a\u009b${OTHER}`]: TOKEN })).toBe('{\n  "a\\u009b[token]": "[token]"\n}');
});
