// Attacks on the token endpoint of the facade. Each has a good request beside it, is refused, and
// is in the log with its reason.
import { generateKeyPairSync } from 'node:crypto';
import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { changed, type FacadeScene, startFacadeScene } from '../fixtures/facade-scene.js';
import { until } from '../fixtures/wait.js';
import { Browser, type FacadeClient, pkce } from '../support/facade-login.js';

let scene: FacadeScene;
let client: FacadeScene['client'];

beforeAll(async () => {
  scene = await startFacadeScene();
  ({ client } = scene);
});
afterAll(() => scene.stop());
const reasonOf: FacadeScene['reasonOf'] = (answer) => scene.reasonOf(answer);

describe('the token endpoint', () => {
  const good = () => client.code();
  const isRefused = async (answer: Awaited<ReturnType<FacadeClient['post']>>, error: string, reason: string) => {
    expect([answer.status, answer.json.error]).toEqual([error === 'invalid_client' ? 401 : 400, error]);
    expect(await reasonOf(answer)).toContain(reason);
  };

  test('a code twice', async () => {
    const { clientId, code, verifier } = await good();
    expect((await client.exchange(clientId, code, verifier)).status).toBe(200);
    await isRefused(await client.exchange(clientId, code, verifier), 'invalid_grant', 'identity provider refused');
  });
  test.each<[string, Record<string, string>, string, string]>([
    ['a verifier that does not fit', { code_verifier: pkce().verifier }, 'invalid_grant', 'code_verifier'],
    ['no verifier', { code_verifier: '' }, 'invalid_grant', 'code_verifier'],
    ['another redirect URI', { redirect_uri: 'http://127.0.0.1:8/callback' }, 'invalid_grant', 'redirect_uri'],
    ['no redirect URI', { redirect_uri: '' }, 'invalid_grant', 'redirect_uri'],
    ['another resource', { resource: 'https://evil.example/mcp' }, 'invalid_target', 'invalid_target'],
    ['another grant', { grant_type: 'password' }, 'unsupported_grant_type', 'unsupported_grant_type'],
    ['a secret of a client without one', { client_secret: 'guessed' }, 'invalid_client', 'has none'],
    ['no client', { client_id: '' }, 'invalid_client', 'client id is not one of this server'],
  ])('%s', async (_name, fields, error, reason) => {
    const { clientId, code, verifier } = await good();
    const before = scene.idps[0].tokenRequests;
    await isRefused(await client.exchange(clientId, code, verifier, fields), error, reason);
    expect(scene.idps[0].tokenRequests).toBe(before);
    expect((await client.exchange(clientId, code, verifier)).status).toBe(200);
  });
  test('a changed code, the code of another client, and a text of another purpose', async () => {
    const { clientId, code, verifier } = await good();
    const stranger = (await client.registered()).client_id;
    await isRefused(await client.exchange(clientId, changed(code), verifier), 'invalid_grant', 'a code that is foreign');
    await isRefused(await client.exchange(stranger, code, verifier), 'invalid_grant', 'another client');
    await isRefused(await client.exchange(clientId, clientId, verifier), 'invalid_grant', 'a code that is foreign');
    await isRefused(await client.exchange(code, code, verifier), 'invalid_client', 'not one of this server');
    const { json } = await client.exchange(clientId, code, verifier);
    const refresh = { grant_type: 'refresh_token', refresh_token: String(json.refresh_token) };
    await isRefused(await client.post('token', { ...refresh, client_id: stranger }), 'invalid_grant', 'another client');
    expect((await client.post('token', { ...refresh, client_id: clientId })).status).toBe(200);
  });
  test('a client with a secret that sends none, or a wrong one', async () => {
    const {
      client: own,
      clientId,
      code,
      verifier,
    } = await client.code(new Browser(), { token_endpoint_auth_method: 'client_secret_post' });
    await isRefused(await client.exchange(clientId, code, verifier), 'invalid_client', 'no client secret');
    await isRefused(
      await client.exchange(clientId, code, verifier, { client_secret: 'wrong' }),
      'invalid_client',
      'wrong client secret',
    );
    expect((await client.exchange(clientId, code, verifier, { client_secret: own.client_secret ?? '' })).status).toBe(200);
  });
});

test('a client revokes its own refresh token, and no token of another client', async () => {
  const { clientId, code, verifier } = await client.code();
  const { json } = await client.exchange(clientId, code, verifier);
  const stranger = (await client.registered()).client_id;
  const token = String(json.refresh_token);
  const foreign = await client.post('revoke', { client_id: stranger, token });
  expect([foreign.status, foreign.json]).toEqual([200, {}]);
  expect(await reasonOf(foreign)).toBe('the refresh token of another client');
  const access = await client.post('revoke', { client_id: stranger, token: String(json.access_token) });
  expect([access.status, access.json.error]).toEqual([400, 'unsupported_token_type']);
  expect(await reasonOf(access)).toBe('unsupported_token_type: a token that is foreign');
  const grant = { grant_type: 'refresh_token', client_id: clientId };
  const renewed = await client.post('token', { ...grant, refresh_token: token });
  expect(renewed.status).toBe(200);
  const own = String(renewed.json.refresh_token);
  expect((await client.post('revoke', { client_id: clientId, token: own })).status).toBe(200);
  expect((await client.post('token', { ...grant, refresh_token: own })).json).toMatchObject({ error: 'invalid_grant' });
});

test('the sealed texts of the facade get 401 as credentials of an endpoint', async () => {
  const { clientId, code } = await client.code();
  for (const token of [clientId, code]) {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const response = await fetch(client.resource, { method: 'POST', headers, body: '{}', signal: AbortSignal.timeout(5_000) });
    expect(response.status).toBe(401);
  }
});

test('a token that names the facade as its issuer gets 401', async () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const claims = { iss: client.issuer, sub: 'alice', aud: client.resource, scope: 'files:read' };
  const token = await new SignJWT(claims)
    .setProtectedHeader({ alg: 'RS256', typ: 'at+jwt' })
    .setExpirationTime('1h')
    .sign(privateKey);
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const response = await fetch(client.resource, { method: 'POST', headers, body: '{}', signal: AbortSignal.timeout(5_000) });
  expect(response.status).toBe(401);
  const id = response.headers.get('x-request-id');
  const line = await until(`the line of ${id}`, () => scene.gateway.logs().find(({ requestId }) => requestId === id));
  expect(line.reason).toBe('token.issuer');
});
