// The preset `github` in front of a server that answers in the shapes of GitHub's documentation.
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { facadeRing } from '../fixtures/facade-scene.js';
import type { Gateway } from '../fixtures/gateway.js';
import { modern } from '../fixtures/messages.js';
import { rawRequest } from '../fixtures/raw-client.js';
import { answers, type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';
import { startConfigured } from '../fixtures/scene.js';
import { until } from '../fixtures/wait.js';
import { FacadeClient } from '../support/facade-login.js';
import { APP, type GithubServer, startGithubServer } from '../support/github-server.js';

let github: GithubServer;
let upstream: RawUpstream;
let gateway: Gateway;
let client: FacadeClient;
beforeAll(async () => {
  [github, upstream] = await Promise.all([startGithubServer(), startRawUpstream(answers.rpc())]);
  const facade = {
    clientId: APP.id,
    clientSecret: '${env:IDP_SECRET}',
    keys: ['${env:RING}'],
    claims: ['login'],
    requiredClaims: { login: ['octocat', 'hubot'] },
  };
  const issuers = { main: { preset: 'github', issuer: github.issuer, facade } };
  const endpoints = [{ path: '/mcp', issuers: ['main'], scopes: ['files:read'], upstream: `${upstream.url}/up` }];
  gateway = await startConfigured({ issuers, endpoints }, { env: { RING: facadeRing(), IDP_SECRET: APP.secret } });
  client = new FacadeClient(`${gateway.url}/oauth/main`, `${gateway.url}/mcp`);
});
afterAll(async () => {
  await gateway.stop();
  await Promise.all([github.stop(), upstream.stop()]);
});
beforeEach(() => {
  Object.assign(github, { user: { login: 'octocat', id: 583231 }, tokenError: null, requests: [] });
});

async function loggedIn() {
  const { clientId, verifier, code } = await client.code();
  return { clientId, ...(await client.exchange(clientId, code, verifier)) };
}

const refreshed = (clientId: string, token: unknown) =>
  client.post('token', { grant_type: 'refresh_token', client_id: clientId, refresh_token: String(token) });

async function reasonOf({ headers }: { headers: Headers }): Promise<unknown> {
  const id = headers.get('x-request-id');
  return (await until(`the line of ${id}`, () => gateway.logs().find(({ requestId }) => requestId === id))).detail;
}

test('a login gives a token of the gateway for the account', async () => {
  const { status, json } = await loggedIn();
  expect(status).toBe(200);
  const sub = `${github.issuer}|583231`;
  expect(decodeJwt(String(json.access_token))).toMatchObject({
    sub,
    login: 'octocat',
    aud: client.resource,
    scope: 'files:read',
  });
  const headers: [string, string][] = [['Authorization', `Bearer ${json.access_token}`]];
  expect((await rawRequest(gateway.port, modern('tools/list', { path: '/mcp', headers }))).status).toBe(200);
  expect(github.requests).toEqual(['POST /login/oauth/access_token', 'GET /api/v3/user']);
});

test('a refresh asks the user endpoint again, and nothing else', async () => {
  const { clientId, json } = await loggedIn();
  github.requests = [];
  const renewed = await refreshed(clientId, json.refresh_token);
  expect([renewed.status, github.requests]).toEqual([200, ['GET /api/v3/user']]);
  // The client keeps the refresh token that it has.
  expect(renewed.json).not.toHaveProperty('refresh_token');
  expect((await refreshed(clientId, json.refresh_token)).status).toBe(200);
});

test.each<[string, Partial<GithubServer>, number, string]>([
  [
    'the person revoked the app',
    { user: { status: 401, body: { message: 'Bad credentials' } } },
    400,
    'rejects the access token',
  ],
  [
    'the account was suspended',
    { user: { status: 403, body: { message: 'Sorry. Your account was suspended' } } },
    400,
    'rejects the access token',
  ],
  ['another account', { user: { login: 'octocat', id: 7 } }, 400, 'another person'],
  ['a login that is not listed', { user: { login: 'stranger', id: 583231 } }, 400, 'the person lacks login'],
  [
    'a limit',
    { user: { status: 403, headers: { 'x-ratelimit-remaining': '0' }, body: { message: 'API rate limit exceeded' } } },
    503,
    'status 403',
  ],
  ['a fault', { user: { status: 502, body: {} } }, 503, 'status 502'],
  ['an answer without id', { user: { status: 200, body: { login: 'octocat' } } }, 503, 'no id'],
])('a refresh after: %s', async (_name, changes, status, reason) => {
  const { clientId, json } = await loggedIn();
  Object.assign(github, changes);
  const refused = await refreshed(clientId, json.refresh_token);
  expect([refused.status, refused.json.access_token]).toEqual([status, undefined]);
  expect(refused.json.error).toBe(status === 400 ? 'invalid_grant' : 'temporarily_unavailable');
  expect(await reasonOf(refused)).toContain(reason);
});

test.each([
  ['a bad code', { error: 'bad_verification_code', error_description: 'The code passed is incorrect or expired.' }, 400],
  [
    'a wrong secret of the gateway',
    { error: 'incorrect_client_credentials', error_description: 'The client_id is incorrect.' },
    503,
  ],
])('an error with status 200: %s', async (_name, tokenError, status) => {
  expect((await loggedIn()).status).toBe(200);
  github.tokenError = tokenError;
  const refused = await loggedIn();
  expect([refused.status, JSON.stringify(refused.json).includes('incorrect')]).toEqual([status, false]);
  expect(github.requests.at(-1)).toBe('POST /login/oauth/access_token');
});
