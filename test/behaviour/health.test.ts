// Health, metrics, and access to the admin listener.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RawResponse, rawRequest } from '../fixtures/raw-client.js';
import { type Scene, startScene } from '../fixtures/scene.js';
import { until } from '../fixtures/wait.js';

let scene: Scene;
beforeAll(async () => {
  const admin = { host: '127.0.0.1', port: '{{adminPort}}', hosts: ['admin.internal'] };
  scene = await startScene({ upstream: { headersTimeoutMs: 300 }, more: [{ path: '/b/mcp' }], root: { admin } });
});
afterAll(() => scene.stop());

const admin = (path: string, host?: string): Promise<RawResponse> =>
  rawRequest(scene.gateway.adminPort, { path, headers: host === undefined ? [] : [['Host', host]] });

describe('F-04: health and metrics', () => {
  test('/healthz and /readyz are 200 on both listeners, without facts, and are not stored', async () => {
    await until('the gateway is ready', async () => (await scene.send({ path: '/readyz' })).status === 200);
    for (const path of ['/healthz', '/readyz']) {
      for (const response of [await scene.send({ path }), await admin(path)]) {
        expect([response.status, response.body, response.header('cache-control')]).toEqual([200, '{"status":"ok"}', 'no-store']);
      }
    }
  });

  test('/metrics is on the admin listener only', async () => {
    const metrics = await admin('/metrics');
    expect([metrics.status, metrics.header('content-type')]).toEqual([200, expect.stringContaining('text/plain')]);
    for (const path of ['/metrics', '/status']) expect((await scene.send({ path })).status).toBe(404);
  });

  test.each(['127.0.0.1', 'localhost', 'localhost:9090', '10.1.2.3:9090', '[::1]:9090', 'admin.internal:80'])(
    'the admin listener accepts Host %s',
    async (host) => expect((await admin('/metrics', host)).status).toBe(200),
  );

  test.each([
    'evil.example.com',
    'evil.example.com:9090',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'xadmin.internal',
    '',
  ])('it rejects Host "%s", which may come from DNS rebinding', async (host) => {
    for (const path of ['/metrics', '/healthz', '/readyz', '/nowhere']) {
      const response = await admin(path, host);
      expect([400, 403]).toContain(response.status);
      expect(response.body).not.toContain('portcullis_');
    }
  });
});
