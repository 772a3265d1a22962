// The facade with a clock and an identity provider of the test: ends of sealed texts, limits, and
// an identity provider that fails.
import { beforeEach, describe, expect, test } from 'vitest';
import type { Fetched } from '../../../src/idp/fetch-json.js';
import {
  badMetadata,
  FORM,
  facadeScene,
  goodMetadata,
  header,
  IDP,
  ISSUER,
  jsonOf,
  query,
  tokens,
} from '../../support/facade-server.js';
import { files } from '../../support/grants.js';

let scene: ReturnType<typeof facadeScene>;
beforeEach(() => {
  scene = facadeScene();
});

test('the identity provider gets the client of the gateway, the callback and the challenge', async () => {
  const { toIdp } = await scene.toCallback();
  expect(toIdp.origin + toIdp.pathname).toBe(`${IDP}/authorize`);
  expect(Object.fromEntries(toIdp.searchParams)).toMatchObject({
    tenant: 'a',
    audience: 'api',
    client_id: 'gateway',
    redirect_uri: `${ISSUER}/callback`,
    code_challenge_method: 'S256',
    resource: files.resource,
    scope: 'files:read openid',
  });
});

test('the token request has the secret of the gateway, and the answer no ID token', async () => {
  scene.state.answerOfIdp = tokens({ access_token: 'at', refresh_token: 'rt', id_token: 'it', token_type: 'bearer' });
  const { exchange, verifier } = await scene.toCode();
  const answer = await exchange();
  expect([answer.status, Object.keys(jsonOf(answer))]).toEqual([200, ['access_token', 'token_type', 'refresh_token']]);
  expect(Object.fromEntries(scene.requests[0]?.form ?? [])).toEqual({
    grant_type: 'authorization_code',
    code: 'c',
    redirect_uri: `${ISSUER}/callback`,
    code_verifier: verifier,
    resource: files.resource,
    client_id: 'gateway',
    client_secret: 'secret-of-the-gateway',
  });
  expect(JSON.stringify(scene.notices)).not.toContain('"at"');
});

test('without a store of documents a client id is never a URL, and the metadata says so', async () => {
  expect(scene.metadata()).not.toHaveProperty('client_id_metadata_document_supported');
  const answer = await scene.call('authorize', 'GET', query({ client_id: 'https://app.example.com/client.json' }));
  expect([answer.status, answer.failure?.detail]).toEqual([400, 'the client id is not one of this server']);
});

describe('an end', () => {
  test('a code after 60 s', async () => {
    const inTime = await scene.toCode();
    scene.clock.advance(59_000);
    expect((await inTime.exchange()).status).toBe(200);
    const late = await scene.toCode();
    scene.clock.advance(60_000);
    const answer = await late.exchange();
    expect([answer.status, answer.failure?.detail]).toEqual([400, 'invalid_grant: a code that is expired']);
  });
  test.each([
    ['a consent page', async () => scene.begin().then(({ allow }) => allow), 'consent: a request that is expired'],
    [
      'a login',
      async () =>
        scene.toCallback().then(
          ({ back }) =>
            () =>
              back(),
        ),
      'callback: a state that is expired',
    ],
  ])('%s after 10 minutes', async (_name, prepare, detail) => {
    const inTime = await prepare();
    scene.clock.advance(595_000);
    expect((await inTime()).status).toBe(303);
    const late = await prepare();
    scene.clock.advance(600_000);
    const answer = await late();
    expect([answer.status, answer.failure?.detail]).toEqual([400, detail]);
  });
});

describe('a refusal of the identity provider', () => {
  const NO_SCOPE = '; the login named no scope: if this happens each time, write scopes at the endpoint';
  test.each([
    ['a login without a scope', [], '', NO_SCOPE],
    ['a scope of the client', [], 'files:read', ''],
    ['a scope of the facade', ['openid'], '', ''],
  ])('%s', async (_name, scopes, scope, remedy) => {
    const { back, toIdp } = await facadeScene({ scopes }).toCallback(scope);
    expect(toIdp.searchParams.has('scope')).toBe(remedy === '');
    const { status, failure } = await back({ code: '', error: 'access_denied' });
    expect([status, failure?.detail]).toEqual([303, `access_denied: the identity provider refused${remedy}`]);
  });
});

describe('an identity provider that fails', () => {
  test('without metadata a person gets a page', async () => {
    const { allow } = await scene.begin();
    scene.state.metadata = badMetadata;
    const answer = await allow();
    expect([answer.status, answer.body]).toMatchObject([503, { kind: 'error' }]);
    expect(answer.failure?.detail).toContain('no metadata');
  });
  test('without metadata its answer waits for another attempt', async () => {
    const { back } = await scene.toCallback();
    scene.state.metadata = badMetadata;
    expect(await back()).toMatchObject({ status: 503, body: { kind: 'error' } });
    scene.state.metadata = goodMetadata;
    expect((await back()).status).toBe(303);
  });
  test.each<[string, () => Fetched, number, string]>([
    ['no answer', () => ({ kind: 'transport', detail: 'ECONNREFUSED' }), 503, 'temporarily_unavailable'],
    ['500', () => tokens({}, 500), 503, 'temporarily_unavailable'],
    ['429', () => tokens({}, 429), 503, 'temporarily_unavailable'],
    ['401', () => tokens({ error: 'invalid_client' }, 401), 503, 'temporarily_unavailable'],
    ['400 about the gateway', () => tokens({ error: 'unauthorized_client' }, 400), 503, 'temporarily_unavailable'],
    ['200 without a token', () => tokens({ token_type: 'Bearer' }), 503, 'temporarily_unavailable'],
    ['200 without JSON', () => tokens(undefined as never), 503, 'temporarily_unavailable'],
    ['a used code', () => tokens({ error: 'invalid_grant', error_description: 'raw' }, 400), 400, 'invalid_grant'],
    ['a scope', () => tokens({ error: 'invalid_scope' }, 400), 400, 'invalid_scope'],
    ['a refusal with 200', () => tokens({ error: 'bad_verification_code' }), 400, 'invalid_grant'],
    ['a fault with 200', () => tokens({ error: 'server_error' }), 503, 'temporarily_unavailable'],
    ['a fault of Slack', () => tokens({ ok: false, error: 'ratelimited' }), 503, 'temporarily_unavailable'],
    ['a wrong secret at GitHub', () => tokens({ error: 'incorrect_client_credentials' }), 503, 'temporarily_unavailable'],
    ['a wrong secret at Slack', () => tokens({ ok: false, error: 'bad_client_secret' }), 503, 'temporarily_unavailable'],
    ['a used code at Slack', () => tokens({ ok: false, error: 'invalid_code' }), 400, 'invalid_grant'],
    ['an error of its own', () => tokens({ error: 'interaction_required' }, 400), 400, 'invalid_grant'],
    ['401 about the grant', () => tokens({ error: 'invalid_grant' }, 401), 400, 'invalid_grant'],
    ['401 without an error', () => tokens({}, 401), 503, 'temporarily_unavailable'],
  ])('%s', async (_name, idp, status, error) => {
    const { exchange } = await scene.toCode();
    scene.state.answerOfIdp = idp();
    const answer = await exchange();
    expect([answer.status, jsonOf(answer).error]).toEqual([status, error]);
    expect(String(answer.body)).not.toContain('raw');
  });
});

test.each<[string, Fetched, number]>([
  ['invalid_client with 401', tokens({ error: 'invalid_client' }, 401), 1],
  ['invalid_client with 400', tokens({ error: 'invalid_client' }, 400), 1],
  ['401 about the grant', tokens({ error: 'invalid_grant' }, 401), 0],
  ['401 of a proxy', tokens({}, 401), 0],
  ['a grant that the gateway may not use', tokens({ error: 'unauthorized_client' }, 400), 0],
])('%s: the log blames the credentials of the gateway only where they are wrong', async (_name, idp, blames) => {
  const { exchange } = await scene.toCode();
  scene.state.answerOfIdp = idp;
  await exchange();
  expect(scene.notices.filter(({ event }) => event === 'facade.client_rejected')).toHaveLength(blames);
});

test.each<[string, string, number]>([
  ['as it is', files.resource, 200],
  ['with a slash at the end', `${files.resource}/`, 200],
  ['in another spelling', files.resource.replace('https://mcp.example.com', 'HTTPS://MCP.example.com:443'), 200],
  ['another one', 'https://mcp.example.com/other/mcp', 400],
])('the token request names the resource %s: the rule of the login', async (_name, resource, status) => {
  const { exchange } = await scene.toCode();
  expect((await exchange({ resource })).status).toBe(status);
});

describe('limits', () => {
  test('60 registrations of one network a minute', async () => {
    for (let i = 0; i < 60; i += 1) expect((await scene.register('192.0.2.7')).status).toBe(201);
    expect((await scene.register('192.0.2.7')).status).toBe(429);
    expect((await scene.register('192.0.2.8')).status).toBe(201);
    scene.clock.advance(60_000);
    expect((await scene.register('192.0.2.7')).status).toBe(201);
  });
  test('120 pages of one network a minute, then a page with 429', async () => {
    for (let i = 0; i < 120; i += 1) expect((await scene.call('authorize', 'GET')).status).toBe(400);
    const answer = await scene.call('authorize', 'GET');
    expect([answer.status, answer.body, header(answer, 'retry-after')]).toMatchObject([429, { kind: 'error' }, '60']);
  });
  test('60 failed token requests of one network a minute', async () => {
    const guess = () => scene.call('token', 'POST', query({ grant_type: 'refresh_token', client_id: 'x' }), FORM);
    for (let i = 0; i < 60; i += 1) expect((await guess()).status).toBe(401);
    expect((await guess()).status).toBe(429);
  });
});
