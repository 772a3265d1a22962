// API keys over real sockets: each place where a caller may write one, two tenants, the upstream
// credential in place of the key, and the sunset.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Gateway } from '../fixtures/gateway.js';
import { type HeaderLine, legacy, modern } from '../fixtures/messages.js';
import { type RawResponse, rawRequest } from '../fixtures/raw-client.js';
import { answers, type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';
import { logOf, startConfigured } from '../fixtures/scene.js';
import { hashOf } from '../support/reload-scene.js';

const ACME = 'sk_live_S2V5T2ZUaGVUZW5hbnRBY21lRm9yVGVzdHM';
const BETA = 'sk_live_S2V5T2ZUaGVUZW5hbnRCZXRhRm9yVGVzdHM';
const PAST = 'sk_live_S2V5V2hvc2VTdW5zZXRIYXNQYXNzZWRMb25n';
const SHARED = 'one-secret-of-many-old-clients-8Zt2Lq0xV7';
const UNKNOWN = 'sk_live_Tm9FbnRyeUhhc1RoZUhhc2hPZlRoaXNLZXk';
const BACKEND = 'Bearer upstream-token-of-the-operator';

let upstream: RawUpstream;
let gateway: Gateway;
beforeAll(async () => {
  upstream = await startRawUpstream(answers.rpc());
  const config = {
    apiKeys: {
      acme: { sha256: hashOf(ACME), scopes: ['files:read'], tenant: 'acme' },
      beta: { sha256: hashOf(BETA), scopes: ['files:read'], tenant: 'beta', sunset: '2099-06-30' },
      past: { sha256: hashOf(PAST), sunset: '2020-01-01' },
      shared: { sha256: hashOf(SHARED), upstreamAuthorization: '${env:BACKEND}', endpoints: ['/notes'] },
    },
    endpoints: [
      {
        path: '/mcp',
        apiKeys: [{ header: 'X-Api-Key' }, { scheme: 'Token' }, { bearerPrefix: 'sk_live_' }],
        scopes: ['files:read'],
        upstream: `${upstream.url}/up`,
      },
      { path: '/notes', apiKeys: [{ scheme: 'Token' }], upstream: `${upstream.url}/notes` },
    ],
  };
  gateway = await startConfigured(config, { env: { BACKEND } });
});
afterAll(async () => {
  await gateway.stop();
  await upstream.stop();
});
beforeEach(() => {
  upstream.reset();
  upstream.answer(answers.rpc());
});

const send = (headers: HeaderLine[], path = '/mcp'): Promise<RawResponse> =>
  rawRequest(gateway.port, modern('tools/list', { path, headers }));
const PLACES: [string, (key: string) => HeaderLine][] = [
  ['a header', (key) => ['X-Api-Key', key]],
  ['a scheme', (key) => ['Authorization', `Token ${key}`]],
  ['a bearer prefix', (key) => ['Authorization', `Bearer ${key}`]],
];

describe.each(PLACES)('a key in %s', (_place, line) => {
  test('passes as its principal, and never reaches the upstream', async () => {
    const response = await send([line(ACME)]);
    expect(response.status).toBe(200);
    expect(upstream.last?.header('authorization')).toBeUndefined();
    expect(upstream.last?.header('x-api-key')).toBeUndefined();
    expect(await logOf(gateway, response)).toMatchObject({
      credential: 'api-key',
      subject: 'acme',
      keyFingerprint: hashOf(ACME).slice(0, 8),
    });
  });

  test('without an entry: 401, and the upstream sees nothing', async () => {
    const response = await send([line(UNKNOWN)]);
    expect([response.status, (await logOf(gateway, response)).reason, upstream.hits]).toEqual([401, 'key.unknown', 0]);
  });

  test('after its sunset: 401, and the message says what to use', async () => {
    const response = await send([line(PAST)]);
    expect([response.status, (await logOf(gateway, response)).reason, upstream.hits]).toEqual([401, 'key.sunset', 0]);
    expect(response.body).toContain('This API key was retired; use OAuth');
  });

  test('announces its sunset before the day', async () => {
    const [ending, endless] = [await send([line(BETA)]), await send([line(ACME)])];
    expect([ending.header('deprecation'), ending.header('sunset')]).toEqual(['@0', 'Tue, 30 Jun 2099 00:00:00 GMT']);
    expect([endless.header('deprecation'), endless.header('sunset')]).toEqual([undefined, undefined]);
  });
});

test('a session of one tenant is not one of another', async () => {
  upstream.answer(answers.rpc({ protocolVersion: '2025-11-25' }, [['Mcp-Session-Id', 'upstream-1']]));
  const line = (key: string): HeaderLine => ['X-Api-Key', key];
  const opened = await rawRequest(
    gateway.port,
    legacy('initialize', { params: { protocolVersion: '2025-11-25' }, headers: [line(ACME)] }),
  );
  const session: HeaderLine = ['Mcp-Session-Id', opened.header('mcp-session-id') as string];
  const statuses = [ACME, BETA].map(
    async (key) => (await rawRequest(gateway.port, legacy('tools/list', { headers: [line(key), session] }))).status,
  );
  expect([opened.status, ...(await Promise.all(statuses))]).toEqual([200, 200, 404]);
});

test.each([
  ['POST', '/oauth/token'],
  ['GET', '/oauth/authorize'],
  ['GET', '/oauth/jwks'],
  ['GET', '/.well-known/oauth-authorization-server/bridge'],
  ['GET', '/.well-known/oauth-authorization-server/mcp'],
])('without a bridge, %s %s is 404', async (method, path) => {
  const basic = Buffer.from(`acme:${ACME}`).toString('base64');
  const headers: HeaderLine[] = [
    ['Authorization', `Basic ${basic}`],
    ['Content-Type', 'application/x-www-form-urlencoded'],
  ];
  const body = method === 'POST' ? 'grant_type=client_credentials' : '';
  expect((await rawRequest(gateway.port, { method, path, headers, body })).status).toBe(404);
});

test('one shared secret becomes the upstream token of the operator, at its endpoint only', async () => {
  const line: HeaderLine = ['Authorization', `Token ${SHARED}`];
  expect([(await send([line], '/notes')).status, upstream.last?.header('authorization')]).toEqual([200, BACKEND]);
  expect((await send([line])).status).toBe(401);
  // A key with an entry of its own, but without an upstream credential.
  expect([(await send([['Authorization', `Token ${ACME}`]], '/notes')).status, upstream.last?.header('authorization')]).toEqual([
    200,
    undefined,
  ]);
});

describe('is rejected', () => {
  test.each<[string, HeaderLine[], string, number]>([
    [
      'in two places',
      [
        ['X-Api-Key', ACME],
        ['Authorization', `Token ${ACME}`],
      ],
      '/mcp',
      400,
    ],
    ['in the URL', [['X-Api-Key', ACME]], `/mcp?api_key=${ACME}`, 400],
    ['in a place that the endpoint does not have', [['X-Api-Key', ACME]], '/notes', 401],
    ['as a bearer token of an endpoint without a prefix', [['Authorization', `Bearer ${ACME}`]], '/notes', 401],
  ])('%s', async (_what, lines, path, status) => {
    expect([(await send(lines, path)).status, upstream.hits]).toEqual([status, 0]);
  });
});
