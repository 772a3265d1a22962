// The acceptance tests of the client study about callers and their credentials, by their numbers
// there.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Ask, type HeaderLine, legacy, modern } from '../../fixtures/messages.js';
import { rsaKey } from '../../fixtures/mint.js';
import type { RawResponse } from '../../fixtures/raw-client.js';
import { ENV_SECRET, type Scene, startScene } from '../../fixtures/scene.js';

const COGNITO = 'https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_AbC123';
const KEYCLOAK = 'https://login.example.com/realms/acme';
const LITERAL = 'https://acme.example/scopes';
const METHODS = ['HEAD', 'GET', 'POST', 'DELETE'];

let scene: Scene;
let bare: string;
beforeAll(async () => {
  const passThrough = { upstreamVerifies: true, scopes: ['files:read'] };
  scene = await startScene({
    issuer: {
      introspection: { clientId: 'gateway', clientSecret: ENV_SECRET },
      claims: { scopes: ['scope', 'scp', 'permissions', LITERAL] },
    },
    endpoint: { passThrough: [{ scheme: 'Token', ...passThrough }], origins: ['https://app.example.com'] },
    env: { SECRET: 'introspection-secret' },
  });
  bare = `Bearer scope="files:read", resource_metadata="${scene.metadataUrl}"`;
});
afterAll(() => scene.stop());
beforeEach(async () => {
  await scene.passes();
  scene.upstream.reset();
});

const ask = (method: string, authorization?: string, headers: HeaderLine[] = []): Promise<RawResponse> =>
  scene.send(legacy('tools/list', { method, headers: [['Authorization', authorization ?? null], ...headers] }));

describe('1: no token', () => {
  test.each(METHODS)('%s gets 401 with the exact header', async (method) => {
    const response = await ask(method);
    expect([response.status, response.headers('www-authenticate')]).toEqual([401, [bare]]);
    expect(response.header('content-type')).toBe('application/json');
    if (method !== 'HEAD') expect(JSON.parse(response.body)).toMatchObject({ error: { code: -31401 } });
    expect(scene.upstream.hits).toBe(0);
  });

  test('OPTIONS gets 204', async () => {
    const headers: HeaderLine[] = [
      ['Origin', 'https://app.example.com'],
      ['Access-Control-Request-Method', 'POST'],
    ];
    for (const sent of [headers, []]) {
      const response = await scene.send({ method: 'OPTIONS', path: '/mcp', headers: sent });
      expect([response.status, response.body, response.headers('www-authenticate')]).toEqual([204, '', []]);
    }
  });
});

describe('2: an invalid token', () => {
  const stranger = rsaKey();
  const bad: [string, () => string][] = [
    ['garbage', () => 'garbage'],
    ['expired', () => scene.token({ ttl: -120 })],
    ['of another audience', () => scene.token({ audience: 'https://other.example.com/mcp' })],
    ['of another issuer', () => scene.token({ issuer: 'https://other.example.com' })],
    ['of another key', () => scene.token({ key: { ...stranger, kid: scene.issuer.keys[0]?.kid ?? '' } })],
    ['of another algorithm', () => scene.token({ header: { alg: 'RS512' } })],
    ['HS256', () => scene.token({ header: { alg: 'HS256' } })],
    ['none', () => scene.token({ header: { alg: 'none' } })],
    ['JWE', () => `${Buffer.from('{"alg":"dir","enc":"A256GCM"}').toString('base64url')}..AAAA.AAAA.AAAA`],
    ['an ID token', () => scene.token({ claims: { nonce: 'n', at_hash: 'x' } })],
    ['valid only in two minutes', () => scene.token({ claims: { nbf: Math.floor(Date.now() / 1000) + 120 } })],
  ];
  test.each(bad)('%s: 401 with error="invalid_token" for every method', async (_name, token) => {
    for (const method of METHODS) {
      const response = await ask(method, `Bearer ${token()}`);
      const [line = '', ...more] = response.headers('www-authenticate');
      expect([method, response.status, more]).toEqual([method, 401, []]);
      expect(line).toMatch(
        /^Bearer error="invalid_token", error_description="[A-Za-z ]+", scope="files:read", resource_metadata="/,
      );
    }
    expect(scene.upstream.hits).toBe(0);
  });

  test('valid in half a minute: within the tolerance', async () => {
    const nbf = Math.floor(Date.now() / 1000) + 30;
    expect((await ask('POST', `Bearer ${scene.token({ claims: { nbf } })}`)).status).toBe(200);
  });

  test.each([
    ['cognito', COGNITO, { token_use: 'access' }, { token_use: 'id' }],
    ['keycloak', KEYCLOAK, { typ: 'Bearer' }, { typ: 'ID' }],
  ])('%s: its ID token is rejected by its own claim', async (preset, issuer, access, id) => {
    const { jwksUri } = scene.issuer;
    const marked = await startScene({
      issuers: { marked: { preset, issuer, jwksUri } },
      endpoint: { issuers: ['marked'], audience: ['https://mcp.example.com/mcp'] },
    });
    try {
      const send = (claims: Record<string, string>): Promise<RawResponse> => {
        const token = scene.token({
          issuer,
          audience: 'https://mcp.example.com/mcp',
          claims: { client_id: undefined, ...claims },
        });
        return marked.send(modern('tools/list', { token }));
      };
      expect((await send(access)).status).toBe(200);
      expect((await send(id)).status).toBe(401);
      expect(marked.upstream.hits).toBe(1);
    } finally {
      await marked.stop();
    }
  });
});

describe('11: tokens of Google and GitHub, which have no adapter', () => {
  test.each(['ya29.a0AfH6SMBx', 'gho_16C7e42F292c6912E7710c838347Ae178B4a', 'github_pat_11AAAAAA0'])(
    '%s goes to the one introspection endpoint, which rejects it',
    async (token) => {
      const before = scene.issuer.hits.introspection;
      expect((await ask('POST', `Bearer ${token}`)).status).toBe(401);
      expect([scene.upstream.hits, scene.issuer.hits.introspection - before]).toEqual([0, 1]);
      expect(scene.gateway.output()).not.toContain(token);
    },
  );
});

describe('12: scopes', () => {
  const without = { scope: undefined };
  test.each<[string, Record<string, unknown>]>([
    ['a string', { scope: 'other files:read' }],
    ['a list', { scope: ['other', 'files:read'] }],
    ['a list in scp', { ...without, scp: ['files:read'] }],
    ['a string in scp', { ...without, scp: 'files:read other' }],
    ['permissions', { ...without, permissions: ['files:read'] }],
    ['a claim whose name is a URL', { ...without, [LITERAL]: ['files:read'] }],
  ])('%s', async (_name, claims) => {
    expect((await ask('POST', `Bearer ${scene.token({ claims })}`)).status).toBe(200);
  });

  test.each<[string, Record<string, unknown>]>([
    ['no scope', { scope: undefined }],
    ['another scope', { scope: 'files:write' }],
    ['a scope that begins like it', { scope: 'files:readx' }],
  ])('%s gets 403 with all three parameters', async (_name, claims) => {
    const response = await ask('POST', `Bearer ${scene.token({ claims })}`);
    const description = 'error_description="The access token lacks a scope"';
    const line = `Bearer error="insufficient_scope", ${description}, ${bare.slice('Bearer '.length)}`;
    expect([response.status, response.headers('www-authenticate')]).toEqual([403, [line]]);
    expect(scene.upstream.hits).toBe(0);
  });
});

describe('16: long tokens', () => {
  const sized = (bytes: number): string => scene.token({ claims: { pad: 'x'.repeat(Math.floor(bytes * 0.72)) } });
  test('C-12: 24 KiB pass', async () => {
    const token = sized(24 * 1024);
    expect(token.length).toBeGreaterThan(23 * 1024);
    expect((await ask('POST', `Bearer ${token}`)).status).toBe(200);
  });
  test('C-12: 40 KiB get 431 with a JSON body, and so do 80 KiB, more than a header may have', async () => {
    const long = await ask('POST', `Bearer ${sized(40 * 1024)}`);
    expect([long.status, long.header('content-type')]).toEqual([431, 'application/json']);
    expect(JSON.parse(long.body)).toMatchObject({ jsonrpc: '2.0', error: { message: expect.any(String) } });
    expect((await scene.logOf(long)).reason).toBe('connection.headers_too_large');
    expect((await ask('POST', `Bearer ${sized(80 * 1024)}`)).status).toBe(431);
    expect(scene.upstream.hits).toBe(0);
  });
});

describe('17: a pass-through scheme', () => {
  test.each(['Token l-0123456789', 'token l-0123456789', 'TOKEN l-0123456789', 'Token   l-0123456789'])(
    '%s reaches the upstream unchanged, and no issuer',
    async (value) => {
      const before = { ...scene.issuer.hits };
      expect((await ask('POST', value)).status).toBe(200);
      const [authorization] = scene.upstream.last?.rawHeaders.filter(([name]) => name.toLowerCase() === 'authorization') ?? [];
      expect(authorization?.[1]).toBe(value);
      expect(scene.issuer.hits).toEqual(before);
    },
  );
});

describe('18: from a web page', () => {
  const from: HeaderLine = ['Origin', 'https://app.example.com'];
  test('the page can read 200, 401, 403 and 503 with the headers that it needs', async () => {
    const answers: [number, Ask['token']][] = [
      [200, scene.token()],
      [401, undefined],
      [401, 'garbage'],
      [403, scene.token({ claims: { scope: 'other' } })],
    ];
    for (const [status, token] of answers) {
      const response = await scene.send(modern('tools/list', { token, headers: [from] }));
      expect([response.status, response.header('access-control-allow-origin')]).toEqual([status, from[1]]);
      expect(response.header('access-control-expose-headers')).toContain('WWW-Authenticate');
    }
    await scene.issuer.setMode('500');
    const token = scene.issuer.token({ audience: scene.resource, key: rsaKey() });
    const response = await scene.send(modern('tools/list', { token, headers: [from] }));
    await scene.issuer.setMode('ok');
    expect([response.status, response.header('access-control-allow-origin')]).toEqual([503, from[1]]);
    expect(response.header('access-control-expose-headers')).toContain('Retry-After');
    expect(response.header('retry-after')).toMatch(/^\d+$/);
  });
});
