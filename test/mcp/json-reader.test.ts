// The reader accepts exactly the JSON of RFC 8259, like JSON.parse.
import { describe, expect, test } from 'vitest';
import { JsonReader } from '../../src/mcp/json-reader.js';
import { InvalidJsonError } from '../../src/mcp/json-tokens.js';
import { parses } from '../support/json-tree.js';

/** Reads one whole value. Returns the flaw, `ok` or `not JSON`. */
function read(text: string | Buffer): string {
  const reader = new JsonReader(Buffer.from(text));
  try {
    reader.skip(0);
    reader.end();
  } catch (error) {
    if (error instanceof InvalidJsonError) return 'not JSON';
    throw error;
  }
  return reader.flaw ?? 'ok';
}

const GOOD = [
  'null',
  'true',
  'false',
  '0',
  '-0',
  '1',
  '-12',
  '10.5',
  '1e5',
  '1E+05',
  '0.0e-0',
  '123456789012345678901234567890',
  '""',
  '"a"',
  '"\u00e9\u2028\u{1f600}"',
  '"\\"\\\\\\/\\b\\f\\n\\r\\t"',
  '"\\u0000\\uABcd\\ud83d\\ude00"',
  '"\\ud800"',
  '"\x7f"',
  '[]',
  '[ ]',
  '[1]',
  '[1,"a",null,[],{}]',
  '{}',
  '{ }',
  '{"a":1}',
  '{"a":{"a":{"a":[{}]}}}',
  '{"":0}',
  '{"__proto__":1}',
  ' \t\r\n[ 1 , 2 ] \n',
  '{"a" : 1 , "b" : 2 }',
];

const BAD = [
  '',
  ' ',
  'nul',
  'nulll',
  'True',
  'NaN',
  'Infinity',
  '-',
  '+1',
  '01',
  '-01',
  '1.',
  '.5',
  '1e',
  '1e+',
  '1.e5',
  '0x10',
  '1_000',
  '1 2',
  '"',
  '"a',
  "'a'",
  '"\\x41"',
  '"\\u12"',
  '"\\u12g4"',
  '"\\',
  '"\\u',
  '"\n"',
  '"\t"',
  '"\u0000"',
  '"\u001f"',
  '[',
  ']',
  '[1',
  '[1,]',
  '[,1]',
  '[,]',
  '[1 2]',
  '[1;2]',
  '[1]]',
  '[1}',
  '{',
  '}',
  '{"a"}',
  '{"a":}',
  '{"a":1,}',
  '{,}',
  '{"a":1 "b":2}',
  '{a:1}',
  "{'a':1}",
  '{"a":1]',
  '{1:1}',
  '{"a"::1}',
  '{"a":1}}',
  '{null:1}',
  '// x\n1',
  '1 /* x */',
  '#1',
  '\u00a01',
  '\ufeff1',
  '\v1',
  '1\u2028',
  'undefined',
  '\u0000',
  '1\u0000',
];

describe('RFC 8259 (B-25)', () => {
  test.each(GOOD.map((text) => [text]))('accepts %j', (text) => {
    expect([parses(text), read(text)]).toEqual([true, 'ok']);
  });

  test.each(BAD.map((text) => [text]))('rejects %j', (text) => {
    expect([parses(text), read(text)]).toEqual([false, 'not JSON']);
  });
});

describe('depth (B-25)', () => {
  const nested = (open: string, close: string, levels: number): string => `${open.repeat(levels)}1${close.repeat(levels)}`;
  test.each([
    ['[', ']'],
    ['{"a":', '}'],
  ])('128 levels of %s pass, 129 do not, and 100,000 do not use the stack', (open, close) => {
    expect(read(nested(open, close, 128))).toBe('ok');
    expect(read(nested(open, close, 129))).toBe('not JSON');
    expect(read(nested(open, close, 100_000))).toBe('not JSON');
    expect(read(open.repeat(100_000))).toBe('not JSON');
  });
});
