// The two authorization servers of cross-app access, asked as the gateway asks them.
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AuthorizationServer } from '../fixtures/grant-server.js';
import {
  EXCHANGE,
  FILES_CLIENT,
  ID_JAG,
  IDP_CLIENT,
  type Idp,
  JWT_BEARER,
  startFilesServer,
  startIdJagIdp,
} from '../fixtures/id-jag-servers.js';

const RESOURCE = 'https://files.example.com/mcp';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
let idp: Idp;
let files: AuthorizationServer;
beforeAll(async () => {
  files = await startFilesServer(() => idp.issuer);
  idp = await startIdJagIdp({ [files.issuer]: FILES_CLIENT.id });
});
afterAll(() => Promise.all([idp.stop(), files.stop()]));

async function ask(server: AuthorizationServer, client: { id: string; secret: string }, form: Record<string, string>) {
  const authorization = `Basic ${Buffer.from(`${client.id}:${client.secret}`).toString('base64')}`;
  const response = await fetch(`${server.issuer}/token`, {
    method: 'POST',
    headers: { authorization },
    body: new URLSearchParams(form),
    signal: AbortSignal.timeout(5000),
  });
  return { status: response.status, json: (await response.json()) as Record<string, string> };
}

const idJag = async (user: string) =>
  ask(idp, IDP_CLIENT, {
    grant_type: EXCHANGE,
    subject_token: await idp.token(user, 'https://mcp.example.com/files'),
    subject_token_type: ACCESS_TOKEN,
    requested_token_type: ID_JAG,
    audience: files.issuer,
    resource: RESOURCE,
    scope: 'files:read',
  });

test('an access token becomes an ID-JAG, and that becomes a token of the other server, once', async () => {
  const first = await idJag('alice');
  expect(first).toMatchObject({ status: 200, json: { issued_token_type: ID_JAG, token_type: 'N_A' } });
  const jag = String(first.json.access_token);
  expect(decodeProtectedHeader(jag).typ).toBe('oauth-id-jag+jwt');
  expect(decodeJwt(jag)).toMatchObject({ iss: idp.issuer, aud: files.issuer, client_id: FILES_CLIENT.id, resource: RESOURCE });

  const form = { grant_type: JWT_BEARER, assertion: jag, scope: 'files:read' };
  const second = await ask(files, FILES_CLIENT, form);
  expect([second.status, second.json.token_type]).toEqual([200, 'Bearer']);
  expect(decodeJwt(String(second.json.access_token))).toMatchObject({ iss: files.issuer, aud: RESOURCE, sub: 'alice' });
  expect(await ask(files, FILES_CLIENT, form)).toMatchObject({ status: 400, json: { error: 'invalid_grant' } });
});

test('each server rejects a wrong secret, and the policy of the identity provider rejects a user', async () => {
  idp.blocked.add('mallory');
  expect(await idJag('mallory')).toMatchObject({ status: 400, json: { error: 'access_denied' } });
  for (const [server, client] of [
    [idp, IDP_CLIENT],
    [files, FILES_CLIENT],
  ] as const)
    expect(await ask(server, { ...client, secret: 'wrong' }, { grant_type: EXCHANGE })).toMatchObject({ status: 401 });
});

test('each server publishes what it supports', async () => {
  const metadata = async (server: AuthorizationServer) =>
    (await fetch(`${server.issuer}/.well-known/openid-configuration`, { signal: AbortSignal.timeout(5000) })).json();
  expect(await metadata(idp)).toMatchObject({ identity_chaining_requested_token_types_supported: [ID_JAG] });
  expect(await metadata(files)).toMatchObject({
    authorization_grant_profiles_supported: ['urn:ietf:params:oauth:grant-profile:id-jag'],
    grant_types_supported: expect.arrayContaining([JWT_BEARER]),
  });
});
