// The metadata documents, in which a client finds the authorization server. They are the same for
// every client and every request.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Gateway } from '../fixtures/gateway.js';
import { type JwksIssuer, startJwksIssuer } from '../fixtures/jwks-issuer.js';
import { modern } from '../fixtures/messages.js';
import { type RawRequest, type RawResponse, rawRequest } from '../fixtures/raw-client.js';
import { type Scene, startConfigured, startScene } from '../fixtures/scene.js';

const WELL_KNOWN = '/.well-known/oauth-protected-resource';
const PUBLIC = 'https://mcp.example.com';

let issuer: JwksIssuer;
let gateway: Gateway;
let ask: (request: RawRequest | string) => Promise<RawResponse>;

/** Path, configured resource, the resource that must be published, and the path of the document. */
const endpoints = [
  { path: '/a/mcp', resource: undefined, published: `${PUBLIC}/a/mcp`, metadata: `${WELL_KNOWN}/a/mcp` },
  { path: '/deep/er/mcp', resource: undefined, published: `${PUBLIC}/deep/er/mcp`, metadata: `${WELL_KNOWN}/deep/er/mcp` },
  {
    path: '/Case~1/mcp',
    resource: `${PUBLIC}:8443/Case~1/mcp`,
    published: `${PUBLIC}:8443/Case~1/mcp`,
    metadata: `${WELL_KNOWN}/Case~1/mcp`,
  },
  {
    path: "/a-b.c_d~e/!$&'()+,:@",
    resource: undefined,
    published: `${PUBLIC}/a-b.c_d~e/!$&'()+,:@`,
    metadata: `${WELL_KNOWN}/a-b.c_d~e/!$&'()+,:@`,
  },
  { path: '/tools', resource: 'https://tools.example.com', published: 'https://tools.example.com', metadata: WELL_KNOWN },
];

beforeAll(async () => {
  issuer = await startJwksIssuer();
  const upstream = 'http://127.0.0.1:9/mcp';
  gateway = await startConfigured({
    publicUrl: PUBLIC,
    issuers: { plain: { issuer: issuer.issuer }, slash: { issuer: `${issuer.issuer}/tenant/` } },
    endpoints: endpoints.map(({ path, resource }, at) => ({
      path,
      ...(resource === undefined ? {} : { resource }),
      issuers: at === 0 ? ['plain', 'slash'] : ['plain'],
      ...(at === 1 ? {} : { scopes: ['files:read', 'files:write'] }),
      upstream,
    })),
  });
  ask = (request) => rawRequest(gateway.port, request, { label: 'a metadata request' });
});
afterAll(async () => {
  await gateway.stop();
  await issuer.stop();
});

describe.each(endpoints)('endpoint $path', ({ path, published, metadata }) => {
  test('A-01, A-03, A-04, A-09, A-12: the document is at the inserted path and names the resource', async () => {
    const response = await ask({ path: metadata });
    expect([response.status, response.header('content-type')]).toEqual([200, 'application/json']);
    expect(JSON.parse(response.body)).toEqual({
      resource: published,
      authorization_servers: path === '/a/mcp' ? [issuer.issuer, `${issuer.issuer}/tenant/`] : [issuer.issuer],
      ...(path === '/deep/er/mcp' ? {} : { scopes_supported: ['files:read', 'files:write'] }),
      bearer_methods_supported: ['header'],
    });
  });

  test('A-02, A-21: the challenge points at that document', async () => {
    const challenged = await ask(modern('tools/list', { path }));
    expect(challenged.status).toBe(401);
    const [, pointer = ''] = /resource_metadata="([^"]+)"/.exec(challenged.header('www-authenticate') ?? '') ?? [];
    expect(pointer).toBe(`${new URL(published).origin}${metadata}`);
    const byPointer = await ask({ path: new URL(pointer).pathname });
    expect(byPointer.body).toBe((await ask({ path: metadata })).body);
  });

  test('A-05, C-23: it is the same without a credential, with an invalid and with an expired one', async () => {
    const plain = await ask({ path: metadata });
    expect([plain.status, plain.header('cache-control')]).toEqual([200, 'public, max-age=300']);
    const values = ['Bearer garbage', `Bearer ${issuer.token({ audience: published, ttl: -120 })}`, 'Basic eA==', 'Token x', ''];
    for (const value of values) {
      const response = await ask({ path: metadata, headers: [['Authorization', value]] });
      expect([response.status, response.header('content-type'), response.body]).toEqual([200, 'application/json', plain.body]);
    }
    const head = await ask({ method: 'HEAD', path: metadata });
    expect([head.status, head.body]).toEqual([200, '']);
  });

  test('A-06: no Host, forwarding header or request target changes what is published', async () => {
    const plain = await ask({ path: metadata });
    const challenged = await ask(modern('tools/list', { path }));
    expect([plain.status, challenged.status]).toEqual([200, 401]);
    const hostile: [string, string][][] = [
      [['Host', 'evil.example.com']],
      [['Host', 'evil.example.com:9999']],
      // No URL parser accepts these.
      [['Host', 'evil.example.com:99999']],
      [['Host', '[::::]']],
      [['X-Forwarded-Host', 'evil.example.com']],
      [
        ['X-Forwarded-Proto', 'http'],
        ['X-Forwarded-Port', '81'],
        ['X-Forwarded-Prefix', '/evil'],
      ],
      [['Forwarded', 'host=evil.example.com;proto=http']],
      [['X-Original-URL', 'https://evil.example.com/x']],
    ];
    for (const headers of hostile) {
      const document = await ask({ path: metadata, headers });
      expect([document.status, document.body]).toEqual([200, plain.body]);
      const refused = await ask(modern('tools/list', { path, headers }));
      expect([refused.status, refused.header('www-authenticate')]).toEqual([401, challenged.header('www-authenticate')]);
    }
    const absolutes: [string, number][] = [
      [metadata, 200],
      [path, 401],
    ];
    for (const [target, status] of absolutes) {
      const absolute = await ask(`GET http://evil.example.com${target} HTTP/1.1\r\nHost: evil.example.com\r\n\r\n`);
      expect(absolute.status).toBe(status);
      expect(JSON.stringify(absolute.rawHeaders) + absolute.body).not.toContain('evil');
    }
  });

  test('A-14: it is also at the path with a slash and after the endpoint path; no other spelling has one', async () => {
    const plain = await ask({ path: metadata });
    expect(plain.status).toBe(200);
    const behind = `${new URL(published).pathname.replace(/\/$/, '')}${WELL_KNOWN}`;
    for (const at of [`${metadata}/`, behind]) {
      const response = await ask({ path: at });
      expect([at, response.status, response.header('content-type'), response.body]).toEqual([
        at,
        200,
        'application/json',
        plain.body,
      ]);
      expect((await ask({ method: 'HEAD', path: at })).status).toBe(200);
    }
    for (const at of [`${metadata}//`, `${behind}//`, `${metadata}/x`, `${metadata}%2F`, metadata.toUpperCase(), `/x${behind}`]) {
      const response = await ask({ path: at });
      expect([at, response.status, response.header('location')]).toEqual([at, 404, undefined]);
    }
  });

  test('A-05, A-15: it is read-only, cacheable for minutes, and readable for any page', async () => {
    const origin: [string, string] = ['Origin', 'https://app.example.org'];
    for (const at of [metadata, `${metadata}/`]) {
      const read = await ask({ path: at, headers: [origin] });
      expect([read.status, read.header('access-control-allow-origin')]).toEqual([200, '*']);
      expect(read.header('cache-control')).toBe('public, max-age=300');
      const written = await ask({ method: 'POST', path: at, headers: [origin], body: '{}' });
      expect([written.status, written.header('allow')]).toEqual([405, 'GET, HEAD, OPTIONS']);
      expect(written.header('access-control-allow-origin')).toBe('*');
    }
  });

  test('A-15: a preflight allows the headers that clients send with it', async () => {
    const asked = ['mcp-protocol-version', 'authorization', 'mcp-param-region', 'content-type'];
    for (const at of [metadata, `${WELL_KNOWN}/nothing/here`]) {
      const preflight = await ask({
        method: 'OPTIONS',
        path: at,
        headers: [
          ['Origin', 'https://app.example.org'],
          ['Access-Control-Request-Method', 'GET'],
          ['Access-Control-Request-Headers', asked.join(',')],
        ],
      });
      expect([preflight.status, preflight.body, preflight.header('access-control-allow-origin')]).toEqual([204, '', '*']);
      // The star means every header except Authorization (Fetch standard, section 4.9).
      const allowed = preflight.header('access-control-allow-headers')?.toLowerCase().split(/, ?/);
      expect(allowed).toEqual(expect.arrayContaining(['*', 'authorization', 'mcp-protocol-version']));
      expect(preflight.header('access-control-allow-methods')?.split(',')).toEqual(['GET', 'HEAD', 'OPTIONS']);
      expect(preflight.header('www-authenticate')).toBeUndefined();
    }
  });
});

describe('one endpoint with a path', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await startScene();
  });
  afterAll(() => scene.stop());

  test('A-13, A-51: no root document, and no pages of an authorization server', async () => {
    await scene.passes();
    expect((await scene.send({ path: `${WELL_KNOWN}/mcp` })).status).toBe(200);
    for (const path of [WELL_KNOWN, `${WELL_KNOWN}/other`, '/authorize', '/token', '/register', '/']) {
      expect((await scene.send({ path })).status).toBe(404);
      expect((await scene.send({ method: 'POST', path, body: '{}' })).status).toBe(404);
    }
  });

  test.each([
    '/.well-known/',
    '/.well-known/mcp.json',
    '/.well-known/oauth-client',
    '/.well-known/oauth-protected-resourceX/mcp',
    '/.well-known/jwks.json',
    '/.well-known/mcp/.well-known/x',
    '/other/.well-known/oauth-authorization-server',
    '/mcp/.well-known/x',
    '/mcp/sub/.well-known/oauth-protected-resource',
  ])('A-05, A-29: %s gets 404 in JSON with any credential: no challenge, no HTML, no redirect', async (path) => {
    await scene.passes();
    scene.upstream.reset();
    for (const authorization of [null, 'Bearer garbage', `Bearer ${scene.token()}`]) {
      for (const method of ['GET', 'HEAD', 'POST', 'DELETE']) {
        const headers: [string, string][] = [['Origin', 'https://app.example.org']];
        if (authorization !== null) headers.push(['Authorization', authorization]);
        const response = await scene.send({ method, path, headers });
        expect([response.status, response.header('content-type')]).toEqual([404, 'application/json']);
        expect([response.header('www-authenticate'), response.header('location')]).toEqual([undefined, undefined]);
        expect([response.header('access-control-allow-origin'), response.header('cache-control')]).toEqual(['*', 'no-store']);
        if (method !== 'HEAD') expect(JSON.parse(response.body)).toMatchObject({ error: { message: 'No such MCP server' } });
      }
    }
    expect(scene.upstream.hits).toBe(0);
  });

  test('A-19, C-147: no other spelling of a path reaches the endpoint or a page', async () => {
    await scene.passes();
    scene.upstream.reset();
    const token = scene.token();
    const paths = [
      '/mcp/',
      '//mcp',
      '/%6dcp',
      '/a/../mcp',
      '/a/%2e%2e/mcp',
      '/.well-known/../mcp',
      '/mcp;x',
      '/MCP',
      '/mcp%2F',
      '/mcp\\',
    ];
    for (const path of paths) {
      const response = await scene.send(modern('tools/list', { path, token }));
      expect([path, [400, 404].includes(response.status)]).toEqual([path, true]);
    }
    expect(scene.upstream.hits).toBe(0);
    // The query is not part of the path, and no byte of it goes to the upstream.
    await scene.passes({ path: '/mcp?a=1&b=../..' });
    expect(scene.upstream.last?.target).toBe('/up');
  });
});
