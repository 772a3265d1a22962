// Is a request unambiguous enough to be looked at?
import { describe, expect, test } from 'vitest';
import { sane } from '../../src/http/sanity.js';
import { type Asked, head, type Lines } from '../parts/exchange.js';
import { kindOf } from '../parts/kinds.js';

const HOST: Lines = [['Host', 'mcp.example.com']];
const judge = (asked: Asked): string => kindOf(sane(head({ lines: HOST, ...asked })));
const withLines = (...lines: [string, string][]): string => judge({ lines: [...HOST, ...lines] });

test('a plain request is', () => expect(judge({})).toBe('ok'));

describe('Host (B-12)', () => {
  test.each<[string, Lines]>([
    ['none', []],
    ['two', [...HOST, ...HOST]],
    ['two in other letters', [...HOST, ['HOST', 'evil.example']]],
    ['an empty one', [['Host', '']]],
  ])('%s is refused', (_what, lines) => {
    expect(judge({})).toBe('ok');
    expect(judge({ lines })).toBe('connection.bad_request');
  });
});

describe('the request target (A-19, B-12)', () => {
  test.each(['/mcp', '/mcp?x=1', '/', '/a/../b', '//mcp', '/%2e%2e'])('%s is in origin form; routing is exact', (target) => {
    expect(judge({ target })).toBe('ok');
  });

  test.each([
    'http://evil.example/mcp',
    'https://mcp.example.com/mcp',
    '*',
    '',
    'mcp',
    '?x',
    '/mcp#x',
    '\\mcp',
    'evil.example:443',
  ])('%s is refused', (target) => {
    expect(judge({ target })).toBe('connection.bad_request');
  });

  test('8192 characters pass, one more is 414', () => {
    expect(judge({ target: `/${'a'.repeat(8191)}` })).toBe('ok');
    expect(judge({ target: `/${'a'.repeat(8192)}` })).toBe('connection.target_too_long');
  });
});

test.each(['TRACE', 'CONNECT'])('%s is refused with what is allowed (C-148, C-146)', (method) => {
  expect(sane(head({ lines: HOST, method }))).toMatchObject({ row: { kind: 'method.refused' }, allow: 'GET, POST, DELETE' });
});

test('200 header lines pass, one more is 431 (B-59, D-18)', () => {
  const lines = (count: number): Lines => [...HOST, ...Array.from({ length: count - 1 }, (_, i) => [`x-${i}`, ''] as const)];
  expect(judge({ lines: lines(200) })).toBe('ok');
  expect(judge({ lines: lines(201) })).toBe('connection.headers_too_large');
});

describe('hop-by-hop fields', () => {
  test.each([
    ['Connection', 'keep-alive'],
    ['Connection', 'close, X-Hop'],
    ['Transfer-Encoding', 'chunked'],
    ['Transfer-Encoding', 'Chunked'],
    ['Expect', '100-continue'],
    ['TE', 'trailers'],
  ])('%s: %s passes (C-130, C-131)', (name, value) => expect(withLines([name, value])).toBe('ok'));

  test.each([
    ['Connection', 'authorization'],
    ['Connection', 'close, Authorization'],
    ['Connection', 'close,\tMcp-Method '],
    ['Connection', 'mcp-param-region'],
    ['Connection', 'Host'],
    ['Connection', 'ORIGIN'],
    ['Connection', 'content-length'],
    ['Connection', 'Content-Type'],
    ['Expect', '200-ok'],
    ['Upgrade', 'websocket'],
    ['Upgrade', 'h2c'],
    ['Transfer-Encoding', 'gzip, chunked'],
    ['Transfer-Encoding', 'identity'],
    ['Transfer-Encoding', 'xchunked'],
  ])('%s: %s is refused (C-132, C-138, D-19)', (name, value) => {
    expect(withLines()).toBe('ok');
    expect(withLines([name, value])).toBe('connection.bad_request');
  });

  test('the second of two Connection lines is read too (C-132)', () => {
    expect(withLines(['Connection', 'close'], ['Connection', 'authorization'])).toBe('connection.bad_request');
  });
});
