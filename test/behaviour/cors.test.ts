// Browsers: which pages may call, the answer to a preflight, and that a page can read a rejection.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type HeaderLine, legacy, modern } from '../fixtures/messages.js';
import { type Scene, startScene } from '../fixtures/scene.js';

const LISTED = 'https://app.example.com';
const APPS = ['vscode-webview://0qhk1dkmv2', 'chrome-extension://abcdefghijklmnop', 'moz-extension://2c127fa4-62c7', 'app://-'];
let scene: Scene;
beforeAll(async () => {
  scene = await startScene({ endpoint: { origins: [LISTED, ...APPS] } });
});
afterAll(() => scene.stop());
beforeEach(async () => {
  await scene.passes();
  scene.upstream.reset();
});

const origin = (value: string): HeaderLine => ['Origin', value];

describe('B-10, B-11: pages that may not call', () => {
  test.each([
    'https://evil.example.com',
    'null',
    `${LISTED}.evil.example`,
    `${LISTED}:8443`,
    `${LISTED}/`,
    'http://app.example.com',
    'https://APP.example.com',
    'https://sub.app.example.com',
    'http://localhost.evil.example',
    'http://127.0.0.1.evil.example:80',
    'chrome-extension://ponmlkjihgfedcba',
    'Chrome-Extension://abcdefghijklmnop',
    'app://-/',
    '',
  ])('"%s" gets 403 for every method, before the credential is read', async (value) => {
    for (const token of [scene.token(), undefined]) {
      const requests = [
        modern('tools/list', { token, headers: [origin(value)] }),
        legacy('', { method: 'GET', token, headers: [origin(value)] }),
        legacy('', { method: 'DELETE', token, headers: [origin(value)] }),
        { method: 'OPTIONS', path: '/mcp', headers: [origin(value), ['Access-Control-Request-Method', 'POST']] as HeaderLine[] },
      ];
      for (const request of requests) {
        const response = await scene.send(request);
        expect([request.method, response.status, response.header('access-control-allow-origin')]).toEqual([
          request.method,
          403,
          undefined,
        ]);
        expect([response.header('cache-control'), response.headers('www-authenticate')]).toEqual(['no-store', []]);
        const body = JSON.parse(response.body) as Record<string, unknown>;
        expect(body).toMatchObject({ error: { code: -31403, message: 'Origin not allowed' } });
        expect(body.id).toBe(request.method === 'POST' ? 1 : undefined);
      }
    }
    expect(scene.upstream.hits).toBe(0);
  });

  test('two Origin lines get 403', async () => {
    const headers = [origin(LISTED), origin('https://evil.example.com')];
    expect((await scene.send(modern('tools/list', { token: scene.token(), headers }))).status).toBe(403);
    expect(scene.upstream.hits).toBe(0);
  });
});

describe('B-10, B-15, C-152: pages that may', () => {
  test.each([LISTED, ...APPS, 'http://localhost:5173', 'http://127.0.0.1', 'https://[::1]:8443'])('%s', async (value) => {
    const passed = await scene.passes({ headers: [origin(value)] });
    const cors = (header: string): string | undefined => passed.header(header);
    expect([cors('access-control-allow-origin'), cors('vary')]).toEqual([value, 'Origin']);
    expect(cors('access-control-allow-credentials')).toBeUndefined();
    expect(scene.upstream.last?.header('origin')).toBeUndefined();
    // A page has to read why it was rejected, and where to log in.
    const refused = await scene.send(modern('tools/list', { headers: [origin(value)] }));
    expect([refused.status, refused.header('access-control-allow-origin')]).toEqual([401, value]);
    const exposed = refused.header('access-control-expose-headers')?.toLowerCase() ?? '';
    for (const name of ['www-authenticate', 'mcp-session-id', 'retry-after']) expect(exposed).toContain(name);
  });

  test('the public origin itself', async () => {
    expect((await scene.passes({ headers: [origin(scene.gateway.url)] })).header('access-control-allow-origin')).toBe(
      scene.gateway.url,
    );
  });

  test('without an Origin there are no CORS headers', async () => {
    const response = await scene.passes();
    expect(response.rawHeaders.filter(([name]) => /^(access-control-|vary)/i.test(name))).toEqual([]);
  });
});

test('B-15, C-148: a preflight gets 204 without a credential, allows MCP headers, and is not forwarded', async () => {
  const headers: HeaderLine[] = [
    origin(LISTED),
    ['Access-Control-Request-Method', 'POST'],
    ['Access-Control-Request-Headers', 'authorization,content-type,mcp-param-region,mcp-param-x_y,x-other'],
  ];
  const response = await scene.send({ method: 'OPTIONS', path: '/mcp', headers });
  expect([response.status, response.body, response.header('access-control-allow-origin')]).toEqual([204, '', LISTED]);
  const allowed = (response.header('access-control-allow-headers') ?? '').toLowerCase().split(', ');
  const needed = ['authorization', 'content-type', 'accept', 'mcp-protocol-version', 'mcp-method', 'mcp-name', 'mcp-session-id'];
  // OpenTelemetry in a page adds them to each request.
  needed.push('traceparent', 'tracestate', 'baggage');
  expect(allowed).toEqual(expect.arrayContaining([...needed, 'last-event-id', 'mcp-param-region', 'mcp-param-x_y']));
  expect(allowed).not.toContain('x-other');
  expect(response.header('access-control-allow-methods')?.split(', ')).toEqual(expect.arrayContaining(['GET', 'POST', 'DELETE']));
  expect(scene.upstream.hits).toBe(0);
});
