// Request headers that the operator lets pass: they reach the upstream as the caller sent them, and
// pages may send them. No other endpoint and no other spelling has them.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Ask, type HeaderLine, legacy, modern } from '../fixtures/messages.js';
import type { RawRequest } from '../fixtures/raw-client.js';
import { answers } from '../fixtures/raw-upstream.js';
import { type Scene, startScene } from '../fixtures/scene.js';

const TOKEN = { scheme: 'Token', upstreamVerifies: true, scopes: ['files:read'] };
let scene: Scene;
beforeAll(async () => {
  scene = await startScene({
    endpoint: { forwardHeaders: ['X-Region', 'x-feature'], passThrough: [TOKEN] },
    more: [{ path: '/plain', scopes: ['files:read'] }],
  });
});
afterAll(() => scene.stop());
beforeEach(() => {
  scene.upstream.reset();
  scene.upstream.answer(answers.rpc());
});

const linesOf = (name: string): string[] =>
  (scene.upstream.last?.rawHeaders ?? []).flatMap(([one, value]) => (one.toLowerCase() === name ? [value] : []));
const REGION: HeaderLine = ['X-REGION', 'eu west'];

describe('C-135: a listed header', () => {
  test.each<[string, (headers: Ask['headers']) => RawRequest]>([
    ['a modern call', (headers) => modern('tools/list', { token: scene.token(), headers })],
    ['a legacy call', (headers) => legacy('tools/list', { token: scene.token(), headers })],
    ['a GET stream', (headers) => legacy('', { method: 'GET', token: scene.token(), headers })],
    ['a DELETE', (headers) => legacy('', { method: 'DELETE', token: scene.token(), headers })],
    ['a pass-through caller', (headers = []) => modern('tools/list', { headers: [...headers, ['Authorization', 'Token abc']] })],
  ])('of %s reaches the upstream as sent, with all its lines', async (_who, request) => {
    expect((await scene.send(request([REGION, ['x-region', 'b'], ['X-Feature', '1'], ['X-Other', '1']]))).status).toBe(200);
    expect([linesOf('x-region'), linesOf('x-feature'), linesOf('x-other')]).toEqual([['eu west', 'b'], ['1'], []]);
  });

  test('is not taken for another spelling, and another endpoint does not forward it', async () => {
    const spelled: HeaderLine[] = [
      ['X_Region', 'a'],
      ['X.Region', 'a'],
      ['XRegion', 'a'],
      ['X-Region2', 'a'],
    ];
    await scene.passes({ headers: spelled });
    for (const [name] of spelled) expect(linesOf(name.toLowerCase())).toEqual([]);
    const token = scene.token({ audience: `${scene.gateway.url}/plain` });
    await scene.passes({ path: '/plain', token, headers: [REGION] });
    expect(linesOf('x-region')).toEqual([]);
  });

  test('C-130: is dropped where Connection names it', async () => {
    await scene.passes({ headers: [REGION, ['X-Feature', '1'], ['Connection', 'keep-alive, x-region']] });
    expect([linesOf('x-region'), linesOf('x-feature')]).toEqual([[], ['1']]);
  });

  test('B-15: a preflight allows it at its endpoint only', async () => {
    const allowed = async (path: string): Promise<string[] | undefined> => {
      const headers: HeaderLine[] = [
        ['Origin', 'http://localhost:1'],
        ['Access-Control-Request-Headers', 'x-region,x-other'],
      ];
      const response = await scene.send({ method: 'OPTIONS', path, headers });
      return response.header('access-control-allow-headers')?.split(', ');
    };
    expect(await allowed('/mcp')).toEqual(expect.arrayContaining(['x-region', 'x-feature']));
    expect(await allowed('/mcp')).not.toContain('x-other');
    expect(await allowed('/plain')).not.toContain('x-region');
  });
});
