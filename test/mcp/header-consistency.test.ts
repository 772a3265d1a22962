// Headers that mirror a modern request agree with its body, or findMismatch names the header.
import { describe, expect, test } from 'vitest';
import { decodeHeaderValue, findMismatch, nameOf } from '../../src/mcp/header-consistency.js';
import { head, type Lines } from '../support/exchange.js';
import { type Json, request, scanned } from '../support/rpc.js';

const base64 = (text: string | Buffer): string => `=?base64?${Buffer.from(text).toString('base64')}?=`;

function differs(body: Json, method: string | null, name: string | null, more: Lines = []): string {
  const lines: Lines = [
    ...(method === null ? [] : [['Mcp-Method', method] as const]),
    ...(name === null ? [] : [['Mcp-Name', name] as const]),
    ...more,
  ];
  return findMismatch(head({ lines }), scanned(body)) ?? 'agree';
}
const call = (name: string): Json => request('tools/call', { name });

describe('Mcp-Method', () => {
  test.each(['tools/list', 'server/discover', 'x.y/z'])('agrees with the body: %s (B-50)', (method) => {
    expect(differs(request(method, {}), method, null)).toBe('agree');
  });

  test.each([
    ['absent', null],
    ['in upper case', 'TOOLS/LIST'],
    ['another method', 'tools/call'],
    ['longer', 'tools/list2'],
    ['empty', ''],
    ['encoded, which is for names only (B-53)', base64('tools/list')],
  ])('%s is a mismatch on a request (B-50)', (_how, method) => {
    expect(differs(request('tools/list', {}), 'tools/list', null)).toBe('agree');
    expect(differs(request('tools/list', {}), method, null)).toBe('Mcp-Method');
  });

  test('may be absent on a notification, but not wrong (B-61)', () => {
    const notification = { jsonrpc: '2.0', method: 'notifications/cancelled', params: {} };
    expect(differs(notification, null, null)).toBe('agree');
    expect(differs(notification, 'notifications/cancelled', null)).toBe('agree');
    expect(differs(notification, 'tools/call', null)).toBe('Mcp-Method');
  });
});

describe('Mcp-Name', () => {
  test('may be absent on a notification, but not wrong (B-61)', () => {
    const notification = { jsonrpc: '2.0', method: 'tools/call', params: { name: 'echo' } };
    expect(differs(notification, null, null)).toBe('agree');
    expect(differs(notification, null, 'echo')).toBe('agree');
    expect(differs(notification, null, 'other')).toBe('Mcp-Name');
    expect(differs({ ...notification, params: {} }, null, 'echo')).toBe('the body has no name');
    expect(differs({ ...notification, id: 1 }, 'tools/call', null)).toBe('Mcp-Name');
  });

  test.each([
    ['tools/call', { name: 'n' }],
    ['prompts/get', { name: 'n' }],
    ['resources/read', { uri: 'n' }],
    ['tasks/get', { taskId: 'n' }],
    ['tasks/update', { taskId: 'n' }],
    ['tasks/cancel', { taskId: 'n' }],
  ])('of %s mirrors its member of params (B-51)', (method, params) => {
    expect(differs(request(method, params), method, 'n')).toBe('agree');
    expect(differs(request(method, params), method, 'other')).toBe('Mcp-Name');
    expect(differs(request(method, params), method, null)).toBe('Mcp-Name');
  });

  test('of a resource is its uri, even if params has a name (B-51)', () => {
    const read = request('resources/read', { uri: 'file:///a', name: 'decoy' });
    expect(differs(read, 'resources/read', 'file:///a')).toBe('agree');
    expect(differs(read, 'resources/read', 'decoy')).toBe('Mcp-Name');
    expect(nameOf(scanned(read))).toBe('file:///a');
  });

  test('is compared character by character (B-54)', () => {
    expect(differs(call('echo'), 'tools/call', 'Echo')).toBe('Mcp-Name');
    expect(differs(call('echo'), 'tools/call', 'echo ')).toBe('Mcp-Name');
  });

  test('cannot agree with a body without a name', () => {
    expect(differs(request('tools/call', {}), 'tools/call', 'echo')).toBe('the body has no name');
    expect(differs(request('tools/call', {}), 'tools/call', null)).toBe('the body has no name');
  });

  test('has no effect if the method has no name', () => {
    expect(differs(request('tools/list', { name: 'x' }), 'tools/list', 'y')).toBe('agree');
    expect(nameOf(scanned(request('tools/list', { name: 'x' })))).toBeUndefined();
  });

  test('is optional for a method that mirrors no name, but must not differ (B-57)', () => {
    const subscribe = request('resources/subscribe', { uri: 'file:///a' });
    expect(differs(subscribe, 'resources/subscribe', null)).toBe('agree');
    expect(differs(subscribe, 'resources/subscribe', 'file:///a')).toBe('agree');
    expect(differs(subscribe, 'resources/subscribe', 'file:///b')).toBe('Mcp-Name');
  });
});

test('a repeated mirrored header is a mismatch, though an earlier check rejects it (B-58)', () => {
  expect(differs(call('echo'), 'tools/call', 'echo')).toBe('agree');
  expect(differs(call('echo'), 'tools/call', 'echo', [['mcp-name', 'echo']])).toBe('Mcp-Name');
  expect(differs(call('echo'), 'tools/call', 'echo', [['MCP-METHOD', 'tools/call']])).toBe('Mcp-Method');
});

describe('the base64 sentinel (B-53)', () => {
  test.each([
    ['plain text', 'delete', 'delete'],
    ['plain text that needs no encoding, encoded', base64('delete'), 'delete'],
    ['characters beyond ASCII', base64('l\u00f6schen \u2603 \u{1f600}'), 'l\u00f6schen \u2603 \u{1f600}'],
    ['the empty text', base64(''), ''],
    ['a sentinel within a sentinel, decoded once', base64(base64('x')), base64('x')],
    ['spaces kept by encoding', base64(' a '), ' a '],
    ['upper-case markers: a literal', '=?BASE64?ZGVsZXRl?=', '=?BASE64?ZGVsZXRl?='],
    ['other markers: a literal', '=?utf-8?b?ZGVsZXRl?=', '=?utf-8?b?ZGVsZXRl?='],
    ['a sentinel within text: a literal', `x${base64('a')}`, `x${base64('a')}`],
    ['base64 without markers: a literal', 'ZGVsZXRl', 'ZGVsZXRl'],
    ['a tilde and a space', 'a ~', 'a ~'],
  ])('%s', (_what, header, value) => {
    expect(decodeHeaderValue(header)).toBe(value);
    expect(differs(call(value), 'tools/call', header)).toBe('agree');
  });

  test.each([
    ['a payload that is not base64', '=?base64?%%%?='],
    ['no end marker', '=?base64?ZGVsZXRl'],
    ['text after the end marker', '=?base64?ZGVsZXRl?= '],
    ['no padding', '=?base64?ZGU?='],
    ['too much padding', '=?base64?ZGVsZXRl==?='],
    ['bits after the end', '=?base64?ZGV=?='],
    ['the URL alphabet', '=?base64?__8_?='],
    ['white space within', '=?base64?ZGVs ZXRl?='],
    ['bytes that are not UTF-8', base64(Buffer.from([0xff, 0xfe]))],
    ['half a surrogate pair as bytes', base64(Buffer.from([0xed, 0xa0, 0x80]))],
    ['a byte beyond ASCII (B-63)', 'd\u00e9l\u00e8te'],
    ['a tab (B-63)', 'a\tb'],
    ['DEL (B-63)', 'a\x7f'],
  ])('%s cannot be decoded', (_what, header) => {
    expect(decodeHeaderValue(base64('delete'))).toBe('delete');
    expect(decodeHeaderValue(header)).toBeNull();
    expect(differs(call(header), 'tools/call', header)).toBe('Mcp-Name');
  });
});
