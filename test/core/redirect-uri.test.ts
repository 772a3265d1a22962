// Redirect URIs: the allow-list of an operator, and the match of a request with a registration.
import { describe, expect, test } from 'vitest';
import { isAllowedRedirect, isRedirectEntry, isRegisteredRedirect, redirectPlace } from '../../src/core/redirect-uri.js';

const ENTRIES = [
  'https://claude.ai/api/mcp/auth_callback',
  'https://vscode.dev',
  'https://one.example.com/apps/',
  'http://127.0.0.1',
  'cursor://anysphere.cursor-retrieval/oauth/',
  'com.example.app:/callback',
];

describe('a client may register', () => {
  test.each([
    'https://claude.ai/api/mcp/auth_callback',
    'https://vscode.dev/redirect?x=1',
    'https://vscode.dev',
    'https://one.example.com/apps/a/b',
    'http://127.0.0.1:33418/',
    'http://127.0.0.1/callback',
    'http://localhost:3000/oauth/callback?x=1',
    'http://[::1]:9/cb',
    'cursor://anysphere.cursor-retrieval/oauth/user-a/callback',
    'com.example.app:/callback',
  ])('%s', (uri) => expect(isAllowedRedirect(uri, ENTRIES)).toBe(true));
});

describe('a client may not register', () => {
  test.each([
    ['another path', 'https://claude.ai/api/mcp/auth_callback2'],
    ['a query behind an exact entry', 'https://claude.ai/api/mcp/auth_callback?x=1'],
    ['another host', 'https://evil.example/api/mcp/auth_callback'],
    ['a host that begins alike', 'https://vscode.dev.evil.example/'],
    ['another port', 'https://vscode.dev:444/'],
    ['plain http', 'http://vscode.dev/'],
    ['a user name', 'https://vscode.dev@evil.example/'],
    ['a user name of its own host', 'https://a:b@vscode.dev/'],
    ['a fragment', 'https://vscode.dev/#x'],
    ['dots out of the folder', 'https://one.example.com/apps/../b'],
    ['encoded dots', 'https://one.example.com/apps/%2e%2e/b'],
    ['an encoded slash', 'https://one.example.com/apps/..%2fb'],
    ['a backslash', 'https://vscode.dev\\@evil.example/'],
    ['a space', 'https://vscode.dev/ x'],
    ['a line feed', 'https://vscode.dev/\nx'],
    ['a quote', 'https://vscode.dev/"x'],
    ['a letter beyond ASCII', 'https://vscode.dev/é'],
    ['a host that looks like loopback', 'http://127.0.0.1.evil.example/'],
    ['another scheme', 'vscode://anysphere.cursor-retrieval/oauth/'],
    ['another host of the scheme', 'cursor://evil/oauth/'],
    ['another path of the scheme', 'com.example.app:/callback2'],
    ['a script', 'javascript:alert(1)'],
    ['data', 'data:text/html,x'],
    ['no URL', 'callback'],
    ['nothing', ''],
    ['too many characters', `https://vscode.dev/${'a'.repeat(1_024)}`],
  ])('%s: %j', (_name, uri) => expect(isAllowedRedirect(uri, ENTRIES)).toBe(false));

  test('anything, without entries', () => expect(isAllowedRedirect('http://127.0.0.1/', [])).toBe(false));
  test('a loopback URI without a loopback entry', () =>
    expect(isAllowedRedirect('http://127.0.0.1/', ['https://vscode.dev'])).toBe(false));
});

test.each(['javascript:', 'http://example.com', 'https://a/#', 'x', 'https://u@a/'])('no entry: %s', (text) =>
  expect(isRedirectEntry(text)).toBe(false),
);

describe('a request names a registered URI', () => {
  test.each([
    ['https://claude.ai/cb', 'https://claude.ai/cb', true],
    ['https://claude.ai/cb/', 'https://claude.ai/cb', false],
    ['https://CLAUDE.ai/cb', 'https://claude.ai/cb', false],
    ['https://claude.ai:444/cb', 'https://claude.ai/cb', false],
    ['http://127.0.0.1:1/cb', 'http://127.0.0.1:2/cb', true],
    ['http://127.0.0.1:1/cb', 'http://127.0.0.1/cb', true],
    ['http://127.0.0.1:1/other', 'http://127.0.0.1/cb', false],
    ['http://127.0.0.1:1/cb?x=1', 'http://127.0.0.1/cb', false],
    ['http://localhost:1/cb', 'http://127.0.0.1/cb', false],
    ['app://a/cb', 'app://a/cb', true],
    ['app://a/cb2', 'app://a/cb', false],
  ])('%s for %s: %s', (uri, registered, matches) => expect(isRegisteredRedirect(uri, registered)).toBe(matches));
});

test.each([
  ['https://claude.ai/api', 'claude.ai', false],
  ['http://127.0.0.1:1/cb', '127.0.0.1:1', true],
  ['cursor://any/oauth', 'cursor://any', true],
])('the place of %s', (uri, text, isLocal) => expect(redirectPlace(uri)).toEqual({ text, isLocal }));
