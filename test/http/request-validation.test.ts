// Is a request unambiguous enough to be looked at?
import { describe, expect, test } from 'vitest';
import { validateRequest } from '../../src/http/request-validation.js';
import { type Asked, head, type Lines } from '../support/exchange.js';
import { reasonOf } from '../support/kinds.js';

const HOST: Lines = [['Host', 'mcp.example.com']];
const judge = (asked: Asked): string => reasonOf(validateRequest(head({ lines: HOST, ...asked })));
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

describe('Host is a name or an address, and a port (B-12, RFC 9112 section 3.2)', () => {
  test.each(['a', 'mcp.example.com:8080', 'mcp_gateway', '192.0.2.1:80', '[::1]', '[2001:db8::1]:8080'])('%s passes', (value) => {
    expect(judge({ lines: [['Host', value]] })).toBe('ok');
  });

  test.each([
    'a/b',
    'a@b',
    'a b',
    'a, b',
    'a?b',
    'a#b',
    'a:',
    'a:b',
    'a:123456',
    'a%2eb',
    '[fe80::1%25eth0]',
    '[::1',
    'm\u00e9p',
    ':80',
  ])('%s is refused', (value) => expect(judge({ lines: [['Host', value]] })).toBe('connection.bad_request'));
});

describe('no Host in HTTP/1.0, which does not know it (B-12)', () => {
  const asks = (asked: Asked): string => judge({ version: '1.0', lines: [], method: 'GET', target: '/healthz', ...asked });
  test.each(['/healthz', '/readyz', '/healthz?x'])('%s passes: balancers probe so', (target) =>
    expect(asks({ target })).toBe('ok'),
  );
  test.each<[string, Asked]>([
    ['an endpoint', { target: '/mcp' }],
    ['metadata', { target: '/.well-known/oauth-protected-resource/mcp' }],
    ['HTTP/1.1', { version: '1.1' }],
    ['two Hosts', { lines: [...HOST, ...HOST] }],
  ])('%s is refused', (_what, asked) => expect(asks(asked)).toBe('connection.bad_request'));
});

describe('the version (C-138)', () => {
  test.each(['1.1', '1.0'])('%s passes', (version) => expect(judge({ version })).toBe('ok'));
  test.each(['0.9', '2.0', '1.2', '3.0', ''])('%s is refused', (version) => {
    expect(judge({ version })).toBe('connection.bad_request');
  });

  test('1.0 has no chunks: its framing is faulty (RFC 9112 section 6.1)', () => {
    const lines: Lines = [...HOST, ['Transfer-Encoding', 'chunked']];
    expect([judge({ lines }), judge({ lines, version: '1.0' })]).toEqual(['ok', 'connection.bad_request']);
  });
});

describe('a body where there is none (RFC 9110 section 9.3.1)', () => {
  const framed = (method: string, ...line: [string, string]): string => judge({ method, lines: [...HOST, line] });
  test.each(['GET', 'HEAD', 'DELETE', 'OPTIONS'])('%s has none', (method) => {
    expect([judge({ method }), framed(method, 'Content-Length', '0')]).toEqual(['ok', 'ok']);
    expect(framed(method, 'Content-Length', '1')).toBe('connection.bad_request');
    expect(framed(method, 'Transfer-Encoding', 'chunked')).toBe('connection.bad_request');
  });

  test.each(['POST', 'PUT'])('%s may have one', (method) => {
    expect([framed(method, 'Content-Length', '1'), framed(method, 'Transfer-Encoding', 'chunked')]).toEqual(['ok', 'ok']);
  });
});

describe('fields that stand once (B-58)', () => {
  test.each(['DPoP', 'Last-Event-ID', 'Mcp-Param-Region'])('%s', (name) => {
    expect(withLines([name, 'a'])).toBe('ok');
    expect(withLines([name, 'a'], [name.toUpperCase(), 'a'])).toBe('connection.bad_request');
  });

  test('others may repeat, and parameters differ', () => {
    expect(withLines(['Accept', 'a'], ['Accept', 'b'], ['Mcp-Param-A', 'a'], ['Mcp-Param-B', 'a'], ['mx', ''], ['mx', ''])).toBe(
      'ok',
    );
  });
});

test.each(['200-ok', '100-continue, 200-ok', ''])('Expect: %s is 417 (C-142)', (value) => {
  expect(withLines(['Expect', '100-Continue'])).toBe('ok');
  expect(withLines(['Expect', value])).toBe('connection.expectation');
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
  expect(validateRequest(head({ lines: HOST, method }))).toMatchObject({
    definition: { reason: 'method.refused' },
    allow: 'GET, POST, DELETE',
  });
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
    ['Connection', 'DPoP'],
    ['Connection', 'last-event-id'],
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
