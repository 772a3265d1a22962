// Cross-app access while one of its two servers is down, or does not offer the grant.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { ID_JAG, PROFILE } from '../../fixtures/id-jag-servers.js';
import { type Asking, asking, honest, OWN, type Servers, startServers } from '../../support/id-jag.js';

let servers: Servers;
beforeAll(async () => {
  servers = await startServers();
});
beforeEach(async () => {
  honest(servers);
  await Promise.all([servers.idp.start(), servers.files.start()]);
});
afterAll(() => servers.stop());

const ISSUES = 'identity_chaining_requested_token_types_supported';
const ACCEPTS = 'authorization_grant_profiles_supported';
const login = () => servers.idp.token('alice', OWN);
async function outcome(setting: Asking, isKnown = false): Promise<string> {
  const result = await setting.ask(await login(), isKnown);
  return result.ok ? 'ok' : `${result.definition.reason}: ${result.detail}`;
}

test('an issuer that does not offer ID-JAGs gets no token; it needs no restart once it does', async () => {
  const { idp, files } = servers;
  const setting = asking(servers);
  for (const metadata of [{ [ISSUES]: undefined }, { [ISSUES]: ['urn:ietf:params:oauth:token-type:jwt'] }]) {
    idp.lies = { metadata };
    expect(await outcome(setting)).toBe(
      `exchange.unavailable: issuer ${idp.issuer}: the metadata does not offer this: ${ISSUES} has no ${ID_JAG}; ` +
        'if the server supports it, set upstream.credential.tokenUrl',
    );
  }
  expect([idp.hits.token, files.hits.token]).toEqual([0, 0]);
  idp.lies = {};
  setting.clock.advance(1_000);
  expect(await outcome(setting)).toBe('ok');
});

test('with a server that does not offer to take ID-JAGs, neither server gets a request', async () => {
  const { idp, files } = servers;
  files.lies = { metadata: { [ACCEPTS]: undefined } };
  const setting = asking(servers);
  expect(await outcome(setting)).toBe(
    `exchange.unavailable: authorization server ${files.issuer}: the metadata does not offer this: ${ACCEPTS} has no ${PROFILE}; ` +
      'if the server supports it, set upstream.credential.idJag.tokenUrl',
  );
  expect([idp.hits.token, files.hits.token]).toEqual([0, 0]);
  files.lies = {};
  setting.clock.advance(1_000);
  expect(await outcome(setting)).toBe('ok');
});

test('with tokenUrl the operator vouches: no metadata of that server is read', async () => {
  const { idp, files } = servers;
  idp.lies = { metadata: { [ISSUES]: undefined } };
  files.lies = { metadata: { [ACCEPTS]: undefined } };
  const idJag = { tokenUrl: `${files.issuer}/token` };
  expect(await outcome(asking(servers, { tokenUrl: `${idp.issuer}/token`, idJag }))).toBe('ok');
  expect([idp.hits.metadata, files.hits.metadata]).toEqual([0, 0]);
});

test('metadata of another issuer is not used', async () => {
  const { idp, files } = servers;
  files.lies = { metadata: { issuer: 'https://other.example.com' } };
  expect(await outcome(asking(servers))).toContain('names another issuer');
  expect([idp.hits.token, files.hits.token]).toEqual([0, 0]);
});

test('an issuer that is down: the other server gets nothing, and both work again without a restart', async () => {
  const { idp, files } = servers;
  const token = await login();
  const setting = asking(servers);
  expect((await setting.ask(token)).ok).toBe(true);
  await idp.stop();
  files.hits.token = 0;
  const failed = await setting.ask(token);
  expect(failed).toMatchObject({ ok: false, definition: { reason: 'exchange.unavailable' } });
  expect(failed.ok ? '' : failed.detail).toContain(`issuer ${idp.issuer}: `);
  expect(files.hits.token).toBe(0);
  await idp.start();
  expect((await setting.ask(token)).ok).toBe(true);
});

test('an authorization server that stays down: the gateway asks neither server, and asks again later', async () => {
  const { idp, files } = servers;
  const setting = asking(servers, { idJag: { tokenUrl: `${files.issuer}/token` } });
  expect(await outcome(setting)).toBe('ok');
  await files.stop();
  for (let i = 0; i < 5; i++) expect(await outcome(setting)).toContain(`authorization server ${files.issuer}: `);
  idp.hits.token = 0;
  for (let i = 0; i < 5; i++) expect(await outcome(setting)).toContain('keeps failing, no request sent');
  expect(idp.hits.token).toBe(0);
  expect(setting.notices).toMatchObject([{ event: 'exchange.down', endpoint: '/files', issuer: files.issuer }]);

  await files.start();
  setting.clock.advance(6_000);
  expect(await outcome(setting)).toBe('ok');
  expect(setting.notices.at(-1)).toMatchObject({ event: 'exchange.recovered', issuer: files.issuer });
});

test('a server that answers late is unavailable, and each request has its own time', async () => {
  const { idp, files } = servers;
  const setting = asking(servers, { timeoutMs: 1_500, idJag: { timeoutMs: 1_500 } });
  expect(await outcome(setting)).toBe('ok');
  for (const [server, name] of [
    [idp, 'issuer'],
    [files, 'authorization server'],
  ] as const) {
    server.lies = { token: () => {} };
    expect(await outcome(setting)).toBe(`exchange.unavailable: ${name} ${server.issuer}: no answer within 1500 ms`);
    server.lies = {};
    expect(await outcome(setting)).toBe('ok');
  }
});
