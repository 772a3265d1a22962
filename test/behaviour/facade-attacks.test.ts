// Attacks on a login at the facade. Each begins like one that works, is refused, and is in the log
// with its reason.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { changed, type FacadeScene, startFacadeScene } from '../fixtures/facade-scene.js';
import { Browser, formOf, pkce, REDIRECT } from '../support/facade-login.js';

let scene: FacadeScene;
let client: FacadeScene['client'];
let other: FacadeScene['other'];
beforeAll(async () => {
  scene = await startFacadeScene();
  ({ client, other } = scene);
});
afterAll(() => scene.stop());
const reasonOf: FacadeScene['reasonOf'] = (answer) => scene.reasonOf(answer);

describe('registration', () => {
  test.each([
    ['a foreign host', 'https://evil.example/callback'],
    ['a path beside the allowed one', 'https://claude.ai/api/mcp/auth_callback/../evil'],
    ['a script', 'javascript:alert(1)'],
  ])('%s', async (_name, uri) => {
    expect((await client.register({ redirect_uris: [REDIRECT] })).status).toBe(201);
    const response = await client.register({ redirect_uris: [REDIRECT, uri] });
    expect([response.status, await response.json()]).toMatchObject([400, { error: 'invalid_redirect_uri' }]);
    expect(await reasonOf(response)).toContain('invalid_redirect_uri');
  });
});

describe('the authorization endpoint', () => {
  let clientId: string;
  const ask = (fields: Record<string, string | undefined> = {}) =>
    new Browser().send(client.loginUrl(clientId, pkce().challenge, fields));
  beforeEach(async () => {
    clientId = (await client.registered()).client_id;
    expect((await ask()).status).toBe(200);
  });

  test.each<[string, () => Record<string, string | undefined>, string]>([
    ['a foreign redirect URI', () => ({ redirect_uri: 'https://evil.example/' }), 'redirect URI is not one of this client'],
    [
      'an allowed one that was not registered',
      () => ({ redirect_uri: 'https://claude.ai/api/mcp/auth_callback' }),
      'not one of this client',
    ],
    ['another path on loopback', () => ({ redirect_uri: 'http://127.0.0.1:9/other' }), 'not one of this client'],
    ['no redirect URI', () => ({ redirect_uri: undefined }), 'not one of this client'],
    [
      'a foreign redirect URI with an error',
      () => ({ redirect_uri: 'https://evil.example/', response_type: 'token' }),
      'not one of this client',
    ],
    ['a client id with one bit changed', () => ({ client_id: changed(clientId) }), 'client id is not one of this server'],
    [
      'a client id that is a URL without a document',
      () => ({ client_id: 'https://evil.example/client.json' }),
      'the document of the client at evil.example: ENOTFOUND',
    ],
    [
      'a client id that is another URL',
      () => ({ client_id: 'http://evil.example/client.json' }),
      'the client id is not a plain https URL with a path',
    ],
    ['no client id', () => ({ client_id: undefined }), 'client id is not one of this server'],
  ])('%s gets a page and no redirect', async (_name, fields, reason) => {
    const response = await ask(fields());
    expect([response.status, response.headers.get('location')]).toEqual([400, null]);
    expect(response.headers.get('content-type')).toContain('text/html');
    expect(response.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(await reasonOf(response)).toContain(reason);
  });

  test.each<[string, Record<string, string | undefined>, string]>([
    ['no PKCE', { code_challenge: undefined }, 'invalid_request'],
    ['PKCE without a method', { code_challenge_method: undefined }, 'invalid_request'],
    ['PKCE plain', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['a short challenge', { code_challenge: 'short' }, 'invalid_request'],
    ['the implicit flow', { response_type: 'token' }, 'unsupported_response_type'],
    ['a foreign resource', { resource: 'https://evil.example/mcp' }, 'invalid_target'],
    ['a request object', { request: 'x' }, 'request_not_supported'],
    ['a scope with quotes', { scope: '"' }, 'invalid_scope'],
    ['a long state', { state: 'a'.repeat(3_000) }, 'invalid_request'],
    ['a state that is long once written as JSON', { state: '\u0001'.repeat(1_000) }, 'invalid_request'],
    ['a long prompt', { prompt: 'login '.repeat(500).trim() }, 'invalid_request'],
  ])('%s goes back to the client', async (_name, fields, error) => {
    const response = await ask(fields);
    const location = new URL(response.headers.get('location') ?? '');
    expect(location.href.startsWith(`${REDIRECT}?`)).toBe(true);
    expect(Object.fromEntries(location.searchParams)).toMatchObject({ error, iss: client.issuer });
    expect(await reasonOf(response)).toContain(error);
  });

  test('the client of another facade', async () => {
    const foreign = await other.registered();
    const response = await ask({ client_id: foreign.client_id });
    expect([response.status, await reasonOf(response)]).toEqual([400, 'the client id is not one of this server']);
  });
});

describe('the consent page', () => {
  async function shown() {
    const { client_id } = await client.registered();
    const browser = new Browser();
    const html = await (await browser.send(client.loginUrl(client_id, pkce().challenge))).text();
    return { browser, html, client_id };
  }
  const isRefused = async (response: Response, reason: string) => {
    expect([response.status, response.headers.get('location')]).toEqual([400, null]);
    expect(await reasonOf(response)).toContain(reason);
  };

  test('the form of another site', async () => {
    const { browser, html } = await shown();
    await isRefused(await client.consent(browser, html, 'allow', { origin: 'https://evil.example' }), 'another origin');
    await isRefused(await client.consent(browser, html, 'allow', { origin: 'null' }), 'another origin');
    expect((await client.consent(browser, html)).status).toBe(303);
  });
  test('the form of an attacker in the browser of another person', async () => {
    const [attacker, victim] = [await shown(), await shown()];
    await isRefused(await client.consent(victim.browser, attacker.html), 'another browser');
    await isRefused(await client.consent(new Browser(), attacker.html), 'another browser');
    expect((await client.consent(attacker.browser, attacker.html)).status).toBe(303);
  });
  test('a changed form', async () => {
    const { browser, html } = await shown();
    await isRefused(await client.consent(browser, html.replace(formOf(html).asked, changed(formOf(html).asked))), 'foreign');
  });
  test('a frame or a script of another origin cannot ask for it', async () => {
    const { browser, client_id } = await shown();
    const response = await browser.send(client.loginUrl(client_id, pkce().challenge), {
      headers: { origin: 'https://evil.example' },
    });
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
  });
});

describe('the callback', () => {
  /** A login up to the answer of the identity provider. */
  async function answered(of = client) {
    const { client_id } = await of.registered();
    const browser = new Browser();
    const html = await (await browser.send(of.loginUrl(client_id, pkce().challenge))).text();
    const start = (await of.consent(browser, html)).headers.get('location') ?? '';
    const { url } = await browser.follow(start, `${of.issuer}/callback`);
    return { browser, url };
  }
  const withParameter = (url: URL, name: string, value: string | null): URL => {
    const next = new URL(url);
    if (value === null) next.searchParams.delete(name);
    else next.searchParams.set(name, value);
    return next;
  };

  test.each<[string, (url: URL) => URL, string]>([
    [
      'a changed state',
      (url) => withParameter(url, 'state', changed(url.searchParams.get('state') ?? '')),
      'a state that is foreign',
    ],
    ['no state', (url) => withParameter(url, 'state', null), 'a state that is foreign'],
    ['the iss of another issuer', (url) => withParameter(url, 'iss', scene.idps[1].issuer), 'iss of another issuer'],
    ['no iss', (url) => withParameter(url, 'iss', null), 'without iss'],
    ['a repeated code', (url) => new URL(`${url}&code=x`), 'repeated'],
  ])('%s', async (_name, change, reason) => {
    const { browser, url } = await answered();
    const response = await browser.send(change(url));
    expect([response.status, response.headers.get('location')]).toEqual([400, null]);
    expect(await reasonOf(response)).toContain(reason);
    expect((await browser.send(url)).status).toBe(303);
  });
  test('the login of another browser', async () => {
    const { url } = await answered();
    for (const browser of [new Browser(), (await answered()).browser]) {
      const response = await browser.send(url);
      expect([response.status, await reasonOf(response)]).toEqual([400, 'callback: the login of another browser']);
    }
  });
  test('the answer of one issuer at the facade of another', async () => {
    const { browser, url } = await answered();
    const response = await browser.send(url.href.replace(client.issuer, other.issuer));
    expect([response.status, await reasonOf(response)]).toEqual([400, 'callback: a state that is foreign']);
  });
  test('an error of the identity provider is not passed on raw', async () => {
    const { browser, url } = await answered();
    const failed = withParameter(withParameter(url, 'code', null), 'error', 'evil');
    failed.searchParams.set('error_description', 'text of an attacker');
    const location = new URL((await browser.send(failed)).headers.get('location') ?? '');
    expect(location.searchParams.get('error')).toBe('server_error');
    expect(location.href).not.toContain('attacker');
  });
});
