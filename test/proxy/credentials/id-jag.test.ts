// Cross-app access against two real authorization servers: what each of them gets, and what the
// gateway says when one of them fails or lies.
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { secret } from '../../../src/core/secret.js';
import type { Lies } from '../../fixtures/grant-server.js';
import { EXCHANGE, ID_JAG, IDP_CLIENT, JWT_BEARER } from '../../fixtures/id-jag-servers.js';
import { type Asking, asking, honest, OWN, RESOURCE, type Servers, startServers } from '../../support/id-jag.js';

let servers: Servers;
beforeAll(async () => {
  servers = await startServers();
});
beforeEach(() => honest(servers));
afterAll(() => servers.stop());

const login = (user = 'alice') => servers.idp.token(user, OWN);
async function outcome(setting: Asking, token?: string, isKnown = false): Promise<[reason: string, detail: string]> {
  const result = await setting.ask(token ?? (await login()), isKnown);
  return result.ok ? ['ok', ''] : [result.definition.reason, result.detail ?? ''];
}

describe('the two requests', () => {
  test('the issuer gets the token of the caller, the other server only the ID-JAG', async () => {
    const { idp, files } = servers;
    const token = await login();
    const result = await asking(servers).ask(token);
    if (!result.ok) throw new Error(result.detail);
    expect(decodeJwt(result.value.accessToken)).toMatchObject({
      iss: files.issuer,
      aud: RESOURCE,
      sub: 'alice',
      scope: 'files:read',
    });
    expect(idp.requests).toEqual([
      {
        grant_type: EXCHANGE,
        subject_token: token,
        subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
        requested_token_type: ID_JAG,
        audience: files.issuer,
        resource: RESOURCE,
        scope: 'files:read',
      },
    ]);
    const [{ assertion, ...rest } = {}] = files.requests;
    expect(rest).toEqual({ grant_type: JWT_BEARER, resource: RESOURCE, scope: 'files:read' });
    expect(decodeJwt(String(assertion))).toMatchObject({ iss: idp.issuer, aud: files.issuer, sub: 'alice' });
    expect(JSON.stringify(files.requests)).not.toContain(token);
  });

  test('the other server tells two users apart, and the gateway uses no ID-JAG twice', async () => {
    const setting = asking(servers);
    const alice = await login('alice');
    const results = await Promise.all([alice, await login('bob'), alice].map((token) => setting.ask(token)));
    expect(results.map((result) => (result.ok ? decodeJwt(result.value.accessToken).sub : result.detail))).toEqual([
      'alice',
      'bob',
      'alice',
    ]);
    expect(new Set(servers.files.requests.map(({ assertion }) => assertion)).size).toBe(3);
  });

  test('the token ends at its own end, which may be after the end of the ID-JAG', async () => {
    servers.idp.ttl = 5;
    const setting = asking(servers);
    const result = await setting.ask(await login());
    const endsAtMs = result.ok ? result.value.endsAtMs : 0;
    expect(Math.abs((endsAtMs ?? 0) - setting.clock.wallMs() - 300_000)).toBeLessThan(20_000);
  });

  test('free parameters go to the issuer only', async () => {
    expect(await outcome(asking(servers, { parameters: { connector_id: 'ldap' } }))).toEqual(['ok', '']);
    expect(JSON.stringify(servers.files.requests)).not.toContain('ldap');
  });

  test('the other server is asked for what the issuer granted, not for more', async () => {
    const resource = [RESOURCE, 'https://files.example.com/more'];
    servers.idp.lies = { claims: { resource: RESOURCE, scope: 'files:read' } };
    expect(await outcome(asking(servers, { resource, scopes: ['files:read', 'files:write'] }))).toEqual(['ok', '']);
    expect(servers.files.requests).toMatchObject([{ resource: RESOURCE, scope: 'files:read' }]);
  });

  test('the other server is asked for no scope that the operator did not write', async () => {
    servers.idp.lies = { claims: { resource: RESOURCE, scope: 'files:read admin' } };
    expect(await outcome(asking(servers, { scopes: ['files:read'] }))).toEqual(['ok', '']);
    expect(servers.files.requests).toMatchObject([{ resource: RESOURCE, scope: 'files:read' }]);
  });

  test('an ID-JAG without resource and scope: the request itself names both', async () => {
    servers.idp.lies = { claims: { resource: undefined, scope: undefined } };
    servers.files.lies = { claims: { aud: RESOURCE } };
    expect(await outcome(asking(servers))).toEqual(['ok', '']);
    expect(servers.files.requests).toMatchObject([{ resource: RESOURCE, scope: 'files:read' }]);
  });

  test('a client assertion for each server has that server as its audience', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const pem = secret(
      createPrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' })).export({ type: 'pkcs8', format: 'pem' }) as string,
    );
    const forms: URLSearchParams[] = [];
    const { idp, files } = servers;
    for (const server of [idp, files])
      server.lies = {
        token: async (req, res) => {
          const chunks: Buffer[] = [];
          for await (const chunk of req) chunks.push(chunk as Buffer);
          forms.push(new URLSearchParams(Buffer.concat(chunks).toString()));
          res.writeHead(400, { 'content-type': 'application/json' }).end('{"error":"invalid_grant"}');
        },
      };
    const client = { auth: 'private_key_jwt', clientId: 'gateway', privateKey: pem, algorithm: 'ES256' } as const;
    expect((await outcome(asking(servers, { client })))[0]).toBe('exchange.refused');
    idp.lies = {};
    expect((await outcome(asking(servers, { idJag: { client: { ...client, clientId: 'gateway-at-files' } } })))[0]).toBe(
      'exchange.refused',
    );
    const audiences = forms.map((form) => decodeJwt(String(form.get('client_assertion'))).aud);
    expect(audiences).toEqual([idp.issuer, files.issuer]);
  });
});

const html: Lies = {
  token: (_req, res) => void res.writeHead(200, { 'content-type': 'text/html' }).end('<title>sign in</title>'),
};
const status = (code: number, error?: string): Lies => ({
  token: (_req, res) =>
    void res
      .writeHead(code, { 'content-type': 'application/json', location: 'http://127.0.0.1:1/' })
      .end(error === undefined ? '' : JSON.stringify({ error, error_description: 'secret text' })),
});

describe('a fault names its server and its row', () => {
  const UNAVAILABLE = 'exchange.unavailable';
  const rows: [what: string, which: 'idp' | 'files', lies: Lies, reason: string, detail: string][] = [
    ['its client is unknown', 'idp', status(401, 'invalid_client'), 'exchange.gateway_rejected', 'status 401 invalid_client'],
    [
      'its client is unknown',
      'files',
      status(401, 'invalid_client'),
      'exchange.gateway_rejected',
      'secret or key of upstream.credential.idJag',
    ],
    ['it rejects the token', 'idp', status(400, 'invalid_grant'), 'exchange.refused', 'status 400 invalid_grant'],
    ['it rejects the ID-JAG', 'files', status(400, 'invalid_grant'), 'exchange.refused', 'status 400 invalid_grant'],
    ['its policy rejects', 'files', status(403, 'access_denied'), 'exchange.refused', 'status 403 access_denied'],
    ['it redirects', 'idp', status(307), UNAVAILABLE, 'status 307'],
    ['it redirects', 'files', status(307), UNAVAILABLE, 'status 307'],
    ['it fails', 'idp', status(500), UNAVAILABLE, 'status 500'],
    ['it fails', 'files', status(503), UNAVAILABLE, 'status 503'],
    ['it is busy', 'files', status(429), UNAVAILABLE, 'status 429'],
    ['HTML', 'idp', html, UNAVAILABLE, 'no usable access_token'],
    ['HTML', 'files', html, UNAVAILABLE, 'no usable access_token'],
    ['no token', 'idp', { answer: { access_token: undefined } }, UNAVAILABLE, 'no usable access_token'],
    ['no token', 'files', { answer: { access_token: undefined } }, UNAVAILABLE, 'no usable access_token'],
    ['another token type', 'idp', { answer: { issued_token_type: undefined } }, UNAVAILABLE, 'returned no ID-JAG'],
    ['N_A is missing', 'idp', { answer: { token_type: undefined } }, UNAVAILABLE, 'not N_A'],
    ['the wrong typ', 'idp', { header: { typ: 'at+jwt' } }, UNAVAILABLE, 'typ of the ID-JAG'],
    ['the wrong audience', 'idp', { claims: { aud: 'https://other.example.com' } }, UNAVAILABLE, 'aud of the ID-JAG'],
    ['the wrong client', 'idp', { claims: { client_id: IDP_CLIENT.id } }, UNAVAILABLE, 'client_id of the ID-JAG'],
    ['the wrong resource', 'idp', { claims: { resource: 'https://other.example.com' } }, UNAVAILABLE, 'resource of the ID-JAG'],
    ['the wrong issuer', 'idp', { claims: { iss: 'https://other.example.com' } }, UNAVAILABLE, 'iss of the ID-JAG'],
    ['no end', 'idp', { claims: { exp: undefined } }, UNAVAILABLE, 'has no exp'],
    [
      'a token for another server',
      'files',
      { claims: { aud: 'https://other.example.com' } },
      UNAVAILABLE,
      'for another audience',
    ],
    ['a token without audience', 'files', { claims: { aud: undefined } }, UNAVAILABLE, 'for another audience'],
    ['a token of another type', 'files', { answer: { token_type: 'DPoP' } }, UNAVAILABLE, 'not Bearer'],
    ['a token that is expired', 'files', { claims: { exp: 1 } }, UNAVAILABLE, 'already expired'],
    [
      'an ID-JAG in place of the token',
      'files',
      { header: { typ: 'oauth-id-jag+jwt' } },
      UNAVAILABLE,
      'the access token is an ID-JAG',
    ],
    ['an ID-JAG without a user', 'idp', { claims: { sub: undefined } }, 'exchange.refused', 'status 400 invalid_grant'],
  ];
  test.each(rows)('%s (%s)', async (what, which, lies, reason, detail) => {
    const setting = asking(servers);
    expect(await outcome(setting)).toEqual(['ok', '']);
    honest(servers);
    servers[which].lies = lies;
    const [found, text] = await outcome(setting);
    const takenAtFiles = what === 'an ID-JAG without a user' ? servers.files : servers[which];
    const role = takenAtFiles === servers.files ? 'authorization server' : 'issuer';
    expect([found, text]).toEqual([reason, expect.stringContaining(detail)]);
    expect(text.startsWith(`${role} ${takenAtFiles.issuer}: `)).toBe(true);
    expect(text).not.toContain('secret text');
    if (which === 'idp' && role === 'issuer') expect(servers.files.hits.token).toBe(0);
    honest(servers);
    expect(await outcome(setting)).toEqual(['ok', '']);
  });

  test("the caller's own token in place of a new one", async () => {
    const token = await login();
    const { idp, files } = servers;
    files.lies = { answer: { access_token: token } };
    const own = asking(servers, { resource: [RESOURCE, OWN] });
    expect(await outcome(own, token)).toEqual([
      'exchange.unavailable',
      `authorization server ${files.issuer}: the server returned the caller's own token`,
    ]);
    expect(idp.hits.token).toBe(1);
  });

  test('a rejection of the gateway is reported with its server', async () => {
    const setting = asking(servers);
    servers.files.lies = status(401, 'invalid_client');
    await outcome(setting);
    expect(setting.notices).toMatchObject([
      { event: 'exchange.client_rejected', level: 'error', endpoint: '/files', issuer: servers.files.issuer },
    ]);
  });
});
