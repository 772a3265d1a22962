// The scopes that the gateway publishes, and those that its challenges name, on the wire.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { modern } from '../fixtures/messages.js';
import { type Scene, startScene } from '../fixtures/scene.js';

let scene: Scene;
beforeAll(async () => {
  const tools = { default: 'allow', rules: [{ tool: 'write', scopes: ['files:write'] }] };
  const prompts = {
    default: 'allow',
    rules: [
      { prompt: 'x', scopes: ['p', 'files:write'] },
      { prompt: 'y', deny: true },
    ],
  };
  const ruled = { scopes: ['base'], tools, prompts };
  const scopeImplies = { all: ['a', 'b'] };
  const two = [
    { tool: 'one', scopes: ['a'] },
    { tool: 'two', scopes: ['b'] },
    { tool: 'three', scopes: ['c'] },
  ];
  scene = await startScene({
    endpoint: { scopes: ['files:read'] },
    more: [
      { path: '/offline/mcp', scopes: ['files:read'], tools, scopesSupported: ['files:write', 'offline_access'] },
      { path: '/two/mcp', scopes: ['base'], scopeImplies, tools: { default: 'allow', rules: two } },
      { path: '/base/mcp', ...ruled, challengeScopes: 'base' },
      { path: '/all/mcp', ...ruled, challengeScopes: 'all' },
      { path: '/none/mcp', ...ruled, challengeScopes: 'none' },
      { path: '/published/mcp', ...ruled, challengeScopes: 'none', scopesSupported: ['files:write', 'base'] },
    ],
  });
});
afterAll(() => scene.stop());
beforeEach(() => scene.upstream.reset());

const token = (path: string, scope: string): string => scene.token({ audience: scene.gateway.url + path, claims: { scope } });

/** The scopes that the metadata of an endpoint publishes. */
async function supported(path: string): Promise<unknown> {
  const response = await scene.send({ method: 'GET', path: `/.well-known/oauth-protected-resource${path}`, headers: [] });
  return (JSON.parse(response.body) as { scopes_supported?: unknown }).scopes_supported;
}

/** The status of a call, and the scopes that its challenge names. Without `scope`: no token. */
async function challenged(path: string, scope?: string, tool = 'read'): Promise<[number, string | null]> {
  const ask = { path, params: { name: tool, arguments: {} } };
  const response = await scene.send(modern('tools/call', scope === undefined ? ask : { ...ask, token: token(path, scope) }));
  const line = response.header('www-authenticate');
  return [response.status, line === undefined ? null : (/ scope="([^"]*)"/.exec(line)?.[1] ?? '')];
}

describe('offline_access', () => {
  test('is published where the operator wrote it, and in no challenge (A-10, A-33)', async () => {
    const path = '/offline/mcp';
    expect(await supported(path)).toEqual(['files:write', 'offline_access']);
    expect(await challenged(path)).toEqual([401, 'files:read']);
    expect(await challenged(path, 'offline_access')).toEqual([403, 'files:read']);
    expect(await challenged(path, 'files:read offline_access', 'write')).toEqual([403, 'files:read files:write']);
    expect(await challenged(path, 'files:read files:write', 'write')).toEqual([200, null]);
  });
});

describe('challengeScopes: the scopes of a 401 (A-22)', () => {
  test.each([
    ['the default is base', '/mcp', 'files:read', ['files:read']],
    ['base: the scopes of every call', '/base/mcp', 'base', ['base', 'files:write', 'p']],
    ['all: those of the rules too', '/all/mcp', 'base files:write p', ['base', 'files:write', 'p']],
    ['none: clients take scopes_supported', '/none/mcp', '', ['base', 'files:write', 'p']],
    ['none, and a list of the operator', '/published/mcp', '', ['files:write', 'base']],
  ])('%s', async (_what, path, scopes, published) => {
    expect(await challenged(path)).toEqual([401, scopes]);
    expect(await challenged(path, 'base files:read files:write')).toEqual([200, null]);
    expect(await supported(path)).toEqual(published);
  });

  test('an invalid token, an expired one and a malformed credential name the same scopes (A-31)', async () => {
    const path = '/all/mcp';
    const expired = scene.token({ audience: scene.gateway.url + path, ttl: -120 });
    for (const [value, status] of [
      ['Bearer garbage', 401],
      [`Bearer ${expired}`, 401],
      ['Basic dXNlcjpwYXNz', 401],
      [`Bearer ${expired} x`, 400],
    ] as const) {
      const response = await scene.send(modern('tools/list', { path, headers: [['Authorization', value]] }));
      expect([response.status, response.header('www-authenticate')]).toEqual([
        status,
        expect.stringContaining(' scope="base files:write p", '),
      ]);
    }
  });

  test('a 403 names the scopes of its call, whatever the 401 names (A-30)', async () => {
    for (const path of ['/base/mcp', '/all/mcp', '/none/mcp'])
      for (const [scope, name, scopes] of [
        ['', 'read', 'base'],
        ['base', 'write', 'base files:write'],
      ] as const)
        expect([path, ...(await challenged(path, scope, name))]).toEqual([path, 403, scopes]);
  });
});

describe('a 403 also names the scopes of the endpoint that the token has (A-31)', () => {
  const path = '/two/mcp';

  test('a client that takes the scopes of each challenge gets all tools with one login for each scope', async () => {
    let scope = 'base';
    const logins: string[] = [];
    for (let round = 0; round < 4; round += 1)
      for (const tool of ['one', 'two', 'three']) {
        const [status, scopes] = await challenged(path, scope, tool);
        if (status === 200 || scopes === null) continue;
        scope = scopes;
        logins.push(scopes);
        expect(await challenged(path, scope, tool)).toEqual([200, null]);
      }
    expect(logins).toEqual(['base a', 'base a b', 'base a b c']);
  });

  test.each([
    ['in the order of the file', 'c base a', 'two', 'base a b c'],
    ['a scope that includes others', 'base all', 'three', 'base c all'],
    ['no scope of another server', 'base openid offline_access c2 C', 'one', 'base a'],
    ['none that the token lacks', 'a', 'read', 'base a'],
  ])('%s', async (_what, scope, tool, scopes) => {
    expect(await challenged(path, scope, tool)).toEqual([403, scopes]);
    const reversed = scope.split(' ').reverse().join(' ');
    expect(await challenged(path, reversed, tool)).toEqual([403, scopes]);
  });
});
