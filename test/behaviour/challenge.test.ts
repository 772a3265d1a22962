// The answer to a client without a valid credential: the status and the bytes of the challenge.
// Nothing reaches the upstream.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Ask, legacy, modern } from '../fixtures/messages.js';
import { openRaw, type RawRequest, requestBytes } from '../fixtures/raw-client.js';
import { answers } from '../fixtures/raw-upstream.js';
import { ENV_SECRET, type Scene, startScene } from '../fixtures/scene.js';

let scene: Scene;
let bare: string;
let invalid: (text: string) => string;

beforeAll(async () => {
  const introspection = { clientId: 'gateway', clientSecret: ENV_SECRET };
  scene = await startScene({
    issuer: { introspection },
    endpoint: { scopes: ['files:read', 'files:write'] },
    more: [
      { path: '/realm/mcp', realm: 'files of acme', scopes: ['files:read'] },
      { path: '/mixed/mcp', passThrough: [{ scheme: 'Token', upstreamVerifies: true }] },
    ],
    env: { SECRET: 'introspection-secret' },
  });
  const tail = `scope="files:read files:write", resource_metadata="${scene.metadataUrl}"`;
  bare = `Bearer ${tail}`;
  invalid = (text) => `Bearer error="invalid_token", error_description="${text}", ${tail}`;
  scene.issuer.introspect = (form) => ({
    active: form.get('token') === 'opaque-on',
    aud: scene.resource,
    sub: 'alice',
    scope: 'files:read files:write',
  });
});
afterAll(() => scene.stop());
beforeEach(() => scene.upstream.reset());

const BAD = 'The access token is invalid';
const good = (): string => scene.token({ claims: { scope: 'files:write files:read' } });

/** Name, Authorization value, challenge. */
const credentials: [string, () => string | undefined, () => string][] = [
  ['none', () => undefined, () => bare],
  ['Bearer without a token', () => 'Bearer', () => bare],
  ['Bearer and a blank', () => 'bearer ', () => bare],
  ['no value', () => '', () => bare],
  ['Basic', () => 'Basic dXNlcjpwYXNz', () => bare],
  ['an unconfigured Token', () => 'Token abc', () => bare],
  ['expired', () => `Bearer ${scene.token({ ttl: -120 })}`, () => invalid('The access token expired')],
  [
    'wrong audience',
    () => `Bearer ${scene.token({ audience: 'https://other.example.com/mcp' })}`,
    () => invalid('The access token is not for this server'),
  ],
  ['wrong signature', () => `Bearer ${scene.token({ signature: Buffer.alloc(256, 7) })}`, () => invalid(BAD)],
  ['garbage', () => 'Bearer garbage', () => invalid(BAD)],
  ['three parts that are not a JWS', () => 'Bearer a.b.c', () => invalid(BAD)],
  ['an encrypted token', () => `Bearer ${Buffer.from('{"alg":"dir"}').toString('base64url')}.a.b.c.d`, () => invalid(BAD)],
  ['inactive opaque', () => 'Bearer opaque-off', () => invalid(BAD)],
];

const METHODS = ['POST', 'GET', 'DELETE', 'HEAD', 'PUT', 'PATCH'];

describe('C-02, A-20, A-28, A-29, A-22, A-25, C-03, C-150, D-34: 401 with the same challenge for every method', () => {
  describe.each(credentials)('%s', (_name, authorization, challenge) => {
    test.each(METHODS)('%s', async (method) => {
      const ask: Ask = { method, token: good() };
      // First the positive: the same request with a valid token passes authentication.
      const passed = await scene.send({ ...legacy('tools/list', ask) }, { label: `${method} with a valid token` });
      expect(passed.status).toBe(['POST', 'GET', 'DELETE'].includes(method) ? 200 : 405);
      scene.upstream.reset();

      const value = authorization();
      const refused = await scene.send(legacy('tools/list', { method, headers: [['Authorization', value ?? null]] }));
      expect([refused.status, refused.headers('www-authenticate')]).toEqual([401, [challenge()]]);
      expect(refused.header('cache-control')).toBe('no-store');
      expect(refused.header('content-type')).toBe('application/json');
      if (method !== 'HEAD') {
        const body = JSON.parse(refused.body) as Record<string, unknown>;
        expect(body).toMatchObject({ jsonrpc: '2.0', error: { code: -31401, message: expect.any(String) } });
        expect(body.id).toBe(method === 'POST' ? 1 : undefined);
      }
      expect(scene.upstream.hits).toBe(0);
    });
  });
});

test('A-20: every message needs a credential', async () => {
  await scene.passes({ token: good() });
  scene.upstream.reset();
  const requests = [
    modern('server/discover'),
    modern('foo/bar'),
    legacy('initialize', {
      params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '0' } },
    }),
    legacy('notifications/initialized', { id: null }),
    modern('tools/list', { body: 'not json' }),
    modern('tools/list', { headers: [['Content-Type', 'text/plain']] }),
    modern('tools/list', { headers: [['Mcp-Session-Id', '0b5ee5b2-5e0f-4a4c-a3e3-8a6b7d1f8a11']] }),
  ];
  for (const request of requests) {
    const response = await scene.send(request);
    expect([response.status, response.headers('www-authenticate')]).toEqual([401, [bare]]);
  }
  expect(scene.upstream.hits).toBe(0);
});

test('C-06, A-48: a token in the query gets 400, with or without another one, and is not forwarded', async () => {
  await scene.passes({ token: good(), path: '/mcp?something=else' });
  scene.upstream.reset();
  const text = 'Send the credential in a header, not in the URL';
  const tail = `scope="files:read files:write", resource_metadata="${scene.metadataUrl}"`;
  const challenge = `Bearer error="invalid_request", error_description="${text.replace(',', '')}", ${tail}`;
  for (const token of [undefined, good()]) {
    const response = await scene.send(modern('tools/list', { token, path: `/mcp?access_token=${good()}` }));
    expect([response.status, response.headers('www-authenticate')]).toEqual([400, [challenge]]);
    expect(JSON.parse(response.body)).toMatchObject({ error: { code: -31400, message: text } });
  }
  expect(scene.upstream.hits).toBe(0);
});

test('A-24, C-01, C-05, C-109: anything but one credential gets 400 invalid_request', async () => {
  const token = good();
  const tail = `scope="files:read files:write", resource_metadata="${scene.metadataUrl}"`;
  for (const scheme of ['Bearer ', 'bearer ', 'BEARER  ']) {
    const headers: Ask['headers'] = [['Authorization', scheme + token]];
    expect((await scene.send(modern('tools/list', { headers }))).status).toBe(200);
  }
  scene.upstream.reset();
  const lines: [string[], string][] = [
    [[`Bearer ${token}`, `Bearer ${token}`], 'Send one credential only'],
    [[`Bearer ${token}`, 'Token abc'], 'Send one credential only'],
    [[`Bearer ${token}, Token abc`], 'Send one credential only'],
    [[`Bearer ${token} ${token}`], 'Malformed Authorization header'],
    [[`Bearer ${token},`], 'Malformed Authorization header'],
  ];
  for (const [values, text] of lines) {
    const headers = values.map((value): [string, string] => ['Authorization', value]);
    const response = await scene.send(modern('tools/list', { headers }));
    expect(response.status).toBe(400);
    const challenge = `Bearer error="invalid_request", error_description="${text}", ${tail}`;
    expect(response.headers('www-authenticate')).toEqual([challenge]);
  }
  expect(scene.upstream.hits).toBe(0);
});

test('A-25, A-26, A-27: SDK parsers find each parameter exactly once, in one line that begins with Bearer', async () => {
  await scene.passes({ token: good() });
  const tokens = [undefined, scene.token({ ttl: -120 }), scene.token({ audience: 'x' }), scene.token({ claims: { scope: '' } })];
  for (const token of tokens) {
    const response = await scene.send(modern('tools/list', { token }));
    const lines = response.headers('www-authenticate');
    expect(lines).toHaveLength(1);
    const [line = ''] = lines;
    expect(line).toMatch(/^Bearer [a-z_]+="[^"\\]+"(, [a-z_]+="[^"\\]+")*$/);
    for (const name of ['scope=', 'resource_metadata=']) expect(line.split(name)).toHaveLength(2);
    for (const name of ['error=', 'error_description=']) expect(line.split(name).length).toBe(token === undefined ? 1 : 2);
  }
});

test('A-23: a connection with one valid request needs a credential for the next one, too', async () => {
  const first = await scene.passes({ token: good() });
  expect(first.closed).toBe(false);
  const connection = await openRaw(scene.gateway.port, { label: 'one connection, two requests' });
  await connection.write(requestBytes(scene.gateway.port, modern('tools/list', { token: good() })));
  expect((await connection.response()).status).toBe(200);
  await connection.write(requestBytes(scene.gateway.port, modern('tools/list')));
  expect((await connection.response()).status).toBe(401);
  connection.destroy();
});

describe('A-20, A-25, A-28, A-31: the probes of clients', () => {
  /**
   * Name, method, and header lines except Host. Clients send these before they have a token. The
   * last ones would be rejected for other reasons later.
   */
  const probes: [string, string, [string, string][]][] = [
    ['rmcp: GET without Accept, in an old revision', 'GET', [['MCP-Protocol-Version', '2024-11-05']]],
    ['Gemini CLI: HEAD', 'HEAD', []],
    ['mcp-remote: GET that accepts JSON', 'GET', [['Accept', 'application/json, text/event-stream']]],
    ['a browser: GET that accepts HTML', 'GET', [['Accept', 'text/html']]],
    ['a future revision', 'POST', [['MCP-Protocol-Version', '2999-01-01']]],
    ['a modern GET', 'GET', [['MCP-Protocol-Version', '2026-07-28']]],
    ['an unknown session', 'DELETE', [['Mcp-Session-Id', 'gone']]],
    ['a form', 'POST', [['Content-Type', 'application/x-www-form-urlencoded']]],
    ['no header at all', 'POST', []],
  ];
  test.each(probes)('%s', async (_name, method, headers) => {
    await scene.passes({ token: good() });
    scene.upstream.reset();
    const body = method === 'POST' ? { body: 'x=1' } : {};
    for (const [path, line] of [
      ['/mcp', bare],
      [
        '/realm/mcp',
        `Bearer realm="files of acme", scope="files:read", resource_metadata="${scene.metadataUrl.replace('/mcp', '/realm/mcp')}"`,
      ],
      ['/mixed/mcp', `Bearer resource_metadata="${scene.metadataUrl.replace('/mcp', '/mixed/mcp')}"`],
    ]) {
      const refused = await scene.send({ method, path, headers, ...body } as RawRequest);
      expect([path, refused.status, refused.headers('www-authenticate')]).toEqual([path, 401, [line]]);
      // mcp-remote takes these words as the sign of another transport.
      expect(refused.body).not.toMatch(/not found|method not allowed|404|405/i);
    }
    expect(scene.upstream.hits).toBe(0);
  });

  test('C-108: a mixed endpoint never offers its pass-through scheme, even after the upstream rejected it', async () => {
    scene.upstream.answer(answers.status(401, [['WWW-Authenticate', 'Token realm="inner"']]));
    const headers: Ask['headers'] = [['Authorization', 'Token l-0123456789']];
    const refused = await scene.send(modern('tools/list', { path: '/mixed/mcp', headers }));
    expect(scene.upstream.hits).toBe(1);
    const line = `Bearer resource_metadata="${scene.metadataUrl.replace('/mcp', '/mixed/mcp')}"`;
    expect([refused.status, refused.headers('www-authenticate')]).toEqual([401, [line]]);
  });
});
