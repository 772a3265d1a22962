// The scopes that the gateway publishes, and those that its challenges name, on the wire.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { modern } from '../fixtures/messages.js';
import { type Scene, startScene } from '../fixtures/scene.js';

let scene: Scene;
beforeAll(async () => {
  const tools = { default: 'allow', rules: [{ tool: 'write', scopes: ['files:write'] }] };
  scene = await startScene({
    endpoint: { scopes: ['files:read'] },
    more: [{ path: '/offline/mcp', scopes: ['files:read'], tools, scopesSupported: ['files:write', 'offline_access'] }],
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
