// The credentials beside the exchange: tokens of the gateway itself, the caller's own token, and
// callers with an API key.
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Gateway } from '../fixtures/gateway.js';
import { modern } from '../fixtures/messages.js';
import { type RawResponse, rawRequest } from '../fixtures/raw-client.js';
import { answers, type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';
import { logOf, type Scene, startConfigured, startScene } from '../fixtures/scene.js';
import { type ExchangeScene, startExchangeScene } from '../support/exchange-scene.js';
import { formOf, issuedAnswer } from '../support/exchanging.js';

const KEY = 'k_key_with_a_credential_of_its_own_0001';
const sha256 = createHash('sha256').update(KEY).digest('hex');
let scene: ExchangeScene;
beforeAll(async () => {
  scene = await startExchangeScene(
    {},
    {
      env: { SECRET: 'exchange-client-secret', UPSTREAM: 'Token of-the-key-at-upstream' },
      endpoint: { apiKeys: [{ header: 'X-Api-Key' }] },
      root: { apiKeys: { partner: { sha256, scopes: ['files:read'], upstreamAuthorization: '${env:UPSTREAM}' } } },
    },
  );
});
afterAll(() => scene.stop());
beforeEach(() => {
  scene.server.reset();
  scene.upstream.reset();
});

test('a key gets its own credential, and causes no exchange', async () => {
  const headers: [string, string][] = [['X-Api-Key', KEY]];
  expect((await scene.send(modern('tools/list', { headers }))).status).toBe(200);
  expect([scene.upstream.last?.header('authorization'), scene.server.hits]).toEqual(['Token of-the-key-at-upstream', 0]);
  await scene.passes();
  expect([scene.upstream.last?.header('authorization')?.startsWith('Bearer eyJ'), scene.server.hits]).toEqual([true, 1]);
});

describe('client-credentials', () => {
  let own: ExchangeScene;
  beforeAll(async () => {
    own = await startExchangeScene({ kind: 'client-credentials', scopes: ['files'] });
    own.server.answer(answers.json(issuedAnswer({ issued_token_type: undefined })));
  });
  afterAll(() => own.stop());
  beforeEach(() => own.upstream.reset());
  const call = (sub: string): Promise<RawResponse> => own.send(modern('tools/list', { token: own.token({ claims: { sub } }) }));

  test('all callers share one token, and the server sees none of theirs', async () => {
    for (const user of ['alice', 'bob', 'carol']) expect((await call(user)).status).toBe(200);
    const seen = new Set(own.upstream.requests.map((request) => request.header('authorization')));
    expect([seen.size, own.server.requests.map(formOf)]).toEqual([
      1,
      [
        [
          ['grant_type', 'client_credentials'],
          ['audience', 'files-backend'],
          ['scope', 'files'],
        ],
      ],
    ]);
  });
  test('the upstream rejects the token: the next call has a new one', async () => {
    const { hits } = own.server;
    own.upstream.next(answers.status(401, [['www-authenticate', 'Bearer']]));
    expect([(await call('alice')).status, (await call('bob')).status, own.server.hits - hits]).toEqual([502, 200, 1]);
  });
});

describe('client-credentials that the server rejects', () => {
  test.each([400, 401, 403])('with %i: 503, one alarm, and nothing is forwarded', async (status) => {
    const own = await startExchangeScene({ kind: 'client-credentials' });
    own.server.answer(answers.json({ error: 'invalid_client' }, status));
    const response = await own.send(modern('tools/list', { token: own.token() }));
    const again = await own.send(modern('tools/list', { token: own.token() }));
    expect([response.status, again.status, (await own.logOf(response)).reason]).toEqual([503, 503, 'exchange.gateway_rejected']);
    expect([own.server.hits, own.upstream.hits]).toEqual([1, 0]);
    const alarms = own.gateway.logs().filter(({ event }) => event === 'exchange.client_rejected');
    expect(alarms).toMatchObject([{ level: 'error', endpoint: '/mcp', tokenUrl: `${own.server.url}/token` }]);
    await own.stop();
  });
});

describe('forward', () => {
  let forwarding: Scene;
  let verifying: RawUpstream;
  let gateway: Gateway;
  beforeAll(async () => {
    forwarding = await startScene();
    // The upstream may see the token of the caller here, and here alone.
    verifying = await startRawUpstream(answers.rpc(), 'issuer');
    const upstream = { url: verifying.url, credential: { kind: 'forward' } };
    const endpoint = { path: '/mcp', issuers: ['main'], scopes: ['files:read'], upstream };
    gateway = await startConfigured({ issuers: { main: { issuer: forwarding.issuer.issuer } }, endpoints: [endpoint] });
  });
  afterAll(async () => {
    await gateway.stop();
    await Promise.all([forwarding.stop(), verifying.stop()]);
  });
  const token = (): string => forwarding.issuer.token({ audience: `${gateway.url}/mcp` });
  const call = (bearer: string): Promise<RawResponse> => rawRequest(gateway.port, modern('tools/list', { token: bearer }));

  test("the upstream gets the caller's own token", async () => {
    const own = token();
    expect((await call(own)).status).toBe(200);
    expect(verifying.last?.header('authorization')).toBe(`Bearer ${own}`);
  });

  test.each([
    [401, 401, 'upstream.refused_caller'],
    [403, 403, 'upstream.client_error'],
  ])('a %i of the upstream is about the token of the caller, who gets %i', async (status, expected, reason) => {
    verifying.next(answers.json({}, status, [['www-authenticate', 'Bearer realm="upstream"']]));
    const response = await call(token());
    expect([response.status, (await logOf(gateway, response)).reason]).toEqual([expected, reason]);
    const metadata = `${gateway.url}/.well-known/oauth-protected-resource/mcp`;
    const challenge = `Bearer scope="files:read", resource_metadata="${metadata}"`;
    expect(response.headers('www-authenticate')).toEqual(expected === 401 ? [challenge] : []);
  });
});
