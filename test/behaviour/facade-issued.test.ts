// A facade in mode issued in front of a real identity provider: its tokens, whom they serve, and
// how long.
import { createHash } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type FacadeScene, startFacadeScene } from '../fixtures/facade-scene.js';
import type { Gateway } from '../fixtures/gateway.js';
import { secretToken } from '../fixtures/ledger.js';
import { modern } from '../fixtures/messages.js';
import { rawRequest } from '../fixtures/raw-client.js';
import { Browser, FacadeClient, pkce } from '../support/facade-login.js';

const FIELDS = { mode: 'issued', tokenSeconds: 600, claims: ['email'], requiredClaims: { hd: ['example.org', 'example.com'] } };

let scene: FacadeScene;
let replica: Gateway;
beforeAll(async () => {
  scene = await startFacadeScene({ facade: FIELDS });
  replica = await scene.replica();
});
afterAll(async () => {
  await replica.stop();
  await scene.stop();
});
beforeEach(() => {
  scene.idps[0].isRemoved = false;
  scene.idps[0].instead = () => false;
});

async function call(token: string, path = '/mcp', { port }: Gateway = scene.gateway): Promise<number> {
  secretToken(token);
  return (await rawRequest(port, modern('tools/list', { path, headers: [['Authorization', `Bearer ${token}`]] }))).status;
}

async function loggedIn(client = scene.client, fields: Record<string, string> = {}) {
  const { clientId, verifier, code } = await client.code();
  const answer = await client.exchange(clientId, code, verifier, fields);
  expect([answer.status, answer.json.error]).toEqual([200, undefined]);
  return { clientId, json: answer.json, token: String(answer.json.access_token), refresh: String(answer.json.refresh_token) };
}

const refreshed = (clientId: string, token: string, fields: Record<string, string> = {}) =>
  scene.client.post('token', { grant_type: 'refresh_token', client_id: clientId, refresh_token: token, ...fields });

describe('a token', () => {
  test('is an access token for one resource, and the endpoint takes it on every replica', async () => {
    const { clientId, token, json } = await loggedIn();
    expect(decodeProtectedHeader(token)).toMatchObject({ typ: 'at+jwt', alg: 'EdDSA' });
    const claims = decodeJwt(token);
    expect(claims).toEqual({
      email: 'alice@example.com',
      iss: scene.client.issuer,
      sub: `${scene.idps[0].issuer}|alice`,
      aud: scene.client.resource,
      client_id: createHash('sha256').update(clientId).digest('base64url'),
      scope: 'files:read',
      iat: expect.any(Number),
      exp: (claims.iat as number) + 600,
      jti: expect.any(String),
    });
    expect(json).toEqual({
      access_token: token,
      token_type: 'Bearer',
      expires_in: 600,
      scope: 'files:read',
      refresh_token: json.refresh_token,
    });
    expect([await call(token), await call(token, '/mcp', replica)]).toEqual([200, 200]);
  });

  test('is refused at another endpoint, and so is that of another facade', async () => {
    const [main, second] = [await loggedIn(), await loggedIn(scene.other)];
    expect([await call(main.token), await call(second.token, '/other')]).toEqual([200, 200]);
    expect([await call(main.token, '/other'), await call(second.token)]).toEqual([401, 401]);
  });

  test('is refused where it is changed, unsigned or signed by another', async () => {
    const { token } = await loggedIn();
    const [head = '', , signature = ''] = token.split('.');
    const claims = decodeJwt(token);
    const widened = Buffer.from(JSON.stringify({ ...claims, scope: 'files:read files:write' })).toString('base64url');
    const key = new TextEncoder().encode('a secret of 32 bytes or more, as HS256 needs');
    const forgeries = [
      `${head}.${widened}.${signature}`,
      new UnsecuredJWT(claims).encode(),
      await new SignJWT(claims)
        .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid: String(decodeProtectedHeader(token).kid) })
        .sign(key),
    ];
    expect(await call(token)).toBe(200);
    for (const forged of forgeries) expect(await call(forged)).toBe(401);
  });

  test('of the identity provider itself is refused', async () => {
    const answers: string[] = [];
    const { instead } = scene.idps[0];
    const { code, clientId, verifier } = await scene.client.code();
    scene.idps[0].instead = (req, res) => {
      const { end } = res;
      if (req.url === '/token')
        res.end = ((chunk: string | Buffer) => {
          answers.push(String(chunk));
          return end.call(res, chunk, 'utf8');
        }) as never;
      return instead(req, res);
    };
    const { json } = await scene.client.exchange(clientId, code, verifier);
    expect(await call(String(json.access_token))).toBe(200);
    const own = JSON.parse(answers[0] ?? '{}') as Record<string, string>;
    expect([await call(own.id_token ?? ''), await call(own.access_token ?? '')]).toEqual([401, 401]);
  });

  test.each(['/mcp', '/oauth/main'])('is of the server whose metadata is beside %s', async (path) => {
    for (const name of ['oauth-authorization-server', 'openid-configuration'])
      expect(await (await fetch(`${scene.gateway.url}/.well-known/${name}${path}`)).json()).toMatchObject({
        issuer: scene.client.issuer,
      });
  });

  test('verifies with the published keys', async () => {
    const metadata = (await (await fetch(`${scene.gateway.url}/.well-known/oauth-authorization-server/oauth/main`)).json()) as {
      jwks_uri: string;
    };
    const { keys } = (await (await fetch(metadata.jwks_uri)).json()) as { keys: object[] };
    expect(keys).toEqual([
      expect.objectContaining({ kty: 'OKP', use: 'sig', kid: decodeProtectedHeader((await loggedIn()).token).kid }),
    ]);
    expect(JSON.stringify(keys)).not.toContain('"d"');
  });
});

describe('scopes', () => {
  test.each([
    ['those that the endpoint knows', 'files:read offline_access openid', 'files:read'],
    ['the base scopes where the client names no known one', 'openid', 'files:read'],
    ['the base scopes where the client names none', '', 'files:read'],
  ])('%s', async (_name, scope, granted) => {
    const client = await scene.client.registered();
    const { verifier, challenge } = pkce();
    const url = await scene.client.login(
      new Browser(),
      scene.client.loginUrl(client.client_id, challenge, { scope: scope || undefined }),
    );
    const { json } = await scene.client.exchange(client.client_id, url.searchParams.get('code') ?? '', verifier);
    expect([json.scope, decodeJwt(String(json.access_token)).scope]).toEqual([granted, granted]);
  });
});

describe('a refresh', () => {
  test('asks the identity provider, and the second replica can do it', async () => {
    const { clientId, refresh, token } = await loggedIn();
    const before = scene.idps[0].tokenRequests;
    const other = new FacadeClient(scene.client.issuer, scene.client.resource);
    other.at = (url) => new URL(url.href.replace(scene.gateway.url, replica.url));
    const renewed = await other.post('token', { grant_type: 'refresh_token', client_id: clientId, refresh_token: refresh });
    expect([renewed.status, scene.idps[0].tokenRequests]).toEqual([200, before + 1]);
    const next = String(renewed.json.access_token);
    expect([await call(next), decodeJwt(next).sub]).toEqual([200, decodeJwt(token).sub]);
    expect(decodeJwt(next).jti).not.toBe(decodeJwt(token).jti);
  });

  test('of a person who was removed there is invalid_grant', async () => {
    const { clientId, refresh } = await loggedIn();
    scene.idps[0].isRemoved = true;
    const refused = await refreshed(clientId, refresh);
    expect([refused.status, refused.json.error, refused.json.access_token]).toEqual([400, 'invalid_grant', undefined]);
    expect(await scene.reasonOf(refused)).toContain('identity provider refused');
  });

  test('while the identity provider is down is 503, and works afterwards', async () => {
    const { clientId, refresh } = await loggedIn();
    scene.idps[0].instead = (req, res) => req.url === '/token' && res.writeHead(500).end() !== undefined;
    expect((await refreshed(clientId, refresh)).status).toBe(503);
    scene.idps[0].instead = () => false;
    expect((await refreshed(clientId, refresh)).status).toBe(200);
  });

  test('of another client, for another scope or for another resource is refused', async () => {
    const { clientId, refresh } = await loggedIn();
    const stranger = (await scene.client.registered()).client_id;
    expect((await refreshed(stranger, refresh)).json.error).toBe('invalid_grant');
    expect((await refreshed(clientId, refresh, { scope: 'files:write' })).json.error).toBe('invalid_scope');
    expect((await refreshed(clientId, refresh, { resource: scene.other.resource })).json.error).toBe('invalid_target');
    expect((await refreshed(clientId, refresh)).status).toBe(200);
  });
});

test('a person without the required claims gets no token', async () => {
  const strict = await startFacadeScene({ facade: { ...FIELDS, requiredClaims: { hd: 'example.org' } } });
  const { clientId, code, verifier } = await strict.client.code();
  const refused = await strict.client.exchange(clientId, code, verifier);
  expect([refused.status, refused.json.error]).toEqual([400, 'invalid_grant']);
  expect(await strict.reasonOf(refused)).toContain('the person lacks hd');
  await strict.stop();
});
