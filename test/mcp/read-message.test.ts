// Checks that a body is one readable message: media type, UTF-8, JSON-RPC. The gateway forwards
// the bytes that it read.
import { describe, expect, test } from 'vitest';
import { checkReadable, readMessage } from '../../src/mcp/read-message.js';
import { exchange, type Lines } from '../support/exchange.js';
import { reasonOf } from '../support/kinds.js';
import { mirrored, modernRequest, request } from '../support/rpc.js';

const JSON_TYPE: Lines = [['Content-Type', 'application/json']];
const BODY = JSON.stringify(request());
/** Both functions with the body between them, as the corridor calls them. */
const ask = (body: string | Buffer | null, lines: Lines = JSON_TYPE, method = 'POST') => {
  const asked = exchange({ method, lines });
  const unreadable = checkReadable(asked);
  const read = unreadable ?? readMessage(asked, body === null ? null : Buffer.from(body));
  return { kind: reasonOf(read), beforeBody: unreadable !== null, read };
};

describe('media type (B-16)', () => {
  test.each([
    'application/json',
    'APPLICATION/JSON',
    'application/json;charset=utf-8',
    'application/json; charset=UTF-8',
    'application/json; charset="utf-8"',
    'application/json; charset=utf8',
    'application/json ; profile=x',
  ])('%s passes', (type) => {
    expect(ask(BODY, [['Content-Type', type]]).kind).toBe('ok');
  });

  test.each<[string, Lines]>([
    ['none', []],
    ['text/plain', [['Content-Type', 'text/plain']]],
    ['an empty value', [['Content-Type', '']]],
    ['a form (C-07)', [['Content-Type', 'application/x-www-form-urlencoded']]],
    ['a longer name', [['Content-Type', 'application/json-rpc']]],
    ['a suffix', [['Content-Type', 'application/problem+json']]],
    ['another type before it', [['Content-Type', 'text/plain, application/json']]],
    ['another type after it', [['Content-Type', 'application/json, text/plain']]],
    ['another charset', [['Content-Type', 'application/json; charset=utf-16']]],
    ['another charset in quotes', [['Content-Type', 'application/json; charset="utf-16le"']]],
    ['another charset after UTF-8', [['Content-Type', 'application/json; charset=utf-8; charset=utf-7']]],
    ['gzip (B-19)', [...JSON_TYPE, ['Content-Encoding', 'gzip']]],
    ['identity, which clients must not send (B-19)', [...JSON_TYPE, ['Content-Encoding', 'identity']]],
  ])('%s is 415 before the body is read', (_what, lines) => {
    expect(ask(BODY).kind).toBe('ok');
    expect(ask(BODY, lines)).toMatchObject({ kind: 'body.media_type', beforeBody: true });
  });

  test('two Content-Type lines are rejected, even if they agree (B-16, B-58)', () => {
    expect(ask(BODY, [...JSON_TYPE, ...JSON_TYPE])).toMatchObject({ kind: 'envelope.invalid', beforeBody: true });
  });
});

describe('bytes', () => {
  test('stay unchanged, with white space, escapes and big numbers (B-26, B-27)', () => {
    const text = ' {"jsonrpc" : "2.0","id":9007199254740993, "method":"\\u006d","params":{"n":1.0,"big":9007199254740993}}\n';
    const { read } = ask(text);
    expect(read).toMatchObject({
      ok: true,
      value: { era: 'legacy', calls: [{ method: 'm', name: null, idText: '9007199254740993' }] },
    });
    expect(read.ok && read.value.body?.toString()).toBe(text);
  });

  test.each([
    ['a byte that UTF-8 never has', Buffer.from([0xff])],
    ['a sequence cut short', Buffer.from([0xc3])],
    ['an overlong quote', Buffer.from([0xc0, 0xa2])],
    ['half a surrogate pair', Buffer.from([0xed, 0xa0, 0x80])],
  ])('%s is not UTF-8 and is rejected (B-18)', (_what, bytes) => {
    const [before = '', after = ''] = BODY.split('echo');
    const around = (inner: Buffer): Buffer => Buffer.concat([Buffer.from(before), inner, Buffer.from(after)]);
    expect(ask(around(Buffer.from('\u00e9'))).kind).toBe('ok');
    expect(ask(around(bytes)).kind).toBe('envelope.unreadable');
  });

  test.each([
    ['a byte order mark (B-18)', `\ufeff${BODY}`],
    ['UTF-16', Buffer.from(BODY, 'utf16le')],
    ['an empty body', ''],
    ['half a message', BODY.slice(0, -1)],
    ['HTML', '<!doctype html>'],
    ['two messages', BODY + BODY],
  ])('%s is unreadable', (_what, body) => {
    expect(ask(BODY).kind).toBe('ok');
    expect(ask(body).kind).toBe('envelope.unreadable');
  });
});

describe('the message', () => {
  test('has the name that its method defines (B-51)', () => {
    const { read } = ask(JSON.stringify(modernRequest('resources/read', { uri: 'file:///a', name: 'x' })), [
      ...JSON_TYPE,
      ...mirrored({ 'Mcp-Method': 'resources/read', 'Mcp-Name': 'file:///a' }),
    ]);
    expect(read).toMatchObject({
      ok: true,
      value: { era: 'modern', calls: [{ method: 'resources/read', name: 'file:///a', idText: '7' }] },
    });
  });

  test('a response has no method (B-20)', () => {
    const { read } = ask('{"jsonrpc":"2.0","id":"a","result":{}}');
    expect(read).toMatchObject({ ok: true, value: { era: 'legacy', calls: [{ method: null, name: null, idText: '"a"' }] } });
  });

  test('a flaw is rejected with the id of the message (B-25, D-01)', () => {
    const { kind, read } = ask('{"jsonrpc":"2.0","id":"a","method":"tools/list","method":"tools/call"}');
    expect(kind).toBe('envelope.invalid');
    expect(read).toMatchObject({ ok: false, idText: '"a"' });
  });

  test('headers that differ from the body are rejected (B-52)', () => {
    const body = JSON.stringify(modernRequest());
    expect(ask(body, [...JSON_TYPE, ...mirrored()]).kind).toBe('ok');
    expect(ask(body, [...JSON_TYPE, ...mirrored({ 'Mcp-Name': 'other' })]).kind).toBe('envelope.header_mismatch');
  });
});

describe('a batch (B-21)', () => {
  const small = '{"jsonrpc":"2.0","method":"n"}';
  const batch = (messages: number): string => `[${Array(messages).fill(small).join(',')}]`;
  test.each([
    [0, 'envelope.invalid'],
    [1, 'ok'],
    [32, 'ok'],
    [33, 'envelope.invalid'],
  ])('of %d messages is %s', (messages, expected) => {
    expect(ask(batch(messages)).kind).toBe(expected);
  });

  test('has all its calls', () => {
    const { read } = ask(`[${BODY},${small}]`);
    expect(read).toMatchObject({
      ok: true,
      value: {
        calls: [
          { method: 'tools/call', name: 'echo' },
          { method: 'n', idText: undefined },
        ],
      },
    });
  });
});

describe('GET and DELETE', () => {
  test.each(['GET', 'DELETE'])('%s has no message, and needs no media type', (method) => {
    expect(ask(null, [], method).read).toEqual({ ok: true, value: { era: 'legacy', calls: [], body: null } });
  });

  test('and need a served version (B-33)', () => {
    expect(ask(null, [['MCP-Protocol-Version', '2025-11-25']], 'GET').kind).toBe('ok');
    expect(ask(null, [['MCP-Protocol-Version', 'banana']], 'GET').kind).toBe('envelope.version');
  });
});
