// Clients whose client id is the URL of a document that describes them, at the facade in front of a
// real identity provider. The document is on an https server under a name of the test.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type FacadeScene, startFacadeScene } from '../fixtures/facade-scene.js';
import { modern } from '../fixtures/messages.js';
import { rawRequest } from '../fixtures/raw-client.js';
import { type DocumentServer, HOST, startDocumentServer } from '../support/document-server.js';
import { Browser, pkce, REDIRECT } from '../support/facade-login.js';

let server: DocumentServer;
let scene: FacadeScene;
let client: FacadeScene['client'];
beforeAll(async () => {
  server = await startDocumentServer();
  scene = await startFacadeScene({ publicFetch: server.parts });
  ({ client } = scene);
});
afterAll(async () => {
  await scene.stop();
  await server.stop();
});
beforeEach(() => {
  server.resolve = () => ['127.0.0.1'];
});

let made = 0;
/** A new document and its client id. Each test has its own, because the gateway keeps them. */
function publish(fields: Record<string, unknown> = {}, headers = {}): string {
  made += 1;
  const path = `/client-${made}.json`;
  const body = { client_id: server.url(path), client_name: 'An app', redirect_uris: [REDIRECT], ...fields };
  server.documents.set(path, { headers, body });
  return server.url(path);
}
const show = (clientId: string, fields: Record<string, string | undefined> = {}) =>
  new Browser().send(client.loginUrl(clientId, pkce().challenge, fields));

async function loggedIn(clientId: string) {
  const { verifier, challenge } = pkce();
  const url = await client.login(new Browser(), client.loginUrl(clientId, challenge));
  return { verifier, code: url.searchParams.get('code') ?? '' };
}

test('the metadata says that a client id may be a URL', async () => {
  const url = `${scene.gateway.url}/.well-known/oauth-authorization-server/oauth/main`;
  const metadata = await (await fetch(url, { signal: AbortSignal.timeout(5_000) })).json();
  expect(metadata).toMatchObject({ client_id_metadata_document_supported: true });
});

describe('a client with a document', () => {
  test('logs in, calls, refreshes and revokes, with one fetch', async () => {
    const clientId = publish();
    server.asked.length = 0;
    const { code, verifier } = await loggedIn(clientId);
    const { status, json } = await client.exchange(clientId, code, verifier);
    expect(status).toBe(200);
    const headers: [string, string][] = [['Authorization', `Bearer ${json.access_token}`]];
    const call = modern('tools/list', { path: '/mcp', headers });
    expect((await rawRequest(scene.gateway.port, call)).status).toBe(200);
    const grant = { grant_type: 'refresh_token', client_id: clientId, refresh_token: String(json.refresh_token) };
    const renewed = await client.post('token', grant);
    expect(renewed.status).toBe(200);
    const token = String(renewed.json.refresh_token);
    expect((await client.post('revoke', { client_id: clientId, token })).status).toBe(200);
    expect((await client.post('token', { ...grant, refresh_token: token })).json).toMatchObject({ error: 'invalid_grant' });
    expect(server.asked).toHaveLength(1);
  });
  test('another replica finishes its login, without a document of its own', async () => {
    const clientId = publish();
    const { code, verifier } = await loggedIn(clientId);
    const replica = await scene.replica();
    const fetches = server.asked.length;
    client.at = (url) => new URL(url.pathname + url.search, replica.url);
    const { status } = await client.exchange(clientId, code, verifier);
    client.at = (url) => url;
    await replica.stop();
    expect([status, server.asked.length]).toEqual([200, fetches]);
  });
  test('is shown with the host of its document beside its name and the place of its end', async () => {
    const html = await (await show(publish({ client_name: 'Anything' }))).text();
    expect(html).toContain('Anything');
    expect(html).toContain(`<dt>The app is described by</dt><dd>${HOST}:${server.port}</dd>`);
    expect(html).toContain('<dd>127.0.0.1:9</dd>');
    const registered = await (await show((await client.registered()).client_id)).text();
    expect(registered).not.toContain('The app is described by');
  });
});

describe('refused with a page, and no redirect', () => {
  const isRefused = async (response: Response, reason: string) => {
    expect([response.status, response.headers.get('location')]).toEqual([400, null]);
    expect(await scene.reasonOf(response)).toContain(reason);
  };
  beforeEach(async () => expect((await show(publish())).status).toBe(200));

  test.each<[string, () => string, string]>([
    ['of another client', () => publish({ client_id: server.url('/client-1.json') }), 'its client_id is not its URL'],
    ['that is not there', () => server.url('/missing.json'), 'status 404'],
    ['that is not JSON', () => publish({}, { 'content-type': 'text/html' }), 'not application/json'],
    ['that is too large', () => publish({ logo: 'a'.repeat(20_000) }), 'answer larger than 10240 bytes'],
    ['with a secret', () => publish({ client_secret: 'x' }), 'it has a client secret'],
    ['of a client with a key', () => publish({ token_endpoint_auth_method: 'private_key_jwt' }), 'public clients alone'],
    ['without an allowed redirect URI', () => publish({ redirect_uris: ['https://evil.example/'] }), 'none of the redirect_uris'],
    ['at another port', () => 'https://app.example.com/client.json', 'a port other than 443'],
    ['at an address', () => `https://[::1]:${server.port}/client.json`, 'an address that is not public'],
    ['without https', () => publish().replace('https:', 'http:'), 'not a plain https URL with a path'],
  ])('a document %s', async (_name, clientId, reason) => isRefused(await show(clientId()), reason));

  test('a document that moved is not followed', async () => {
    const target = publish();
    server.documents.set('/moved.json', { status: 302, headers: { location: target } });
    await isRefused(await show(server.url('/moved.json')), 'status 302');
  });
  test.each(['10.0.0.1', '169.254.169.254', '::1', '::ffff:10.0.0.1', '64:ff9b::a00:1', '2002:a00:1::1'])(
    'a document on the address %s gets no connection',
    async (address) => {
      const clientId = publish();
      const before = server.connections;
      server.resolve = () => [address];
      await isRefused(await show(clientId), 'an address that is not public');
      expect(server.connections).toBe(before);
    },
  );
  test('a redirect URI that the document does not list', async () => {
    const allowed = 'https://claude.ai/api/mcp/auth_callback';
    const reason = 'the redirect URI is not one of this client';
    await isRefused(await show(publish(), { redirect_uri: allowed }), reason);
    expect((await show(publish({ redirect_uris: [allowed] }), { redirect_uri: allowed })).status).toBe(200);
  });
});

test('a code belongs to one client, registered or with a document', async () => {
  const clientId = publish();
  const { client_id: registered } = await client.registered();
  const { code, verifier } = await loggedIn(clientId);
  for (const other of [registered, publish()]) {
    const refused = await client.exchange(other, code, verifier);
    expect([refused.status, refused.json.error]).toEqual([400, 'invalid_grant']);
    expect(await scene.reasonOf(refused)).toContain('the code of another client');
  }
  const withSecret = await client.exchange(clientId, code, verifier, { client_secret: 'guessed' });
  expect([withSecret.status, withSecret.json.error]).toEqual([401, 'invalid_client']);
  expect((await client.exchange(clientId, code, verifier)).status).toBe(200);
});
