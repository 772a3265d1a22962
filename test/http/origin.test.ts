// Which browser origins may call an endpoint, and what they may send and read then.
import { describe, expect, test } from 'vitest';
import { answerPreflight, applyCors } from '../../src/http/cors.js';
import { checkOrigin } from '../../src/http/origin.js';
import { endpoint, keyBearer, keyHeader, keyRule, keyScheme, tokenRule } from '../support/endpoint.js';
import { exchange, type Lines, pairs } from '../support/exchange.js';

const at = endpoint({ origins: ['https://app.example.com', 'https://app.example.com:8443'] });
const from = (...origins: string[]) => exchange({ lines: origins.map((one) => ['Origin', one] as const) });
function check(origins: string[], where = at): string {
  const checked = checkOrigin(from(...origins), where);
  return typeof checked === 'object' ? checked.definition.reason : String(checked);
}

describe('an origin (B-10, B-11)', () => {
  test('may be absent', () => expect(check([])).toBe('undefined'));

  test.each([
    'https://mcp.example.com',
    'https://app.example.com',
    'https://app.example.com:8443',
    'http://localhost',
    'http://localhost:5173',
    'https://localhost:1',
    'http://127.0.0.1:65535',
    'http://[::1]:3000',
  ])('%s passes', (one) => expect(check([one])).toBe(one));

  test.each([
    'https://evil.example',
    'null',
    '',
    'http://app.example.com',
    'https://app.example.com:443',
    'https://app.example.com:9',
    'https://app.example.com.evil.example',
    'https://evil-app.example.com',
    'https://evil.example/?https://app.example.com',
    'https://app.example.com/',
    'https://APP.example.com',
    'https://sub.app.example.com',
    'http://localhost.evil.example',
    'http://localhost:3000@evil.example',
    'http://localhost:123456',
    'http://127.0.0.1.evil.example',
    'http://127.0.0.2',
    'http://0.0.0.0:3000',
    'ftp://localhost',
    'https://app.example.com https://evil.example',
  ])('%s is rejected', (one) => {
    expect(check(['https://app.example.com'])).toBe('https://app.example.com');
    expect(check([one])).toBe('origin.refused');
  });

  describe('of an extension or a desktop app', () => {
    const APPS = [
      'vscode-webview://1qhk0dkmv2ifkh5c1f7rdb5kfj2h8s9ehrh1ps6e9n8oup3pi1se',
      'chrome-extension://abcdefghijklmnopabcdefghijklmnop',
      'moz-extension://2c127fa4-62c7-7e4f-90e5-472b45eecfdc',
      'safari-web-extension://1EA4E9A9-1F0B-4E8A-BD0F-C0E2C6F1F2A3',
      'app://obsidian.md',
      'app://-',
      'tauri://localhost',
    ];
    test.each(APPS)('%s passes where the operator listed it, and is rejected otherwise', (one) => {
      expect(check([one], endpoint({ origins: [one] }))).toBe(one);
      expect(check([one], endpoint({ origins: APPS.filter((other) => other !== one) }))).toBe('origin.refused');
    });

    test.each([
      'APP://obsidian.md',
      'app://Obsidian.md',
      'app://obsidian.md/',
      'app://obsidian.md:80',
      'app:obsidian.md',
      'app://',
    ])('%s is not app://obsidian.md: the whole text counts', (one) => {
      expect(check([one], endpoint({ origins: ['app://obsidian.md'] }))).toBe('origin.refused');
    });
  });

  test('twice is rejected, even if both are allowed (B-58)', () => {
    expect(check(['https://app.example.com', 'https://app.example.com'])).toBe('origin.refused');
    expect(check(['https://app.example.com', 'https://evil.example'])).toBe('origin.refused');
  });

  test('is always allowed only where the operator wrote "*"', () => {
    expect(check(['https://evil.example'], endpoint({ origins: ['*'] }))).toBe('https://evil.example');
    expect(check(['https://evil.example'], endpoint({ origins: [] }))).toBe('origin.refused');
  });
});

describe('the answers to a browser (B-15, C-152)', () => {
  test('of an allowed origin name it, and the headers that it may read', () => {
    const asked = from('https://app.example.com');
    expect(applyCors(asked, at)).toBeNull();
    expect(pairs(asked.responseHeaders)).toEqual({
      'x-request-id': 'request-1',
      'access-control-allow-origin': 'https://app.example.com',
      vary: 'Origin',
      'access-control-expose-headers':
        'WWW-Authenticate, Mcp-Session-Id, MCP-Protocol-Version, Retry-After, X-Request-Id, Sunset, Deprecation, ' +
        'RateLimit-Limit, RateLimit-Remaining, RateLimit-Reset, RateLimit-Policy',
    });
  });

  test.each<[string, string[], string]>([
    ['no origin', [], 'ok'],
    ['a rejected one', ['https://evil.example'], 'origin.refused'],
  ])('of %s have no CORS headers', (_what, origins, kind) => {
    const asked = from(...origins);
    expect(applyCors(asked, at)?.definition.reason ?? 'ok').toBe(kind);
    expect(pairs(asked.responseHeaders)).toEqual({ 'x-request-id': 'request-1' });
  });
});

describe('a preflight (B-15, C-148)', () => {
  const METHODS = 'GET, POST, DELETE, HEAD, OPTIONS';
  const HEADERS =
    'Authorization, Content-Type, Accept, MCP-Protocol-Version, Mcp-Session-Id, Mcp-Method, Mcp-Name, Last-Event-ID, ' +
    'Traceparent, Tracestate, Baggage';
  function answer(lines: Lines, where = at) {
    const asked = exchange({ method: 'OPTIONS', lines });
    expect(answerPreflight(asked, where)).toBe(true);
    expect(asked.sent).toBe('');
    const [began] = asked.began;
    return { status: began?.status, headers: pairs(began?.headers ?? []) };
  }

  test('is answered with 204, without a credential and without a body', () => {
    expect(answer([['Access-Control-Request-Method', 'POST']])).toEqual({
      status: 204,
      headers: {
        'access-control-allow-methods': METHODS,
        'access-control-allow-headers': HEADERS,
        'access-control-max-age': '7200',
        allow: METHODS,
        'cache-control': 'no-store',
      },
    });
  });

  test.each([
    ['mcp-param-region', `${HEADERS}, mcp-param-region`],
    ['authorization, Mcp-Param-Region ,mcp-param-b', `${HEADERS}, Mcp-Param-Region, mcp-param-b`],
    ['x-evil, cookie', HEADERS],
    ['mcp-param-', HEADERS],
    ['mcp-param-a b', HEADERS],
    [`mcp-param-${'x'.repeat(101)}`, HEADERS],
    ['mcp-param-a\u00e9', HEADERS],
    ['', HEADERS],
  ])('that requests %j gets: %s', (asked, allowed) => {
    expect(answer([['Access-Control-Request-Headers', asked]]).headers['access-control-allow-headers']).toBe(allowed);
  });

  test('allows the headers in which clients of this endpoint send keys, but no scheme', () => {
    const legacy = endpoint({ passThrough: [tokenRule, keyRule] });
    expect(answer([], legacy).headers['access-control-allow-headers']).toBe(`${HEADERS}, x-api-key`);
    const keys = endpoint({ apiKeys: [keyHeader, keyScheme, keyBearer], passThrough: [{ ...keyRule, header: 'x-pass' }] });
    expect(answer([], keys).headers['access-control-allow-headers']).toBe(`${HEADERS}, x-api-key, x-pass`);
  });

  test('allows the headers that the endpoint forwards', () => {
    const forwarding = endpoint({ forwardHeaders: ['x-region'] });
    expect(answer([], forwarding).headers['access-control-allow-headers']).toBe(`${HEADERS}, x-region`);
  });

  test.each(['POST', 'GET', 'HEAD', 'options'])('is not a %s request', (method) => {
    const asked = exchange({ method });
    expect(answerPreflight(asked, at)).toBe(false);
    expect(asked.began).toEqual([]);
  });
});
