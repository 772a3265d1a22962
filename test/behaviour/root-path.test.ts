// A server at the root of its host: path /. And the 404 of a path that differs from that of an
// endpoint by slashes only.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { legacy, modern } from '../fixtures/messages.js';
import { answers } from '../fixtures/raw-upstream.js';
import { type Scene, startScene } from '../fixtures/scene.js';

let scene: Scene;
let root: string;
let token: string;
beforeAll(async () => {
  scene = await startScene({ more: [{ path: '/', scopes: ['files:read'] }] });
  root = `${scene.gateway.url}/`;
  token = scene.token({ audience: root });
});
afterAll(() => scene.stop());
beforeEach(() => {
  scene.upstream.reset();
  scene.upstream.answer(answers.rpc());
});

describe('an endpoint at /', () => {
  test.each(['/', '/?x=1'])('A-41, C-147: serves a call to %s with a token for the root', async (path) => {
    expect((await scene.send(modern('tools/list', { path, token }))).status).toBe(200);
    expect([scene.upstream.hits, scene.upstream.last?.target]).toEqual([1, '/up']);
  });

  test('A-41: rejects a token for its sibling, and the sibling rejects its token', async () => {
    expect((await scene.send(modern('tools/list', { path: '/', token: scene.token() }))).status).toBe(401);
    expect((await scene.send(modern('tools/list', { token }))).status).toBe(401);
    expect((await scene.passes()).status).toBe(200);
  });

  test('A-02, A-13: its challenge points at the metadata of the root, which names the root', async () => {
    const refused = await scene.send(modern('tools/list', { path: '/' }));
    const metadata = `${root}.well-known/oauth-protected-resource`;
    expect([refused.status, refused.header('www-authenticate')]).toEqual([
      401,
      `Bearer scope="files:read", resource_metadata="${metadata}"`,
    ]);
    for (const end of ['', '/']) {
      const document = await scene.send({ path: `/.well-known/oauth-protected-resource${end}` });
      expect([document.status, JSON.parse(document.body)]).toEqual([200, expect.objectContaining({ resource: root })]);
    }
  });

  test('B-40: has sessions that its sibling does not know', async () => {
    scene.upstream.answer(answers.rpc({}, [['Mcp-Session-Id', 'one']]));
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '0' } };
    const session = (await scene.send(legacy('initialize', { path: '/', token, params }))).header('mcp-session-id') ?? '';
    const headers: [string, string][] = [['Mcp-Session-Id', session]];
    expect((await scene.send(legacy('tools/list', { path: '/', token, headers }))).status).toBe(200);
    expect(scene.upstream.last?.header('mcp-session-id')).toBe('one');
    expect((await scene.send(legacy('tools/list', { token: scene.token(), headers }))).status).toBe(404);
  });
});

describe('D-13: a path that differs from that of an endpoint by slashes only', () => {
  test.each([
    ['/mcp/', '/mcp'],
    ['//mcp', '/mcp'],
    ['/mcp//?x=1', '/mcp'],
    ['//', '/'],
  ])('%s is 404 without a redirect, and the answer has the path of the configuration', async (path, known) => {
    for (const request of [modern('tools/list', { path, token: scene.token() }), { path }]) {
      const response = await scene.send(request);
      expect([response.status, response.header('location')]).toEqual([404, undefined]);
      expect(JSON.parse(response.body)).toMatchObject({ error: { code: -31404, data: { path: known } } });
      expect((await scene.logOf(response)).detail).toBe(`only slashes differ from ${known}`);
    }
    expect(scene.upstream.hits).toBe(0);
  });

  test('another path is 404 without the paths that exist', async () => {
    const response = await scene.send({ path: '/mcp2' });
    expect([response.status, Object.keys(JSON.parse(response.body).error.data)]).toEqual([404, ['requestId']]);
  });
});
