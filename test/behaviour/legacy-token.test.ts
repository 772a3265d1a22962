// Pass-through credentials: the upstream verifies them, and gets them unchanged. All other checks
// still apply.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Ask, legacy, modern } from '../fixtures/messages.js';
import type { RawResponse } from '../fixtures/raw-client.js';
import { answers } from '../fixtures/raw-upstream.js';
import { type Scene, startScene } from '../fixtures/scene.js';

let scene: Scene;
let bare: string;

beforeAll(async () => {
  const passThrough = { upstreamVerifies: true, scopes: ['files:read'] };
  scene = await startScene({
    endpoint: { passThrough: [{ scheme: 'Token', ...passThrough }] },
    more: [
      { path: '/key/mcp', passThrough: [{ header: 'X-Api-Key', upstreamVerifies: true }] },
      { path: '/past/mcp', passThrough: [{ scheme: 'Token', upstreamVerifies: true, sunset: '2020-01-01' }] },
      { path: '/plain/mcp' },
    ],
  });
  bare = `Bearer scope="files:read", resource_metadata="${scene.metadataUrl}"`;
});
afterAll(() => scene.stop());
beforeEach(() => scene.upstream.reset());

const call = (authorization: string, ask: Ask = {}): Promise<RawResponse> =>
  scene.send(modern('tools/list', { ...ask, headers: [['Authorization', authorization], ...(ask.headers ?? [])] }));

const KEY = 'k3y-Abc.def_~+/==';

describe('C-101, C-103: the credential reaches the upstream byte for byte, and no header of the gateway does', () => {
  test.each([
    `Token ${KEY}`,
    `token ${KEY}`,
    `TOKEN   ${KEY}`,
    `Token token="${KEY}", nonce="x"`,
    'Token é\xff',
    `Token ${'k'.repeat(8_000)}`,
  ])('%s', async (value) => {
    const response = await call(value);
    expect(response.status).toBe(200);
    expect(scene.upstream.hits).toBe(1);
    const lines = scene.upstream.last?.rawHeaders ?? [];
    expect(lines.filter(([name]) => /^(authorization|x-api-key|cookie)$/i.test(name))).toEqual([['authorization', value]]);
    expect(JSON.stringify(lines)).not.toMatch(/bearer/i);
    expect(await scene.logOf(response)).toMatchObject({ reason: 'ok', credential: 'pass-through' });
  });

  test('so does a key in its own header, only where the endpoint has a rule for it', async () => {
    const headers: Ask['headers'] = [['X-Api-Key', KEY]];
    expect((await scene.send(modern('tools/list', { path: '/key/mcp', headers }))).status).toBe(200);
    expect(scene.upstream.last?.rawHeaders).toContainEqual(['x-api-key', KEY]);
    scene.upstream.reset();
    expect((await scene.send(modern('tools/list', { headers }))).status).toBe(401);
    // Beside a valid bearer token it is a second credential where there is a rule, and dropped
    // elsewhere.
    const token = scene.token({ audience: `${scene.gateway.url}/key/mcp` });
    expect((await scene.send(modern('tools/list', { path: '/key/mcp', token, headers }))).status).toBe(400);
    expect(scene.upstream.hits).toBe(0);
    await scene.passes({ headers });
    expect(scene.upstream.last?.header('x-api-key')).toBeUndefined();
  });
});

describe('C-102, C-95: a JWS under a pass-through scheme is rejected in every form', () => {
  test.each<[string, (token: string) => string]>([
    ['as it is', (token) => `Token ${token}`],
    ['in quotes', (token) => `Token "${token}"`],
    ['as a parameter', (token) => `Token token=${token}`],
    ['as a quoted parameter', (token) => `Token token="${token}", x=1`],
    ['after a second scheme word', (token) => `Token Bearer ${token}`],
    ['after a tab', (token) => `Token \t${token}`],
  ])('%s', async (_name, wrap) => {
    expect((await call(`Token ${KEY}`)).status).toBe(200);
    await scene.passes();
    scene.upstream.reset();
    for (const token of [scene.token(), scene.token({ ttl: -600 }), scene.token({ signature: Buffer.alloc(8) })]) {
      const response = await call(wrap(token));
      expect([response.status, response.headers('www-authenticate')]).toEqual([401, [bare]]);
      expect((await scene.logOf(response)).reason).toBe('audience.legacy');
    }
    expect(scene.upstream.hits).toBe(0);
  });
});

test('C-100, C-108: the scheme is unknown at an endpoint without it, and not in the metadata', async () => {
  expect((await call(`Token ${KEY}`)).status).toBe(200);
  scene.upstream.reset();
  const refused = await call(`Token ${KEY}`, { path: '/plain/mcp' });
  expect([refused.status, (await scene.logOf(refused)).reason]).toEqual([401, 'credential.scheme']);
  expect(scene.upstream.hits).toBe(0);
  for (const path of ['/mcp', '/key/mcp']) {
    const document = await scene.send({ path: `/.well-known/oauth-protected-resource${path}` });
    expect([document.status, /token\b|api-key/i.test(document.body)]).toEqual([200, false]);
    expect((await scene.send(modern('tools/list', { path }))).header('www-authenticate')).not.toMatch(/token\b|api-key/i);
  }
});

test('C-104: a 401 of the upstream becomes a 401 of the gateway, with the challenge of the gateway', async () => {
  expect((await call(`Token ${KEY}`)).status).toBe(200);
  const headers: [string, string][] = [
    ['WWW-Authenticate', 'Token realm="http://internal.example"'],
    ['Set-Cookie', 'a=b'],
    ['Server', 'internal/1.0'],
  ];
  scene.upstream.answer(answers.status(401, headers, 'go to http://internal.example'));
  const response = await call('Token wrong');
  expect([response.status, response.headers('www-authenticate')]).toEqual([401, [bare]]);
  expect(JSON.parse(response.body)).toMatchObject({
    id: 1,
    error: { code: -31401, message: 'The MCP server rejected your credential' },
  });
  expect(JSON.stringify(response.rawHeaders) + response.body).not.toMatch(/internal|a=b|Token realm/);
  expect(await scene.logOf(response)).toMatchObject({ reason: 'upstream.refused_caller', 'http.response.status_code': 401 });
  // A 403 is about the rights of the caller, so the caller gets it.
  scene.upstream.answer(
    answers.status(403, [['Content-Type', 'application/json']], '{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"no"}}'),
  );
  const forbidden = await call(`Token ${KEY}`);
  expect([forbidden.status, forbidden.headers('www-authenticate')]).toEqual([403, []]);
  expect(scene.upstream.hits).toBe(3);
});

test('C-105: origin, size, media type, version and header checks apply to pass-through callers, too', async () => {
  expect((await call(`Token ${KEY}`)).status).toBe(200);
  scene.upstream.reset();
  const value = `Token ${KEY}`;
  const cases: [number, Ask][] = [
    [403, { headers: [['Origin', 'https://evil.example.com']] }],
    [405, { method: 'PUT' }],
    [413, { body: Buffer.alloc(5_000_000, 0x20) }],
    [415, { headers: [['Content-Type', 'text/plain']] }],
    [400, { headers: [['Mcp-Method', 'tools/call']] }],
    [400, { headers: [['MCP-Protocol-Version', '2099-01-01']] }],
    [400, { body: '{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call"}' }],
  ];
  for (const [status, ask] of cases) expect([ask, (await call(value, ask)).status]).toEqual([ask, status]);
  expect(scene.upstream.hits).toBe(0);
});

test('C-107: a scheme after its sunset is rejected, and its header alone is not a credential', async () => {
  expect((await call(`Token ${KEY}`)).status).toBe(200);
  scene.upstream.reset();
  const past = await call(`Token ${KEY}`, { path: '/past/mcp' });
  expect([past.status, (await scene.logOf(past)).reason]).toEqual([401, 'key.sunset']);
  expect(past.header('www-authenticate')).not.toContain('error=');
  for (const value of ['Token', 'Token ']) expect((await call(value)).status).toBe(401);
  expect(scene.upstream.hits).toBe(0);
});

test('C-103: GET and DELETE of the legacy revisions carry the credential in the same way', async () => {
  for (const method of ['GET', 'DELETE']) {
    scene.upstream.reset();
    const request = legacy('', { method, headers: [['Authorization', `Token ${KEY}`]] });
    expect((await scene.send(request)).status).toBe(200);
    expect([scene.upstream.last?.method, scene.upstream.last?.header('authorization')]).toEqual([method, `Token ${KEY}`]);
  }
});
