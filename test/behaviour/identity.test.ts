// Each kind of caller at an upstream that gets identity JWTs: who it is, by one signature.
import { createRemoteJWKSet, type JWTPayload, jwtVerify } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { granted, makeKey, ringKey } from '../fixtures/bridged.js';
import type { Gateway } from '../fixtures/gateway.js';
import { bearerOf } from '../fixtures/identities.js';
import { type JwksIssuer, startJwksIssuer } from '../fixtures/jwks-issuer.js';
import { type HeaderLine, modern } from '../fixtures/messages.js';
import { type RawResponse, rawRequest } from '../fixtures/raw-client.js';
import { answers, type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';
import { ENV_SECRET, logOf, startConfigured } from '../fixtures/scene.js';

const key = makeKey();
const prefixed = makeKey('sk_live_');
let issuer: JwksIssuer;
let upstream: RawUpstream;
let gateway: Gateway;
let published: ReturnType<typeof createRemoteJWKSet>;

beforeAll(async () => {
  [issuer, upstream] = await Promise.all([startJwksIssuer(), startRawUpstream(answers.rpc())]);
  issuer.introspect = (form) => {
    const token = form.get('token') ?? '';
    const { exp: _exp, ...claims } = JSON.parse(Buffer.from(token.split('.')[1] ?? 'e30', 'base64url').toString());
    if (claims.sub !== undefined) return { ...claims, active: true };
    const client = { active: true, aud: `${gateway.url}/opaque/mcp`, client_id: 'cli', scope: 'files:read' };
    const [, sub] = /-of-(\w+)$/.exec(token) ?? [];
    return sub === undefined ? client : { ...client, sub, tid: 'acme' };
  };
  const introspection = { clientId: 'gateway', clientSecret: ENV_SECRET };
  const server = { url: `${upstream.url}/up`, credential: { kind: 'identity', audience: 'files-backend' } };
  const carriers = [{ header: 'X-Api-Key' }, { bearerPrefix: 'sk_live_' }];
  const config = {
    identity: { keys: ['${env:IDENTITY_KEY}'] },
    bridge: { keys: ['${env:BRIDGE_KEY}'] },
    issuers: {
      main: { issuer: issuer.issuer, introspection },
      asked: {
        issuer: 'https://asked.example.com',
        verify: 'introspection',
        introspection: { url: `${issuer.issuer}/introspect`, ...introspection },
      },
    },
    apiKeys: {
      'partner-a': { sha256: key.sha256, scopes: ['files:read'], tenant: 'acme' },
      alice: { sha256: prefixed.sha256, scopes: ['files:read'] },
    },
    endpoints: [
      { path: '/mcp', issuers: ['main'], upstream: server },
      { path: '/opaque/mcp', issuers: ['main'], upstream: server },
      { path: '/asked/mcp', issuers: ['asked'], upstream: server },
      { path: '/keys/mcp', apiKeys: carriers, bridge: false, upstream: server },
      { path: '/bridged/mcp', apiKeys: carriers, upstream: server },
    ],
  };
  // ES256 signatures differ each time: equal JWTs are one signature.
  const env = { SECRET: 's3cret', IDENTITY_KEY: ringKey('ES256').pem, BRIDGE_KEY: ringKey().pem };
  gateway = await startConfigured(config, { env });
  published = createRemoteJWKSet(new URL(`${gateway.url}/.well-known/jwks.json`));
});
afterAll(() => Promise.all([gateway.stop(), issuer.stop(), upstream.stop()]));
beforeEach(() => upstream.reset());

const send = (path: string, line: HeaderLine): Promise<RawResponse> =>
  rawRequest(gateway.port, modern('tools/list', { path, headers: [line] }));
const bearer = (token: string): HeaderLine => ['Authorization', `Bearer ${token}`];
const token = (path: string, claims: Record<string, unknown> = {}): string =>
  issuer.token({ audience: `${gateway.url}${path}`, claims });

async function read(jwt: string | undefined): Promise<JWTPayload> {
  const options = { issuer: gateway.url, audience: 'files-backend', typ: 'identity+jwt' };
  return (await jwtVerify(jwt ?? '', published, options)).payload;
}

const callers: Record<string, () => Promise<[path: string, line: HeaderLine, claims: Record<string, unknown>]>> = {
  'a user by JWT': async () => [
    '/mcp',
    bearer(token('/mcp', { tid: 'acme', act: { sub: 'agent', email: 'x@y' } })),
    { sub: 'alice', tenant: 'acme', client_id: 'test-client', scope: 'files:read', act: { sub: 'agent' } },
  ],
  'a client by JWT': async () => [
    '/mcp',
    bearer(token('/mcp', { sub: 'cli', client_id: 'cli' })),
    { sub: 'cli', client_id: 'cli' },
  ],
  'a user by opaque token': async () => ['/opaque/mcp', bearer('opaque-token-of-bob'), { sub: 'bob', tenant: 'acme' }],
  'a token without a subject': async () => [
    '/opaque/mcp',
    bearer('opaque-token-without-a-user'),
    { sub: undefined, client_id: 'cli' },
  ],
  'a user by introspected JWT, whose answer has no end': async () => {
    const theirs = issuer.token({ issuer: 'https://asked.example.com', audience: `${gateway.url}/asked/mcp` });
    return [
      '/asked/mcp',
      bearer(theirs),
      { sub: 'alice', sub_id: { format: 'iss_sub', iss: 'https://asked.example.com', sub: 'alice' } },
    ];
  },
  'an API key in a header': async () => ['/keys/mcp', ['X-Api-Key', key.key], { sub: 'partner-a', tenant: 'acme' }],
  'an API key with a prefix': async () => [
    '/keys/mcp',
    bearer(prefixed.key),
    { sub: 'alice', sub_id: { format: 'opaque', id: '- - key:alice' }, tenant: undefined },
  ],
  'a token of the bridge': async () => {
    const grant = { id: 'partner-a', secret: key.key };
    return [
      '/bridged/mcp',
      bearer(await granted(gateway.port, grant)),
      { sub: 'partner-a', sub_id: { format: 'opaque', id: '- 4:acme key:partner-a' } },
    ];
  },
};

describe.each(Object.entries(callers))('%s', (_kind, make) => {
  test('arrives as it is, by one signature for all its calls, and without its credential (A-43, A-42)', async () => {
    const [path, line, claims] = await make();
    const first = await Promise.all(Array.from({ length: 20 }, () => send(path, line)));
    const later = [await send(path, line), await send(path, line)];
    expect([...first, ...later].map(({ status }) => status)).toEqual(Array.from({ length: 22 }, () => 200));
    const jwts = new Set(upstream.requests.map(bearerOf));
    expect([upstream.hits, jwts.size]).toEqual([22, 1]);
    const payload = await read([...jwts][0]);
    for (const [name, value] of Object.entries(claims)) expect([name, payload[name]]).toEqual([name, value]);
    expect(Number(payload.exp) - Number(payload.iat)).toBe(60);
    const secret = line[1].replace(/^Bearer /, '');
    if (secret.length > 12)
      for (const { rawHeaders } of upstream.requests) expect(JSON.stringify(rawHeaders)).not.toContain(secret);
  });
});

test('two users of one client get one JWT each, also in turn (E-07)', async () => {
  const [alice, bob] = ['alice', 'bob'].map((sub) => bearer(token('/mcp', { sub }))) as [HeaderLine, HeaderLine];
  for (const line of [alice, bob, alice, bob]) await send('/mcp', line);
  const subjects = await Promise.all(upstream.requests.map(async (one) => (await read(bearerOf(one))).sub));
  expect(subjects).toEqual(['alice', 'bob', 'alice', 'bob']);
  expect(new Set(upstream.requests.map(bearerOf)).size).toBe(2);
});

test('identity headers of the caller do not arrive (A-44)', async () => {
  const { headers = [], ...rest } = modern('tools/list', { headers: [bearer(token('/mcp'))] });
  const own: HeaderLine[] = [
    ['X-User', 'admin'],
    ['X_User', 'admin'],
    ['X-Forwarded-User', 'admin'],
    ['X-Identity-Jwt', 'admin'],
  ];
  expect((await rawRequest(gateway.port, { ...rest, headers: [...headers, ...own] })).status).toBe(200);
  expect(JSON.stringify(upstream.last?.rawHeaders)).not.toContain('admin');
});

test.each([{ act: 'agent' }, { act: {} }, { sub: 'x'.repeat(6000) }, { scope: undefined, scp: ['files:read admin'] }])(
  'claims that cannot be sent: 403, and the upstream gets no call (%#)',
  async (claims) => {
    const response = await send('/mcp', bearer(token('/mcp', claims)));
    expect([response.status, upstream.hits]).toEqual([403, 0]);
    const line = await logOf(gateway, response);
    expect(line).toMatchObject({
      reason: 'claim.missing',
      detail: expect.stringMatching(/^the identity JWT cannot carry \w+: /),
    });
    expect(JSON.parse(response.body).error.message).toBe('Your token lacks what this server needs');
  },
);

test('a rejection by the upstream is about the gateway, not about the caller (A-47)', async () => {
  upstream.next(answers.status(401, [['www-authenticate', 'Bearer error="invalid_token"']]));
  const response = await send('/mcp', bearer(token('/mcp')));
  expect([response.status, response.header('www-authenticate')]).toEqual([502, undefined]);
});
