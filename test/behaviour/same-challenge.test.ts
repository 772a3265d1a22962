// The same case gets the same challenge, byte for byte, at each replica and each time: clients
// compare challenges.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { modern } from '../fixtures/messages.js';
import { rawRequest } from '../fixtures/raw-client.js';
import { ENV_SECRET, type Scene, startConfigured, startScene } from '../fixtures/scene.js';

let scene: Scene;
beforeAll(async () => {
  const introspection = { clientId: 'gateway', clientSecret: ENV_SECRET };
  const rules = ['write', 'purge'].map((tool) => ({ tool, scopes: [`files:${tool}`] }));
  scene = await startScene({
    issuer: { introspection },
    endpoint: { scopes: ['files:read', 'files:write'] },
    more: [{ path: '/two/mcp', scopes: ['files:read'], tools: { default: 'allow', rules } }],
    env: { SECRET: 'introspection-secret' },
  });
});
afterAll(() => scene.stop());

const good = (): string => scene.token({ claims: { scope: 'files:write files:read' } });

test('A-31, C-09: ten identical calls get ten identical headers, whatever scopes they have', async () => {
  await scene.passes({ token: good() });
  const cases: [number, () => string | undefined][] = [
    [401, () => undefined],
    [401, () => scene.token({ ttl: -120 })],
    [401, () => 'opaque-off'],
    [403, () => scene.token({ claims: { scope: 'files:read' } })],
    [403, () => scene.token({ claims: { scope: 'files:readx other' } })],
  ];
  const seen: string[] = [];
  for (const [status, token] of cases) {
    const headers = new Set<string | undefined>();
    for (let i = 0; i < 10; i += 1) {
      const response = await scene.send(modern('tools/list', { token: token() }));
      expect(response.status).toBe(status);
      headers.add(response.header('www-authenticate'));
    }
    expect(headers.size).toBe(1);
    seen.push([...headers][0] ?? '');
  }
  const scopes = 'scope="files:read files:write"';
  const step = `Bearer error="insufficient_scope", error_description="The access token lacks a scope", ${scopes}, resource_metadata="${scene.metadataUrl}"`;
  expect(seen.slice(3)).toEqual([step, step]);
});

test('A-31: calls with one token get the same bytes, with the scopes that the token has', async () => {
  const path = '/two/mcp';
  for (const [scope, name, expected] of [
    ['files:write files:read', 'purge', 'files:read files:write files:purge'],
    ['files:purge files:read', 'write', 'files:read files:write files:purge'],
    ['files:read', 'write', 'files:read files:write'],
  ] as const) {
    const token = scene.token({ audience: scene.gateway.url + path, claims: { scope } });
    const headers = new Set<string | undefined>();
    for (let i = 0; i < 10; i += 1) {
      const response = await scene.send(modern('tools/call', { path, token, params: { name, arguments: {} } }));
      expect(response.status).toBe(403);
      headers.add(response.header('www-authenticate'));
    }
    expect(headers.size).toBe(1);
    expect([...headers][0]).toContain(` scope="${expected}", `);
  }
});

test('A-31: two replicas write the same bytes', async () => {
  const config = {
    publicUrl: 'https://mcp.example.com',
    issuers: { main: { issuer: scene.issuer.issuer } },
    endpoints: [{ path: '/mcp', issuers: ['main'], scopes: ['b', 'a'], upstream: scene.upstream.url }],
  };
  const replicas = await Promise.all([startConfigured(config), startConfigured(config)]);
  try {
    const audience = 'https://mcp.example.com/mcp';
    const tokens = [
      undefined,
      'garbage',
      scene.token({ audience, ttl: -120 }),
      scene.token({ audience, claims: { scope: 'a' } }),
    ];
    const seen: (string | number | undefined)[][] = [];
    for (const token of tokens) {
      const asked = modern('tools/list', { token });
      const [one, two] = await Promise.all(replicas.map(({ port }) => rawRequest(port, asked)));
      expect([one?.status, one?.header('www-authenticate')]).toEqual([two?.status, two?.header('www-authenticate')]);
      seen.push([one?.status, one?.header('www-authenticate')]);
    }
    expect(seen.map(([status]) => status)).toEqual([401, 401, 401, 403]);
    expect(new Set(seen.map(([, line]) => line)).size).toBe(4);
  } finally {
    await Promise.all(replicas.map((replica) => replica.stop()));
  }
});
