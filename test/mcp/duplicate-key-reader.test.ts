// A member name is repeated if any reader could see it twice.
import { describe, expect, test } from 'vitest';
import { fold } from '../../src/mcp/duplicate-key-reader.js';
import { readMessages } from '../../src/mcp/message-reader.js';

const flawOf = (params: string): string => {
  const result = readMessages(Buffer.from(`{"jsonrpc":"2.0","id":1,"method":"m","params":{${params}}}`));
  if (result.ok) return 'ok';
  return result.unreadable ? 'not JSON' : result.detail;
};
const repeated = 'a member name is repeated';
const spelling = 'a member name is repeated, perhaps in another spelling';
const tooMany = 'too many names, or a name that is too long';
const ambiguous = 'a name has a NUL or half a surrogate pair';

describe('names (B-25)', () => {
  test.each([
    '',
    '"name":"a","uri":"b","taskId":"c"',
    '"x":1,"y":2,"nam":3,"names":4,"\\u0078\\u0078":5',
    '"n\u0430me":1,"name":"a"',
    '"x":{"y":1,"y":2}',
    '"\\ud83d\\ude00":1,"\\ud83d\\ude01":2',
    '"\\\\u0000":1',
  ])('that differ pass: {%s}', (params) => {
    expect(flawOf(params)).toBe('ok');
  });

  test.each([
    ['a known name twice', '"name":"a","name":"a"', repeated],
    ['a known name twice, others between', '"name":"a","x":[{}],"uri":"b","name":"c"', repeated],
    ['an unknown name twice', '"x":1,"x":2', spelling],
    ['an unknown name in two spellings', '"x":1,"X":2', spelling],
    ['the empty name twice', '"":1,"":2', spelling],
    ['a known name in another case', '"Name":"a"', spelling],
    ['a known name beside itself in another case', '"name":"a","NAME":"b"', spelling],
    ['a known name in lower case', '"taskid":"a"', spelling],
    ['a known name with an escape', '"\\u006eame":"a"', spelling],
    ['a known name twice, once with an escape', '"name":"a","nam\\u0065":"b"', spelling],
    ['the long s', '"argument\u017f":{}', spelling],
    ['the kelvin sign', '"tas\u212aId":"a"', spelling],
    ['the dotless i', '"ur\u0131":"a"', spelling],
    ['the I with a dot', '"ur\u0130":"a"', spelling],
    ['sharp s and capital sharp s', '"\u00df":1,"\u1e9e":2', spelling],
    ['an unknown name twice, once with an escape', '"x":1,"\\u0078":2', spelling],
    ['__proto__ twice', '"__proto__":1,"__proto__":2', spelling],
    ['a NUL in a name', '"name\\u0000":1', ambiguous],
    ['half a surrogate pair in a name', '"x\\ud800":1', ambiguous],
    ['the other half', '"\\ude00x":1', ambiguous],
  ])('%s is a flaw', (_what, params, flaw) => {
    expect(JSON.parse(`{${params}}`)).toBeDefined();
    expect(flawOf(params)).toBe(flaw);
  });

  test('broken JSON after a flaw is reported as broken', () => {
    expect(flawOf('"x":1,"x":2')).toBe(spelling);
    expect(flawOf('"x":1,"x":2,')).toBe('not JSON');
  });
});

describe('limits (B-25)', () => {
  const many = (count: number): string => Array.from({ length: count }, (_, i) => `"x${i}":1`).join();

  test.each([
    ['at the top', (members: string) => `{"jsonrpc":"2.0","id":1,"method":"m",${members}}`],
    ['in params', (members: string) => `{"jsonrpc":"2.0","id":1,"method":"m","params":{"name":"a",${members}}}`],
    ['in _meta', (members: string) => `{"jsonrpc":"2.0","id":1,"method":"m","params":{"_meta":{${members}}}}`],
  ])('100 names beside the known ones pass %s, 101 do not', (_where, message) => {
    expect(readMessages(Buffer.from(message(many(100))))).toMatchObject({ ok: true });
    expect(readMessages(Buffer.from(message(many(101))))).toMatchObject({
      ok: false,
      unreadable: false,
      detail: tooMany,
      idText: '1',
    });
  });

  test('256 bytes of a name pass, 257 do not', () => {
    expect(flawOf(`"${'x'.repeat(256)}":1`)).toBe('ok');
    expect(flawOf(`"${'x'.repeat(257)}":1`)).toBe(tooMany);
    expect(flawOf(`"${'\u00e9'.repeat(128)}":1`)).toBe('ok');
    expect(flawOf(`"${'\u00e9'.repeat(129)}":1`)).toBe(tooMany);
  });

  test('names in arguments do not count', () => {
    expect(flawOf(`"arguments":{${many(5_000)},"${'x'.repeat(5_000)}":1}`)).toBe('ok');
  });
});

describe('fold returns the same text for names that some reader takes for equal', () => {
  const every = Array.from({ length: 0x11_0000 }, (_, code) => code)
    .filter((code) => code < 0xd800 || code > 0xdfff)
    .map((code) => String.fromCodePoint(code))
    .filter((letter) => /\p{Changes_When_Casemapped}|\p{Changes_When_Casefolded}/u.test(letter));
  const letters = every.join('');

  test.each<[string, (letter: string) => readonly string[]]>([
    ['lower case', (letter) => [letter.toLowerCase()]],
    ['upper case', (letter) => [letter.toUpperCase()]],
    // Simple case folding of Unicode, which patterns that ignore case use.
    ['case folding', (letter) => letters.match(new RegExp(`\\u{${letter.codePointAt(0)?.toString(16)}}`, 'giu')) ?? []],
  ])('%s of every letter', (_how, others) => {
    expect(every.length).toBeGreaterThan(2_800);
    expect(every.filter((letter) => others(letter).some((other) => fold(other) !== fold(letter)))).toEqual([]);
  });

  test.each([
    ['\u0130d', 'id'],
    ['\u0131d', 'id'],
    ['\u212a', 'k'],
    ['me\u017fsage', 'MESSAGE'],
    ['\u1e9e', 'ss'],
    ['\u03b1\u03c2', '\u0391\u03a3'],
    ['\u03b1\u03c3', '\u03b1\u03c2'],
    ['\u2126', '\u03c9'],
  ])('%s and %s', (one, other) => expect(fold(one)).toBe(fold(other)));

  test.each([
    ['id', 'ld'],
    ['name', 'n\u0430me'],
    ['a b', 'a_b'],
    ['method', 'method\u200b'],
  ])('but not %s and %s', (one, other) => expect(fold(one)).not.toBe(fold(other)));
});
