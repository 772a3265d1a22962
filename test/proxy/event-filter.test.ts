// The filter for event streams with lists.
import { describe, expect, test } from 'vitest';
import type { Era } from '../../src/core/message.js';
import type { ListView } from '../../src/mcp/lists.js';
import { EventFilter } from '../../src/proxy/event-filter.js';
import { filterLists } from '../../src/proxy/list-filter.js';

const listing: ListView = { members: ['tools'], mayUse: (_member, name) => !name.startsWith('no') };
const LIMIT = 1000;
const start = (era: Era = 'legacy'): EventFilter => new EventFilter((message) => filterLists(message, listing, era), LIMIT);

/** The output for each chunk, and at the end. */
function pushed(pieces: (string | Buffer)[], filter = start()): string[] {
  const out = pieces.map((piece) => filter.push(Buffer.from(piece)).toString());
  return [...out, filter.end().toString(), ...(filter.flaw === null ? [] : [`flaw: ${filter.flaw}`])];
}

const list = (...names: string[]): string =>
  `{"jsonrpc":"2.0","id":1,"result":{"tools":[${names.map((name) => `{"name":"${name}"}`).join()}]}}`;
const event = (...names: string[]): string => `event: message\nid: 7\ndata: ${list(...names)}\n\n`;
const NOTE = 'data: {"jsonrpc":"2.0","method":"notifications/progress","params":{"tools":[{"name":"no"}]}}\n\n';

describe('an event', () => {
  test('leaves as soon as it is complete, with its list filtered (A-37, B-70)', () => {
    const filter = start();
    const out = (text: string): string => filter.push(Buffer.from(text)).toString();
    expect(out(event('a', 'no', 'b'))).toBe(event('a', 'b'));
    expect(out(NOTE)).toBe(NOTE);
    expect(out(`${event('no')}${NOTE}${event('a').slice(0, -1)}`)).toBe(event() + NOTE);
    expect(out('\n')).toBe(event('a'));
    expect([filter.end().toString(), filter.flaw]).toEqual(['', null]);
  });

  test('is the same for any chunks', () => {
    const text = `\ufeff: hi\r\n${event('a', 'no')}retry: 5\r\rid: 8\r\ndata: ${list('no', '\u00e9')}\r\n\r\n${NOTE}data: \n\n`;
    const want = `\ufeff: hi\r\n${event('a')}retry: 5\r\rid: 8\r\ndata: ${list('\u00e9')}\r\n\r\n${NOTE}data: \n\n`;
    const bytes = Buffer.from(text);
    const whole = (pieces: Buffer[]): string => {
      const filter = start();
      return Buffer.concat([...pieces.map((piece) => filter.push(piece)), filter.end()]).toString();
    };
    expect(whole([bytes])).toBe(want);
    for (let i = 1; i < bytes.length; i++) expect(whole([bytes.subarray(0, i), bytes.subarray(i)])).toBe(want);
    expect(whole([...bytes].map((byte) => Buffer.from([byte])))).toBe(want);
  });

  test.each<[string, string, string]>([
    ['line feeds', event('a', 'no'), event('a')],
    ['CRLF', event('a', 'no').replaceAll('\n', '\r\n'), event('a').replaceAll('\n', '\r\n')],
    ['CR', event('a', 'no').replaceAll('\n', '\r'), event('a').replaceAll('\n', '\r')],
    ['no space after the colon', `data:${list('no')}\n\n`, `data: ${list()}\n\n`],
    ['two spaces', `data:  ${list('no')}\n\n`, `data:  ${list()}\n\n`],
    ['a byte order mark', `\ufeffdata: ${list('no')}\n\n`, `\ufeffdata: ${list()}\n\n`],
    ['another event type', `event: other\ndata: ${list('no')}\n\n`, `event: other\ndata: ${list()}\n\n`],
    [
      'all fields, comments between them',
      `: a\nevent: message\nretry: 3\n: b\ndata: ${list('no')}\nid: x\nother: y\n: c\n\n`,
      `: a\nevent: message\nretry: 3\n: b\ndata: ${list()}\nid: x\nother: y\n: c\n\n`,
    ],
    [
      'several lines of data, fields between them',
      'data: {"result":\ndata:{"tools":[\nid: 7\ndata\ndata: {"name":"no"},\ndata: {"name":"a"}\ndata:]}}\n\n',
      'data: {"result":\ndata: {"tools":[\ndata: \ndata: {"name":"a"}\ndata: ]}}\nid: 7\n\n',
    ],
    [
      'several lines of data that end with CRLF',
      'data: {"result":\r\ndata: {"tools":[{"name":"no"}]}}\r\nid: 7\r\n\r\n',
      'data: {"result":\r\ndata: {"tools":[]}}\r\nid: 7\r\n\r\n',
    ],
    ['a byte order mark after the first event', `id: 1\n\n\ufeffdata: ${list('no')}\n\n`, `id: 1\n\n\ufeffdata: ${list()}\n\n`],
    ['a batch', `data: [${list('no')},${list('a')}]\n\n`, `data: [${list()},${list('a')}]\n\n`],
  ])('with %s', (_what, given, want) => {
    expect(pushed([given])).toEqual([want, '']);
    expect(pushed([given.replaceAll('"no"', '"a"')])).toEqual([given.replaceAll('"no"', '"a"'), '']);
  });

  test('of the modern era marks its list as private (B-106)', () => {
    expect(pushed([event('a')], start('modern'))).toEqual([event('a').replace(']}', '],"cacheScope":"private"}'), '']);
  });

  test.each([
    ['a comment', ':\n'],
    ['a comment and a blank line', ': ping\n\n'],
    ['a comment that names data', `: data: ${list('no')}\n\n`],
    ['an id without data, to resume from (B-87)', 'id: 9\ndata:\n\n'],
    ['empty lines of data', 'data\ndata: \n\n'],
    ['fields other than data', 'event: ping\nid: 1\n\n'],
    ['a retry time', 'retry: 1000\n\n'],
    ['empty lines', '\n\r\n\r\n\n'],
    ['a field whose name only begins with data', 'database: x\n\n'],
    ['a field name in upper case, which is unknown', 'Data: x\n\n'],
    ['a space before the field name, which makes it unknown', ' data: x\n\n'],
  ])('of %s passes', (_what, text) => expect(pushed([text])).toEqual([text, '']));

  test.each([
    ['not JSON', 'data: tools\n\n'],
    ['half a message', `data: ${list('a').slice(0, -1)}\n\n`],
    ['a string', 'data: "a"\n\n'],
    ['two byte order marks', `\ufeff\ufeffdata: {}\n\n${event('no')}data: x\n\n`],
    ['a byte order mark in the data', 'data: \ufeff{}\n\n'],
    ['a member name in two spellings', `data: ${list('a').replace('"tools"', '"Tools":[],"tools"')}\n\n`],
    ['not UTF-8', Buffer.from(`data: ${list('\u00e9')}\n\n`, 'latin1')],
    ['another event type, not JSON', 'event: ping\ndata: 12:00\n\n'],
  ])('that the gateway cannot read ends the stream after the events before it: %s', (_what, text) => {
    const filter = start();
    const out = filter.push(Buffer.concat([Buffer.from(event('no')), Buffer.from(text), Buffer.from(event('a'))]));
    expect(out.toString().startsWith(event())).toBe(true);
    expect(out.toString()).not.toContain(list('a'));
    expect(filter.flaw).not.toBeNull();
    expect(filter.end().toString()).toBe('');
  });
});

describe('the end of the stream', () => {
  test.each([
    ['without a blank line', event('a', 'no').slice(0, -1), event('a').slice(0, -1)],
    ['without a line end', event('a', 'no').slice(0, -2), event('a').slice(0, -2)],
    ['in a comment', ': pi', ': pi'],
    ['in a field', 'id: 4', 'id: 4'],
  ])('%s: some clients read that as an event', (_where, given, want) => expect(pushed([given])).toEqual(['', want]));

  test('within a message is an error', () => {
    expect(pushed([event('a').slice(0, -5)])).toEqual(['', '', 'flaw: not JSON-RPC, or nested too deeply']);
  });
});

describe('the filter holds back', () => {
  const of = (bytes: number): string => `data: {"a":"${'x'.repeat(bytes - 16)}"}\n\n`;
  test('an event up to the limit in bytes', () => {
    expect(of(LIMIT)).toHaveLength(LIMIT);
    expect(pushed([of(LIMIT), of(LIMIT)])).toEqual([of(LIMIT), of(LIMIT), '']);
    expect(pushed([of(LIMIT + 1)])).toEqual(['', '', `flaw: an event of more than ${LIMIT} bytes`]);
    expect(pushed([event('a') + of(LIMIT + 2).slice(0, -1)])).toEqual([
      event('a'),
      '',
      `flaw: an event of more than ${LIMIT} bytes`,
    ]);
  });

  test('no comments: a stream of comments alone stays open (B-72)', () => {
    const filter = start();
    for (let i = 0; i < LIMIT; i++) expect(filter.push(Buffer.from(': still here\n')).toString()).toBe(': still here\n');
    expect(filter.flaw).toBeNull();
  });

  test('an event of up to a hundred thousand lines', () => {
    const text = (lines: number): string => `${'data\n'.repeat(lines - 1)}\n`;
    const filter = (): EventFilter => new EventFilter((message) => filterLists(message, listing, 'legacy'), 1 << 20);
    expect(pushed([text(100_000), text(100_000)], filter())).toEqual([text(100_000), text(100_000), '']);
    expect(pushed([text(100_001)], filter())).toEqual(['', '', 'flaw: an event of more than 100000 lines']);
  });

  test('a line without an end, up to the limit', () => {
    const filter = start();
    for (let i = 0; i <= LIMIT && filter.flaw === null; i++) filter.push(Buffer.from(':'));
    expect(filter.flaw).toBe(`an event of more than ${LIMIT} bytes`);
  });
});
