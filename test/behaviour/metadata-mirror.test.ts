// The copy of the issuer's metadata beside the endpoints. Codex, mcp-remote and older clients look
// for it there only.
import { afterEach, describe, expect, test } from 'vitest';
import { type JwksIssuer, startJwksIssuer } from '../fixtures/jwks-issuer.js';
import type { RawRequest, RawResponse } from '../fixtures/raw-client.js';
import { type Scene, type SceneOptions, startScene } from '../fixtures/scene.js';
import { until } from '../fixtures/wait.js';

const NAMES = ['oauth-authorization-server', 'openid-configuration'];
const inserted = (path: string): string[] => NAMES.map((name) => `/.well-known/${name}${path}`);
const behind = (path: string): string[] => NAMES.map((name) => `${path}/.well-known/${name}`);
const everywhere = (path: string): string[] => [...inserted(path), ...inserted(`${path}/`), ...behind(path)];
const ROOT = inserted('');

const opened: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

async function start(options: SceneOptions = {}): Promise<Scene> {
  const scene = await startScene(options);
  opened.push(() => scene.stop());
  return scene;
}
async function other(metadata: Record<string, unknown> = {}): Promise<JwksIssuer> {
  const issuer = await startJwksIssuer();
  issuer.metadata = metadata;
  opened.push(() => issuer.stop());
  return issuer;
}

const get = (scene: Scene, path: string, request: Partial<RawRequest> = {}): Promise<RawResponse> =>
  scene.send({ path, ...request } as RawRequest, { label: `GET ${path}` });
const shows = (scene: Scene, path: string): Promise<RawResponse> =>
  until<RawResponse | undefined>(`${path} shows the copy`, async () => {
    const response = await get(scene, path);
    return response.status === 200 ? response : undefined;
  });
/** The document of the issuer itself. */
const original = async (issuer: JwksIssuer): Promise<string> =>
  (await fetch(`${issuer.issuer}/.well-known/oauth-authorization-server`, { signal: AbortSignal.timeout(5000) })).text();

describe('one endpoint', () => {
  test('A-16: the exact document of its issuer is at every path where a client looks', async () => {
    const scene = await start();
    await shows(scene, '/.well-known/oauth-authorization-server/mcp');
    const body = await original(scene.issuer);
    expect(JSON.parse(body).issuer).toBe(scene.issuer.issuer);
    for (const path of [...everywhere('/mcp'), ...ROOT]) {
      const response = await get(scene, path);
      expect([path, response.status, response.header('content-type')]).toEqual([path, 200, 'application/json']);
      expect([path, response.body]).toEqual([path, body]);
      expect([response.header('cache-control'), response.header('access-control-allow-origin')]).toEqual([
        'public, max-age=300',
        '*',
      ]);
      const head = await get(scene, path, { method: 'HEAD' });
      expect([head.status, head.body]).toEqual([200, '']);
      expect((await get(scene, path, { method: 'POST', body: '{}' })).status).toBe(405);
    }
    for (const path of [...inserted('/other'), ...behind('/other'), ...inserted('/mcp/x')])
      expect([path, (await get(scene, path)).status]).toEqual([path, 404]);
  });

  test('A-05, A-06: it is the same for every client and every request', async () => {
    const scene = await start();
    const path = '/.well-known/oauth-authorization-server/mcp';
    const { body } = await shows(scene, path);
    const lines: [string, string][][] = [
      [['Authorization', 'Bearer garbage']],
      [['Host', 'evil.example.com']],
      [
        ['X-Forwarded-Host', 'evil.example.com'],
        ['X-Forwarded-Prefix', '/evil'],
      ],
      [['Origin', 'https://evil.example.com']],
    ];
    for (const headers of lines) {
      const response = await get(scene, path, { headers });
      expect([response.status, response.body]).toEqual([200, body]);
    }
  });

  test('no request causes a fetch, and an issuer that is down changes nothing', async () => {
    const scene = await start();
    const [path = ''] = ROOT;
    const { body } = await shows(scene, path);
    const asked = scene.issuer.hits.metadata;
    for (let i = 0; i < 20; i += 1) expect((await get(scene, path)).body).toBe(body);
    expect(scene.issuer.hits.metadata).toBe(asked);
    await scene.issuer.setMode('closed');
    expect((await get(scene, path)).body).toBe(body);
  });

  test('until the issuer answers it is 404 in JSON, and then 200 without a restart', async () => {
    const late = await other();
    await late.setMode('500');
    const scene = await start({ issuers: { late: { issuer: late.issuer } }, endpoint: { issuers: ['late', 'main'] } });
    await until('the gateway fetches it', () => late.hits.metadata > 0);
    for (const path of [...everywhere('/mcp'), ...ROOT]) {
      const response = await get(scene, path);
      expect([path, response.status, response.header('content-type')]).toEqual([path, 404, 'application/json']);
      expect(JSON.parse(response.body)).toMatchObject({ error: { message: 'No such MCP server' } });
    }
    // The endpoint works with its other issuer in the meantime.
    await scene.passes();
    await late.setMode('ok');
    const [path = ''] = everywhere('/mcp');
    expect((await shows(scene, path)).body).toBe(await original(late));
    const events = scene.gateway.logs().filter(({ event }) => String(event).startsWith('metadata.'));
    expect(events.map(({ event, level }) => [event, level])).toEqual(
      expect.arrayContaining([
        ['metadata.load_failed', 'warn'],
        ['metadata.loaded', 'info'],
      ]),
    );
  });

  test('C-24: metadata that names another issuer is never shown', async () => {
    const wrong = await other({ issuer: 'https://login.example.com' });
    const scene = await start({ issuers: { wrong: { issuer: wrong.issuer } }, endpoint: { issuers: ['wrong'] } });
    const told = await until('the log has it', () => scene.gateway.logs().find(({ event }) => event === 'metadata.load_failed'));
    expect(told).toMatchObject({ level: 'warn', detail: expect.stringContaining('names another issuer') });
    for (const path of [...everywhere('/mcp'), ...ROOT]) expect((await get(scene, path)).status).toBe(404);
  });
});

describe('several endpoints', () => {
  test('A-18: each shows its first issuer, and the root shows none where they differ', async () => {
    const second = await other({ marked: 'second' });
    const scene = await start({
      issuers: { second: { issuer: second.issuer } },
      more: [{ path: '/b/mcp', issuers: ['second', 'main'] }],
    });
    const [first, theirs] = await Promise.all([original(scene.issuer), original(second)]);
    await shows(scene, '/.well-known/oauth-authorization-server/mcp');
    await shows(scene, '/.well-known/oauth-authorization-server/b/mcp');
    for (const path of everywhere('/mcp')) expect([path, (await get(scene, path)).body]).toEqual([path, first]);
    for (const path of everywhere('/b/mcp')) expect([path, (await get(scene, path)).body]).toEqual([path, theirs]);
    for (const path of ROOT) expect([path, (await get(scene, path)).status]).toEqual([path, 404]);
  });

  test('the root shows the issuer that all share', async () => {
    const second = await other();
    const scene = await start({
      issuers: { second: { issuer: second.issuer } },
      endpoint: { issuers: ['main', 'second'] },
      more: [{ path: '/b/mcp' }],
    });
    const [path = ''] = ROOT;
    expect((await shows(scene, path)).body).toBe(await original(scene.issuer));
    // No client is sent to the other issuer first, so the gateway does not fetch its metadata.
    expect(second.hits.metadata).toBe(1);
  });
});

describe('issuers.*.metadataMirror', () => {
  test('enabled: false fetches nothing and shows nothing', async () => {
    const issuer = await other();
    const off = await start({
      issuers: { off: { issuer: issuer.issuer, jwksUri: issuer.jwksUri, metadataMirror: { enabled: false } } },
      endpoint: { issuers: ['off'] },
      more: [{ path: '/on/mcp' }],
    });
    await shows(off, '/.well-known/oauth-authorization-server/on/mcp');
    for (const path of [...everywhere('/mcp'), ...ROOT]) expect([path, (await get(off, path)).status]).toEqual([path, 404]);
    await off.passes({ token: issuer.token({ audience: off.resource, claims: { scope: 'files:read' } }) });
    expect(issuer.hits.metadata).toBe(0);
  });

  test('addS256 adds the one field that the issuer lacks, and changes nothing else', async () => {
    const scene = await start({ issuer: { metadataMirror: { addS256: true } } });
    const { body } = await shows(scene, '/.well-known/openid-configuration/mcp');
    const own = JSON.parse(await original(scene.issuer)) as Record<string, unknown>;
    expect(own).not.toHaveProperty('code_challenge_methods_supported');
    expect(JSON.parse(body)).toEqual({ ...own, code_challenge_methods_supported: ['S256'] });
  });
});
