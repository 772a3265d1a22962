// The filter for lists in a message, byte for byte.
import { describe, expect, test } from 'vitest';
import type { Era } from '../../src/core/message.js';
import type { ListMember, ListView } from '../../src/mcp/lists.js';
import { filterLists, MAX_NAME_CHARACTERS } from '../../src/proxy/list-filter.js';

/** Hides names that begin with `no`. `requested`: the names that the view was asked about. */
function hiding(...members: ListMember[]): ListView & { requested: string[] } {
  const requested: string[] = [];
  return {
    requested,
    members,
    mayUse(member, name) {
      requested.push(`${member} ${name}`);
      return !name.startsWith('no');
    },
  };
}

const ALL: ListMember[] = ['tools', 'prompts', 'resources', 'resourceTemplates'];

function filter(text: string | Buffer, view: ListView = hiding('tools'), era: Era = 'legacy'): string {
  const filtered = filterLists(Buffer.from(text), view, era);
  return filtered.ok ? filtered.bytes.toString() : `flaw: ${filtered.detail}`;
}

const answer = (result: string): string => `{"jsonrpc":"2.0","id":1,"result":${result}}`;
const tools = (...entries: string[]): string => answer(`{"tools":[${entries.join(',')}]}`);

describe('entries that the caller may not use are cut', () => {
  const [a, b, no] = ['{"name":"a"}', '{"name":"b"}', '{"name":"no"}'] as const;
  test.each([
    ['first', [no, a, b], [a, b]],
    ['in the middle', [a, no, b], [a, b]],
    ['last', [a, b, no], [a, b]],
    ['on both sides', [no, a, no], [a]],
    ['alone', [no], []],
    ['everywhere', [no, no, no], []],
    ['nowhere', [a, b], [a, b]],
    ['in an empty list', [], []],
  ])('%s (A-37)', (_where, given, left) => expect(filter(tools(...given))).toBe(tools(...left)));

  test.each<[ListMember, string]>([
    ['tools', 'name'],
    ['prompts', 'name'],
    ['resources', 'uri'],
    ['resourceTemplates', 'uriTemplate'],
  ])('of %s by their %s, and other members of the result stay', (member, key) => {
    const list = (...names: string[]): string =>
      answer(`{"other":[{"${key}":"no"}],"${member}":[${names.map((name) => `{"title":"no","${key}":"${name}"}`).join()}]}`);
    const view = hiding(member);
    expect(filter(list('yes', 'no', 'non'), view)).toBe(list('yes'));
    expect(view.requested).toEqual([`${member} yes`, `${member} no`, `${member} non`]);
  });

  test('only in the lists of the view, and each by its own rules', () => {
    const both = (name: string): string => answer(`{"tools":[{"name":"${name}"}],"prompts":[{"name":"${name}"}]}`);
    expect(filter(both('no'), hiding('prompts'))).toBe(answer('{"tools":[{"name":"no"}],"prompts":[]}'));
    const view = hiding(...ALL);
    expect(filter(both('no'), view)).toBe(answer('{"tools":[],"prompts":[]}'));
    expect(view.requested).toEqual(['tools no', 'prompts no']);
    const neither = hiding();
    expect([filter(both('no'), neither), neither.requested]).toEqual([both('no'), []]);
  });

  test('in every message of a batch', () => {
    const batch = (...names: string[]): string =>
      `[${tools(...names.map((name) => `{"name":"${name}"}`))},{"jsonrpc":"2.0"} , ${answer('{}')}]`;
    expect(filter(batch('a', 'no'))).toBe(batch('a'));
    expect(filter(`[${tools(no)},${tools(a, no)}]`)).toBe(`[${tools()},${tools(a)}]`);
    expect(filter('[ ]')).toBe('[ ]');
  });

  test.each([
    ['no object but another value', '"a"', '1', 'null', '["a"]', 'true'],
    ['no members', '{}', '{ }'],
    ['no name', '{"title":"a"}', '{"annotations":{"name":"a"}}'],
    ['a name that is not a string', '{"name":1}', '{"name":null}', '{"name":["a"]}', '{"name":{"name":"a"}}'],
    ['a name that no call can have', '{"name":"a\\u0000"}', '{"name":"\\ud800"}', '{"name":"\\udc00\\ud800a"}'],
  ])('an entry with %s is cut without asking the view', (_what, ...entries) => {
    const view = hiding('tools');
    expect(filter(tools(...entries), view)).toBe(tools());
    expect(view.requested).toEqual([]);
    expect(filter(tools(...entries, a), view)).toBe(tools(a));
    expect(view.requested).toEqual(['tools a']);
  });

  test.each([
    ['"\\u006eo"', 'no'],
    ['"n\\u006f\\n"', 'no\n'],
    ['"\\ud83d\\ude00"', '\u{1f600}'],
    ['"\u{1f600}\u2028"', '\u{1f600}\u2028'],
    ['"a\\/\\"b"', 'a/"b'],
    ['""', ''],
  ])('the view gets the name %s as clients decode it (B-25)', (written, name) => {
    const view = hiding('tools');
    const text = tools(`{"name":${written}}`);
    expect(filter(text, view)).toBe(name.startsWith('no') ? tools() : text);
    expect(view.requested).toEqual([`tools ${name}`]);
  });
});

describe('all other bytes stay unchanged', () => {
  test('numbers, white space, unknown members, escapes, order, annotations (B-26, B-27, B-62)', () => {
    const entry =
      '{ "x-unknown":1.0, "name" : "a\\u0062", "inputSchema":{"type":"object","properties":{"r":{"type":"string","x-mcp-header":"Region"},"r":1}},\r\n"n":9007199254740993 }';
    const text = (list: string): string =>
      ` {"result" : {"nextCursor":"\\u0031==", "_meta":{"a":1e400,"A":-0}, "tools":[ ${list} ] ,"ttlMs":0.10},\n"id":12345678901234567890,"jsonrpc":"2.0"} `;
    expect(filter(text(`{"name":"no"} , ${entry} , {"name":"not"}`))).toBe(text(entry));
    expect(filter(text(entry))).toBe(text(entry));
    expect(filter(text(''))).toBe(text(''));
  });

  test('a message without changes is not even copied', () => {
    const bytes = Buffer.from(tools('{"name":"a"}'));
    expect(filterLists(bytes, hiding('tools'), 'legacy')).toEqual({ ok: true, bytes });
    const filtered = filterLists(bytes, hiding('tools'), 'legacy');
    expect(filtered.ok && filtered.bytes).toBe(bytes);
  });

  test.each([
    ['an error', '{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"x","data":{"tools":[{"name":"no"}]}}}'],
    ['a notification', '{"jsonrpc":"2.0","method":"notifications/x","params":{"tools":[{"name":"no"}],"result":{"tools":[1]}}}'],
    ['a request of the server', '{"jsonrpc":"2.0","id":7,"method":"sampling/createMessage","params":{"tools":[{"name":"no"}]}}'],
    ['another result', answer('{"content":[],"structuredContent":{"tools":[{"name":"no"}]}}')],
    ['a result that is not an object', answer('[{"tools":[{"name":"no"}]}]')],
    ['an empty result', answer('{}')],
    ['an empty object', '{}'],
  ])('%s passes', (_what, text) => {
    expect(filter(text, hiding(...ALL))).toBe(text);
    expect(filter(text, hiding(...ALL), 'modern')).toBe(text);
  });

  test('a list of null passes: some servers write it for an empty list', () => {
    expect(filter(answer('{"tools": null }'))).toBe(answer('{"tools": null }'));
  });
});

describe('B-105, B-106: a filtered list is private', () => {
  const listed = (before: string, after = ''): string => answer(`{${before}"tools":[{"name":"a"}]${after}}`);
  test.each([
    ['before it', listed('"cacheScope":"public",'), listed('"cacheScope":"private",')],
    ['after it', listed('', ',"cacheScope" : "public" '), listed('', ',"cacheScope" : "private" ')],
    ['private already', listed('"cacheScope":"private",'), listed('"cacheScope":"private",')],
    ['with escapes', listed('"cacheScope":"publi\\u0063",'), listed('"cacheScope":"private",')],
    ['of another type', listed('"cacheScope":{"a":[1]},'), listed('"cacheScope":"private",')],
  ])('in either era, %s', (_where, given, left) => {
    expect(filter(given)).toBe(left);
    expect(filter(given, hiding('tools'), 'modern')).toBe(left);
  });

  test('in the modern era also where cacheScope is missing, and on an empty page', () => {
    const scoped = ',"cacheScope":"private"';
    expect(filter(listed('', ' '), hiding('tools'), 'modern')).toBe(listed('', ` ${scoped}`));
    expect(filter(tools('{"name":"no"}'), hiding('tools'), 'modern')).toBe(answer(`{"tools":[]${scoped}}`));
    expect(filter(answer('{"tools":null}'), hiding('tools'), 'modern')).toBe(answer(`{"tools":null${scoped}}`));
    expect(filter(listed('', ' '))).toBe(listed('', ' '));
  });

  test('another list stays as it is', () => {
    const text = answer('{"contents":[],"cacheScope":"public","prompts":[]}');
    expect(filter(text, hiding('tools'), 'modern')).toBe(text);
  });

  test('with entries cut before and after the scope', () => {
    const text = (list: string, scope: string): string =>
      answer(`{"tools":[${list}],"cacheScope":"${scope}","prompts":[${list}]}`);
    expect(filter(text('{"name":"no"}', 'public'), hiding(...ALL))).toBe(text('', 'private'));
  });
});

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
