// Which header fields cross, in both directions.
import { describe, expect, test } from 'vitest';
import { isEventStream, isLoop, requestHeaders, responseHeaders, type UpstreamHeaders } from '../../src/proxy/headers.js';
import { head, type Lines, pairs } from '../parts/exchange.js';

const NAME = 'portcullis-0123456789ab';
const VIA = { via: `1.1 ${NAME}` };
const sent = (lines: Lines, era: 'modern' | 'legacy' = 'legacy', onward: readonly string[] = []) =>
  pairs(requestHeaders(head({ lines: [['Host', 'mcp.example.com'], ...lines] }), era, onward, NAME));

describe('to the upstream', () => {
  test.each([
    ['Accept', 'application/json, text/event-stream'],
    ['Accept-Language', 'de'],
    ['Content-Type', 'application/json'],
    ['User-Agent', 'client/1'],
    ['traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'],
    ['tracestate', 'a=b'],
    ['baggage', 'x=y'],
    ['MCP-Protocol-Version', '2025-11-25'],
    ['Mcp-Method', 'tools/call'],
    ['Mcp-Param-Region', 'us'],
    ['mcp-param-x', '=?base64?ZGVsZXRl?='],
    ['Mcp-Whatever-Comes', 'x'],
    ['Mcp-Session-Id', 'abc'],
    ['Last-Event-ID', '7'],
  ])('%s crosses unchanged (C-135, B-17, B-55)', (name, value) => {
    expect(sent([[name, value]])).toEqual({ ...VIA, [name.toLowerCase()]: value });
  });

  test.each([
    'Authorization',
    'Proxy-Authorization',
    'Cookie',
    'DPoP',
    'X-Api-Key',
    'Origin',
    'Host',
    'Referer',
    'Forwarded',
    'X-Forwarded-For',
    'X-Forwarded-Host',
    'X-Real-IP',
    'X-User',
    'X_User',
    'X.User',
    'x-tenant-id',
    'Client-Cert',
    'X-Client-Cert',
    'X-Original-URL',
    'X-Upstream',
    'Content-Length',
    'Content-Encoding',
    'Accept-Encoding',
    'Expect',
    'TE',
    'Trailer',
    'Transfer-Encoding',
    'Upgrade',
    'Keep-Alive',
    'Proxy-Connection',
    'HTTP2-Settings',
    'Max-Forwards',
    'Range',
    'If-None-Match',
    'Sec-Fetch-Site',
    'mcp_session_id',
    'mcp.session.id',
    'Connection',
    'X-Request-Id',
  ])('%s stays behind (C-135, C-131, A-42, B-14)', (name) => {
    expect(
      sent([
        ['Accept', 'x'],
        [name, 'value'],
      ]),
    ).toEqual({ ...VIA, accept: 'x' });
  });

  test('what Connection names stays behind, whatever it is (C-130)', () => {
    const lines: Lines = [
      ['Accept', 'x'],
      ['traceparent', 't'],
      ['Mcp-Param-Region', 'us'],
      ['User-Agent', 'u'],
    ];
    expect(sent(lines)).toEqual({ ...VIA, accept: 'x', traceparent: 't', 'mcp-param-region': 'us', 'user-agent': 'u' });
    expect(sent([...lines, ['Connection', 'close, Traceparent ,user-agent']])).toEqual({
      ...VIA,
      accept: 'x',
      'mcp-param-region': 'us',
    });
    expect(sent([...lines, ['Connection', 'close'], ['Connection', 'Traceparent, user-agent']])).toEqual({
      ...VIA,
      accept: 'x',
      'mcp-param-region': 'us',
    });
    expect(sent([...lines, ['Connection', 'keep-alive']])).toEqual(sent(lines));
    expect(sent([...lines, ['Connection', 'close']])).toEqual(sent(lines));
  });

  test('a modern request has no session and resumes nothing (B-85)', () => {
    const lines: Lines = [
      ['Mcp-Session-Id', 'abc'],
      ['Last-Event-ID', '7'],
      ['Mcp-Method', 'm'],
    ];
    expect(sent(lines)).toHaveProperty('mcp-session-id', 'abc');
    expect(sent(lines, 'modern')).toEqual({ ...VIA, 'mcp-method': 'm' });
  });

  test('what the gateway presents comes last (A-43)', () => {
    expect(requestHeaders(head({ lines: [['Accept', 'x']] }), 'legacy', ['authorization', 'Bearer ours'], NAME)).toEqual([
      'via',
      `1.1 ${NAME}`,
      'accept',
      'x',
      'authorization',
      'Bearer ours',
    ]);
  });

  test('a field that may stand twice keeps its lines, in order', () => {
    expect(
      requestHeaders(
        head({
          lines: [
            ['Accept', 'a'],
            ['Accept', 'b'],
          ],
        }),
        'legacy',
        [],
        NAME,
      ),
    ).toEqual(['via', `1.1 ${NAME}`, 'accept', 'a', 'accept', 'b']);
  });
});

describe('a loop (C-134)', () => {
  const via = (...values: string[]): boolean => isLoop(head({ lines: values.map((value) => ['Via', value] as const) }), NAME);
  test.each([[[`1.1 ${NAME}`]], [[`1.0 a, 1.1 ${NAME}, 1.1 b`]], [['1.1 a', `1.1 ${NAME}`]]])('is seen in Via: %j', (values) => {
    expect(via(...values)).toBe(true);
  });
  test.each([[[]], [['1.1 varnish']], [['1.1 portcullis-ba9876543210']]])('is none: %j', (values) =>
    expect(via(...values)).toBe(false),
  );
});

describe('to the caller', () => {
  const came = (headers: UpstreamHeaders, era: 'modern' | 'legacy' = 'legacy') =>
    pairs(responseHeaders(headers, era, isEventStream(headers)));
  const KEPT = { 'cache-control': 'no-store' };

  test.each<[string, string]>([
    ['content-type', 'application/json'],
    ['content-length', '17'],
    ['content-encoding', 'gzip'],
    ['retry-after', '3'],
    ['allow', 'POST'],
    ['mcp-session-id', 'abc'],
    ['mcp-protocol-version', '2025-11-25'],
  ])('%s crosses unchanged', (name, value) => expect(came({ [name]: value })).toEqual({ ...KEPT, [name]: value }));

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
    'clear-site-data',
    'content-security-policy',
  ])('%s stays behind (C-143, A-47, C-131)', (name) => {
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

  test('an event stream is not to be buffered, changed or stored on the way (B-71)', () => {
    expect(came({ 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' })).toEqual({
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no',
      'content-type': 'text/event-stream; charset=utf-8',
    });
  });

  test('what Connection names stays behind (C-130)', () => {
    expect(came({ connection: 'retry-after', 'retry-after': '3', allow: 'POST' })).toEqual({ ...KEPT, allow: 'POST' });
    expect(came({ connection: ['close', 'Retry-After'], 'retry-after': '3', allow: 'POST' })).toEqual({ ...KEPT, allow: 'POST' });
  });

  test('a modern answer has no session (B-85)', () => {
    expect(came({ 'mcp-session-id': 'abc' })).toHaveProperty('mcp-session-id');
    expect(came({ 'mcp-session-id': 'abc', 'last-event-id': '1', 'mcp-x': 'y' }, 'modern')).toEqual({ ...KEPT, 'mcp-x': 'y' });
  });

  test('lines of one name are joined', () => expect(came({ allow: ['GET', 'POST'] })).toEqual({ ...KEPT, allow: 'GET, POST' }));
});

test.each<[unknown, boolean]>([
  ['text/event-stream', true],
  ['Text/Event-Stream; charset=utf-8', true],
  [['text/event-stream'], true],
  ['application/json', false],
  ['application/json; x=text/event-stream', false],
  [undefined, false],
])('%j is an event stream: %s', (type, yes) => {
  expect(isEventStream({ 'content-type': type as string })).toBe(yes);
});
