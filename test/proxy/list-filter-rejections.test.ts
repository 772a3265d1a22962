// Lists that the filter rejects: two clients could read them differently, or they cost too much.
import { describe, expect, test } from 'vitest';
import { MAX_NAME_CHARACTERS } from '../../src/proxy/list-filter.js';
import { answer, filter, hiding, tools } from '../support/list-texts.js';

describe('a message that two clients could read as different lists is rejected', () => {
  const valid = answer('{"tools":[{"name":"a","title":"t"}],"ttlMs":1}');
  const flaws: [string, string][] = [
    ['"result":{', '"result":{},"result":{'],
    ['"result":{', '"Result":{},"result":{'],
    ['"result":{', '"re\\u0073ult":{'],
    ['"result":{', '"RESULT":{'],
    ['"id":1', '"id":1,"ID":1'],
    ['"tools":[', '"tools":[],"tools":['],
    ['"tools":[', '"Tools":[],"tools":['],
    ['"tools":[', '"tool\\u0073":['],
    ['"tools":[', '"tool\u017f":['],
    ['"ttlMs":1', '"ttlMs":1,"ttlms":2'],
    ['"ttlMs":1', '"CacheScope":"public"'],
    ['"ttlMs":1', '"cacheScope":"public","cacheScope":"public"'],
    ['"name":"a"', '"name":"a","name":"no"'],
    ['"name":"a"', '"name":"a","Name":"no"'],
    ['"name":"a"', '"n\\u0061me":"a"'],
    ['"name":"a"', '"NAME":"a"'],
    ['"title":"t"', '"title":"t","Title":"t"'],
    ['[{"name":"a","title":"t"}]', '{"a":{"name":"a"}}'],
    ['[{"name":"a","title":"t"}]', '"a"'],
    ['[{"name":"a","title":"t"}]', 'false'],
  ];
  test.each(flaws)('%s as %s (B-25)', (from, to) => {
    expect(filter(valid)).toBe(valid);
    expect(filter(valid.replace(from, () => to))).toMatch(/^flaw: (a member name is repeated|tools is not an array)/);
  });

  test.each([
    ['an empty text', ''],
    ['white space', ' \n'],
    ['a string', '"tools"'],
    ['null', 'null'],
    ['a number in a batch', `[${valid},1]`],
    ['a batch in a batch', `[[${valid}]]`],
    ['half a message', valid.slice(0, -1)],
    ['more text after it', `${valid}{}`],
    ['two messages', `${valid}\n${valid}`],
    ['a byte order mark before it', `\ufeff${valid}`],
    ['single quotes', valid.replaceAll('"', "'")],
    ['a comma too many', valid.replace('}]', '},]')],
    ['a comma too few', valid.replace('",', '"')],
    ['a line feed in a name', valid.replace('"a"', '"a\n"')],
    ['nested too deeply', valid.replace('"t"', `${'['.repeat(200)}${']'.repeat(200)}`)],
    ['NaN', valid.replace('"t"', 'NaN')],
  ])('%s is not a message', (_what, text) => {
    expect(filter(valid)).toBe(valid);
    expect(filter(text)).toBe('flaw: not JSON-RPC, or nested too deeply');
  });

  test('a message that is not UTF-8 (B-18)', () => {
    const bytes = Buffer.from(valid.replace('"t"', '"\u00e9"'));
    expect(filter(bytes)).toBe(bytes.toString());
    expect(filter(Buffer.from(bytes.toString(), 'latin1'))).toBe('flaw: not UTF-8');
  });
});

describe('the work for one message has a limit', () => {
  const tooMany = `flaw: more than ${MAX_NAME_CHARACTERS} characters of names`;
  const named = (count: number, name: string): string => tools(...Array<string>(count).fill(`{"name":"${name}"}`));

  test.each<[string, string, number]>([
    ['a letter', 'a', 8_192],
    ['32 letters', 'a'.repeat(32), 8_192],
    ['1024 letters', 'a'.repeat(1_024), 256],
    ['1024 letters with escapes', '\\u0061'.repeat(1_024), 256],
    ['1024 letters beyond ASCII', `\u00e9${'a'.repeat(1_023)}`, 32],
  ])('names of %s', (_what, name, count) => {
    expect(filter(named(count, name).replace('[', '[{"title":"t"},'))).toBe(named(count, name));
    const view = hiding('tools');
    expect([filter(named(count + 1, name), view), view.requested.length]).toEqual([tooMany, count]);
  });

  test('names of several lists count together', () => {
    const batch = (count: number): string => `[${named(8_192 - count, 'a')},${named(count, 'a')}]`;
    expect(filter(batch(4_000))).toBe(batch(4_000));
    expect(filter(`[${named(8_192, 'a')},${named(1, 'a')}]`)).toBe(tooMany);
  });

  test.each<[string, number, (i: number) => string]>([
    ['short', 131_072, (i) => `"x${i}":0`],
    ['beyond ASCII', 4_096, (i) => `"${'\u00e9'.repeat(122)}${1_000 + i}":0`],
  ])('other member names of the entries, %s', (_what, count, member) => {
    const entry = Array.from({ length: 64 }, (_, i) => member(i)).join();
    const full = tools(...Array<string>(count / 64).fill(`{${entry}}`)).replace('{"jsonrpc":"2.0","id":1,', '{');
    const result = full.replace('[', '[{"name":"a"},');
    expect(filter(result)).toBe('{"result":{"tools":[{"name":"a"}]}}');
    expect(filter(result.replace('"a"', '"a","x":0'))).toBe('flaw: too many names');
  });
});
