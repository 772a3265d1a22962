// The header fields that the gateway forwards to the upstream.
import { describe, expect, test } from 'vitest';
import type { Era, Message } from '../../src/core/message.js';
import { isLoop, requestFields, requestHeaders } from '../../src/proxy/headers.js';
import { head, type Lines, pairs } from '../support/exchange.js';

const NAME = 'portcullis-0123456789ab';
const VIA = { via: `1.1 ${NAME}` };
const of = (era: Era, name: string | null): Message => ({ era, calls: [{ method: 'm', name, idText: '1' }], body: null });
const NAMED = of('modern', 'x');
const LEGACY = of('legacy', 'x');
const sent = (lines: Lines, session: string | null = null, message: Message = session === null ? NAMED : LEGACY) =>
  pairs(requestHeaders(head({ lines: [['Host', 'mcp.example.com'], ...lines] }), message, session, [], NAME));

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
    ['Mcp-Name', 'x'],
    ['Mcp-Param-Tenant_Id', 'x'],
    ['Mcp-Param-a.b', 'x'],
  ])('%s is forwarded unchanged (C-135, B-17, B-55)', (name, value) => {
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
    'Mcp-Session_Id',
    'MCP-Protocol.Version',
    'Mcp-Param_Region',
    'Mcp-User_Id',
    ...[..."!#$%&'*+^`|~"].map((letter) => `Mcp-Session${letter}Id`),
    'X-Forwarded-User',
    'x_forwarded.user',
    'X-User-Id',
    'x_user_id',
    'X.User.Id',
    'User',
    'Username',
    'Remote-User',
    'REMOTE_USER',
    'X-Auth-Request-Email',
    'X-Authenticated-Userid',
    'X-Goog-Authenticated-User-Email',
    'X-Amzn-Oidc-Identity',
    'X-Ms-Client-Principal',
    'X-Consumer-Username',
    'Ssl-Client-S-Dn',
    'True-Client-IP',
    'CF-Connecting-IP',
    'Connection',
    'X-Request-Id',
  ])('%s is not forwarded (C-135, C-131, A-42, B-14)', (name) => {
    expect(
      sent([
        ['Accept', 'x'],
        [name, 'value'],
      ]),
    ).toEqual({ ...VIA, accept: 'x' });
  });

  test('a field that Connection names is not forwarded, whatever it is (C-130)', () => {
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

  test('the session id of the upstream replaces the sealed id; without a session, neither id nor Last-Event-ID (B-80, B-84, B-85)', () => {
    const lines: Lines = [
      ['Mcp-Session-Id', 'what the caller sent'],
      ['Last-Event-ID', '7'],
      ['Mcp-Whatever-Comes', 'm'],
    ];
    expect(sent(lines, 'abc')).toEqual({ ...VIA, 'mcp-session-id': 'abc', 'last-event-id': '7', 'mcp-whatever-comes': 'm' });
    for (const message of [NAMED, LEGACY]) expect(sent(lines, null, message)).toEqual({ ...VIA, 'mcp-whatever-comes': 'm' });
    expect(sent([['Mcp-Whatever-Comes', 'm']], 'abc')).toEqual({ ...VIA, 'mcp-whatever-comes': 'm' });
  });

  test('a mirrored field is forwarded only where the gateway compared it with the body (B-57, B-61)', () => {
    const lines: Lines = [
      ['Mcp-Method', 'm'],
      ['Mcp-Name', 'x'],
      ['Mcp-Param-Region', 'us'],
    ];
    const kept = { ...VIA, 'mcp-param-region': 'us' };
    expect(sent(lines)).toEqual({ ...kept, 'mcp-method': 'm', 'mcp-name': 'x' });
    expect(sent(lines, null, of('modern', null))).toEqual({ ...kept, 'mcp-method': 'm' });
    expect(sent(lines, null, LEGACY)).toEqual(kept);
    expect(sent(lines, 'abc', LEGACY)).toEqual(kept);
    expect(sent(lines, null, { era: 'legacy', calls: [], body: null })).toEqual(kept);
  });

  test('the names that the operator adds are forwarded beside the others, and none else (C-135)', () => {
    const lines: Lines = [
      ['Accept', 'a'],
      ['X-Region', 'us'],
      ['X-Other', 'x'],
      ['X_Region', 'x'],
    ];
    const asked = head({ lines });
    expect(pairs(requestHeaders(asked, NAMED, null, [], NAME, requestFields(['x-region'])))).toEqual({
      ...VIA,
      accept: 'a',
      'x-region': 'us',
    });
    expect(pairs(requestHeaders(asked, NAMED, null, [], NAME, requestFields([])))).toEqual({ ...VIA, accept: 'a' });
  });

  test('a header that holds API keys is never forwarded, even where the operator added it (A-42)', () => {
    const asked = head({
      lines: [
        ['X-Region', 'key'],
        ['X-Other', 'x'],
      ],
    });
    const fields = requestFields(['x-region', 'x-other'], ['x-region', 'authorization']);
    expect(pairs(requestHeaders(asked, NAMED, null, [], NAME, fields))).toEqual({ ...VIA, 'x-other': 'x' });
  });

  const SPELLINGS = ['x-tenant-id', 'X-Tenant-Id', 'X_Tenant_Id', 'x.tenant.id', 'X-Tenant_Id', 'X~Tenant~Id', 'X-TENANT-ID'];

  test.each(SPELLINGS)(
    '%s of the caller never crosses where the gateway sets X-Tenant-Id, even if forwarded (C-135, A-43)',
    (name) => {
      const asked = head({ lines: [[name, 'mine']] });
      const lower = name.toLowerCase();
      const crossing = (own: string[]) => pairs(requestHeaders(asked, NAMED, null, [], NAME, requestFields([lower], own)));
      expect(crossing([])).toEqual({ ...VIA, [lower]: 'mine' });
      expect(crossing(['x-tenant-id'])).toEqual(VIA);
    },
  );

  test.each(['Mcp-Param-Tenant', 'Mcp-Param-Tenant_', 'mcp-param.tenant', 'MCP-Param-Tenant'])(
    'nor %s, of the open family',
    (name) => {
      const asked = head({
        lines: [
          [name, 'mine'],
          ['Mcp-Param-Region', 'us'],
        ],
      });
      const own = requestFields([], ['mcp-param-tenant', 'mcp-param-tenant-']);
      expect(pairs(requestHeaders(asked, NAMED, null, [], NAME, own))).toEqual({ ...VIA, 'mcp-param-region': 'us' });
    },
  );

  test('the credential of the gateway comes last (A-43)', () => {
    expect(requestHeaders(head({ lines: [['Accept', 'x']] }), NAMED, null, ['authorization', 'Bearer ours'], NAME)).toEqual([
      'via',
      `1.1 ${NAME}`,
      'accept',
      'x',
      'authorization',
      'Bearer ours',
    ]);
  });

  test('a field that may repeat keeps its lines in order', () => {
    expect(
      requestHeaders(
        head({
          lines: [
            ['Accept', 'a'],
            ['Accept', 'b'],
          ],
        }),
        NAMED,
        null,
        [],
        NAME,
      ),
    ).toEqual(['via', `1.1 ${NAME}`, 'accept', 'a', 'accept', 'b']);
  });
});

describe('a loop (C-134)', () => {
  const via = (...values: string[]): boolean => isLoop(head({ lines: values.map((value) => ['Via', value] as const) }), NAME);
  test.each([[[`1.1 ${NAME}`]], [[`1.0 a, 1.1 ${NAME}, 1.1 b`]], [['1.1 a', `1.1 ${NAME}`]]])('shows in Via: %j', (values) => {
    expect(via(...values)).toBe(true);
  });
  test.each([[[]], [['1.1 varnish']], [['1.1 portcullis-ba9876543210']]])('does not show in Via: %j', (values) =>
    expect(via(...values)).toBe(false),
  );
});
