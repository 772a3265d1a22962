// The header fields of a response that the gateway forwards to the caller.
import { describe, expect, test } from 'vitest';
import { isEventStream, responseHeaders, type UpstreamHeaders } from '../../src/proxy/headers.js';
import { pairs } from '../support/exchange.js';

describe('to the caller', () => {
  const came = (headers: UpstreamHeaders, session: string | null = null) =>
    pairs(responseHeaders(headers, session, isEventStream(headers)));
  const KEPT = { 'cache-control': 'no-store' };

  test.each<[string, string]>([
    ['content-type', 'application/json'],
    ['content-length', '17'],
    ['retry-after', '3'],
    ['allow', 'POST'],
    ['mcp-protocol-version', '2025-11-25'],
  ])('%s is forwarded unchanged', (name, value) => expect(came({ [name]: value })).toEqual({ ...KEPT, [name]: value }));

  test.each([
    'www-authenticate',
    'proxy-authenticate',
    'set-cookie',
    'server',
    'x-powered-by',
    'alt-svc',
    'strict-transport-security',
    'location',
    'link',
    'refresh',
    'etag',
    'last-modified',
    'expires',
    'age',
    'vary',
    'access-control-allow-origin',
    'access-control-allow-credentials',
    'access-control-expose-headers',
    'transfer-encoding',
    'connection',
    'keep-alive',
    'trailer',
    'upgrade',
    'via',
    'x-request-id',
    'mcp-session_id',
    'mcp-session.id',
    'mcp-session~id',
    'clear-site-data',
    'content-security-policy',
  ])('%s is not forwarded (C-143, A-47, C-131)', (name) => {
    expect(came({ 'content-type': 'application/json', [name]: 'value' })).toEqual({
      ...KEPT,
      'content-type': 'application/json',
    });
  });

  test.each(['public, max-age=3600', 's-maxage=9', 'must-revalidate', 'private'])(
    'Cache-Control: %s becomes no-store (C-150, C-151)',
    (value) => {
      expect(came({ 'cache-control': value })).toEqual(KEPT);
    },
  );

  test('proxies must not buffer, change or store an event stream (B-71)', () => {
    expect(came({ 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' })).toEqual({
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
      'content-type': 'text/event-stream; charset=utf-8',
    });
  });

  test('a field that Connection names is not forwarded (C-130)', () => {
    expect(came({ connection: 'retry-after', 'retry-after': '3', allow: 'POST' })).toEqual({ ...KEPT, allow: 'POST' });
    expect(came({ connection: ['close', 'Retry-After'], 'retry-after': '3', allow: 'POST' })).toEqual({ ...KEPT, allow: 'POST' });
  });

  test('the sealed session id alone is forwarded, and no id without a session (B-80, B-85)', () => {
    const headers = { 'mcp-session-id': 'the id of the upstream', 'last-event-id': '1', 'mcp-x': 'y' };
    expect(came(headers, 'abc')).toEqual({ ...KEPT, 'mcp-session-id': 'abc', 'mcp-x': 'y' });
    expect(came(headers)).toEqual({ ...KEPT, 'mcp-x': 'y' });
    expect(came({ ...headers, connection: 'mcp-session-id' }, 'abc')).toEqual({ ...KEPT, 'mcp-x': 'y' });
  });

  test('a content coding gets its own Vary, whatever Vary the upstream sends (C-137)', () => {
    expect(came({ 'content-encoding': 'gzip', vary: 'Internal', 'content-length': '9' })).toEqual({
      ...KEPT,
      'content-encoding': 'gzip',
      vary: 'accept-encoding',
      'content-length': '9',
    });
  });

  const DATE = 'Fri, 31 Dec 1999 23:59:00 GMT';
  test.each<[string | string[], string | undefined, string | undefined]>([
    ['0', undefined, '0'],
    ['999999', undefined, '999999'],
    ['1000000', undefined, undefined],
    ['-1', undefined, undefined],
    ['1.5', undefined, undefined],
    ['soon', undefined, undefined],
    ['', undefined, undefined],
    [['3', '4'], undefined, undefined],
    ['Sat, 01 Jan 2000 00:00:30 GMT', DATE, '90'],
    ['Fri, 31 Dec 1999 23:59:00 GMT', DATE, '0'],
    ['Fri, 31 Dec 1999 00:00:00 GMT', DATE, '0'],
    ['Sat, 01 Jan 2000 00:00:30 GMT', undefined, undefined],
    ['Sat, 01 Jan 2000 00:00:30 GMT', 'now', undefined],
    ['Sat, 01 Jan 2050 00:00:30 GMT', DATE, undefined],
    ['Sat, 41 Jan 2000 00:00:30 GMT', DATE, undefined],
    ['Saturday, 01-Jan-00 00:00:30 GMT', DATE, undefined],
    ['Sat Jan  1 00:00:30 2000', DATE, undefined],
    ['2000-01-01T00:00:30Z', DATE, undefined],
  ])('Retry-After %j with Date %j becomes %j (RFC 9110 section 10.2.3)', (value, date, seconds) => {
    const expected = seconds === undefined ? KEPT : { ...KEPT, 'retry-after': seconds };
    expect(came({ 'retry-after': value, ...(date === undefined ? {} : { date }) })).toEqual(expected);
  });

  test('the lines of one field are joined', () =>
    expect(came({ allow: ['GET', 'POST'] })).toEqual({ ...KEPT, allow: 'GET, POST' }));
});

test.each<[unknown, boolean]>([
  ['text/event-stream', true],
  ['Text/Event-Stream; charset=utf-8', true],
  [['text/event-stream', 'application/json'], false],
  ['application/json', false],
  ['application/json; x=text/event-stream', false],
  [undefined, false],
])('%j is an event stream: %s', (type, yes) => {
  expect(isEventStream({ 'content-type': type as string })).toBe(yes);
});
