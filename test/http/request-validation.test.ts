// Requests that two servers could read differently are rejected.
import { describe, expect, test } from 'vitest';
import { validateRequest } from '../../src/http/request-validation.js';
import { type Asked, head, type Lines } from '../support/exchange.js';
import { reasonOf } from '../support/kinds.js';

const HOST: Lines = [['Host', 'mcp.example.com']];
const check = (asked: Asked): string => reasonOf(validateRequest(head({ lines: HOST, ...asked })));
const withLines = (...lines: [string, string][]): string => check({ lines: [...HOST, ...lines] });

test('a plain request passes', () => expect(check({})).toBe('ok'));

describe('Host (B-12)', () => {
  test.each<[string, Lines]>([
    ['no Host', []],
    ['two Hosts', [...HOST, ...HOST]],
    ['two Hosts in different case', [...HOST, ['HOST', 'evil.example']]],
    ['an empty Host', [['Host', '']]],
  ])('%s is rejected', (_what, lines) => {
    expect(check({})).toBe('ok');
    expect(check({ lines })).toBe('connection.bad_request');
  });
});

describe('Host is a name or an address, with or without a port (B-12, RFC 9112 section 3.2)', () => {
  test.each(['a', 'a:', '[::1]:', 'mcp.example.com:8080', 'mcp_gateway', '192.0.2.1:80', '[::1]', '[2001:db8::1]:8080'])(
    '%s passes',
    (value) => {
      expect(check({ lines: [['Host', value]] })).toBe('ok');
    },
  );

  test.each([
    'a/b',
    'a@b',
    'a b',
    'a, b',
    'a?b',
    'a#b',
    'a::',
    'a:b',
    'a:123456',
    'a%2eb',
    '[fe80::1%25eth0]',
    '[::1',
    'm\u00e9p',
    ':80',
    ':',
  ])('%s is rejected', (value) => expect(check({ lines: [['Host', value]] })).toBe('connection.bad_request'));
});

describe('no Host in HTTP/1.0, which does not require it (B-12)', () => {
  const probe = (asked: Asked): string => check({ version: '1.0', lines: [], method: 'GET', target: '/healthz', ...asked });
  test.each(['/healthz', '/readyz', '/healthz?x'])('%s passes, because balancers probe it', (target) =>
    expect(probe({ target })).toBe('ok'),
  );
  test.each<[string, Asked]>([
    ['an endpoint', { target: '/mcp' }],
    ['metadata', { target: '/.well-known/oauth-protected-resource/mcp' }],
    ['HTTP/1.1', { version: '1.1' }],
    ['two Hosts', { lines: [...HOST, ...HOST] }],
  ])('%s is rejected', (_what, asked) => expect(probe(asked)).toBe('connection.bad_request'));
});

describe('the version (C-138)', () => {
  test.each(['1.1', '1.0'])('%s passes', (version) => expect(check({ version })).toBe('ok'));
  test.each(['0.9', '2.0', '1.2', '3.0', ''])('%j is rejected', (version) => {
    expect(check({ version })).toBe('connection.bad_request');
  });

  test('1.0 with chunks is rejected: its framing is faulty (RFC 9112 section 6.1)', () => {
    const lines: Lines = [...HOST, ['Transfer-Encoding', 'chunked']];
    expect([check({ lines }), check({ lines, version: '1.0' })]).toEqual(['ok', 'connection.bad_request']);
  });
});

describe('a body of a method that has none (RFC 9110 section 9.3.1)', () => {
  const framed = (method: string, ...line: [string, string]): string => check({ method, lines: [...HOST, line] });
  test.each(['GET', 'HEAD', 'DELETE', 'OPTIONS'])('%s must not have one', (method) => {
    expect([check({ method }), framed(method, 'Content-Length', '0')]).toEqual(['ok', 'ok']);
    expect(framed(method, 'Content-Length', '1')).toBe('connection.bad_request');
    expect(framed(method, 'Content-Length', '00')).toBe('connection.bad_request');
  });

  test('OPTIONS must not have chunks, because no later step reads them', () => {
    expect([check({ method: 'OPTIONS' }), framed('OPTIONS', 'Transfer-Encoding', 'chunked')]).toEqual([
      'ok',
      'connection.bad_request',
    ]);
  });

  test.each(['GET', 'HEAD', 'DELETE'])('%s may have chunks: the reader finds out if they are empty', (method) => {
    expect(framed(method, 'Transfer-Encoding', 'chunked')).toBe('ok');
    expect(framed(method, 'Transfer-Encoding', 'gzip, chunked')).toBe('connection.bad_request');
  });

  test.each(['POST', 'PUT'])('%s may have one', (method) => {
    expect([framed(method, 'Content-Length', '1'), framed(method, 'Transfer-Encoding', 'chunked')]).toEqual(['ok', 'ok']);
  });
});

describe('fields that may occur once (B-58)', () => {
  test.each(['DPoP', 'Last-Event-ID', 'Mcp-Param-Region'])('%s', (name) => {
    expect(withLines([name, 'a'])).toBe('ok');
    expect(withLines([name, 'a'], [name.toUpperCase(), 'a'])).toBe('connection.bad_request');
  });

  test('other fields may repeat, and parameters may have different names', () => {
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
  test.each(['/mcp', '/mcp?x=1', '/', '/a/../b', '//mcp', '/%2e%2e'])(
    '%s is in origin form, and routing compares it exactly',
    (target) => {
      expect(check({ target })).toBe('ok');
    },
  );

  test.each([
    'http://evil.example/mcp',
    'https://evil.example/mcp',
    'ftp://mcp.example.com/mcp',
    'ws://mcp.example.com/mcp',
    'http:/mcp.example.com/mcp',
    'http:mcp.example.com/mcp',
    ' http://mcp.example.com/mcp',
    '*',
    '',
    'mcp',
    '?x',
    '/mcp#x',
    '\\mcp',
    'evil.example:443',
  ])('%j is rejected', (target) => {
    expect(check({ target })).toBe('connection.bad_request');
  });

  test('8192 characters pass, one more is 414', () => {
    expect(check({ target: `/${'a'.repeat(8191)}` })).toBe('ok');
    expect(check({ target: `/${'a'.repeat(8192)}` })).toBe('connection.target_too_long');
  });
});

test.each(['TRACE', 'CONNECT'])('%s is rejected with the allowed methods (C-148, C-146)', (method) => {
  expect(validateRequest(head({ lines: HOST, method }))).toMatchObject({
    definition: { reason: 'method.refused' },
    allow: 'GET, POST, DELETE',
  });
});

test('200 header lines pass, one more is 431 (B-59, D-18)', () => {
  const lines = (count: number): Lines => [...HOST, ...Array.from({ length: count - 1 }, (_, i) => [`x-${i}`, ''] as const)];
  expect(check({ lines: lines(200) })).toBe('ok');
  expect(check({ lines: lines(201) })).toBe('connection.headers_too_large');
});

describe('hop-by-hop fields', () => {
  test.each([
    ['Connection', 'keep-alive'],
    ['Connection', 'close, X-Hop'],
    ['Transfer-Encoding', 'chunked'],
    ['Transfer-Encoding', 'Chunked'],
    ['Expect', '100-continue'],
    ['TE', 'trailers'],
    ['Connection', 'Upgrade, HTTP2-Settings'],
    ['Upgrade', 'h2c'],
    ['Upgrade', 'websocket'],
    ['Upgrade', ''],
  ])('%s: %s passes (C-130, C-131, D-19)', (name, value) => expect(withLines([name, value])).toBe('ok'));

  test.each([
    ['Connection', 'authorization'],
    ['Connection', 'close, Authorization'],
    ['Connection', 'close,\tMcp-Method '],
    ['Connection', 'Upgrade, HTTP2-Settings, Authorization'],
    ['Connection', 'mcp-param-region'],
    ['Connection', 'Host'],
    ['Connection', 'ORIGIN'],
    ['Connection', 'content-length'],
    ['Connection', 'Content-Type'],
    ['Connection', 'DPoP'],
    ['Connection', 'last-event-id'],
    ['Transfer-Encoding', 'gzip, chunked'],
    ['Transfer-Encoding', 'identity'],
    ['Transfer-Encoding', 'xchunked'],
  ])('%s: %s is rejected (C-132, C-138)', (name, value) => {
    expect(withLines()).toBe('ok');
    expect(withLines([name, value])).toBe('connection.bad_request');
  });

  test('the second of two Connection lines is checked, too (C-132)', () => {
    expect(withLines(['Connection', 'close'], ['Connection', 'authorization'])).toBe('connection.bad_request');
  });
});
