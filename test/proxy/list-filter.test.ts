// The filter for lists in a message, byte for byte.
import { describe, expect, test } from 'vitest';
import type { ListMember } from '../../src/mcp/lists.js';
import { filterLists } from '../../src/proxy/list-filter.js';
import { ALL, answer, filter, hiding, tools } from '../support/list-texts.js';

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
