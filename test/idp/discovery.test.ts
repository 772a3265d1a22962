// Where the metadata of an issuer is, and which documents count.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { discover, metadataUrls, urlForLog } from '../../src/idp/discovery.js';
import type { FetchJson } from '../../src/idp/fetch-json.js';
import { fetchJson } from '../fixtures/fetch-json.js';
import { answers, type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';
import { withDeadline } from '../fixtures/wait.js';

const { json, status, stall } = answers;
const OAUTH = '/.well-known/oauth-authorization-server';
const OIDC = '/.well-known/openid-configuration';

let server: RawUpstream;
beforeAll(async () => {
  server = await startRawUpstream(status(404));
});
afterEach(() => server.reset());
afterAll(() => server.stop());

const monotonicMs = (): number => performance.now();
const find = (issuer = server.url, deadlineMs = 2000) =>
  withDeadline('discovery', discover(issuer, fetchJson, deadlineMs, monotonicMs), 5000);
const document = (changes: Record<string, unknown> = {}) => ({
  issuer: server.url,
  jwks_uri: `${server.url}/jwks`,
  introspection_endpoint: `${server.url}/introspect`,
  ...changes,
});
const requested = (): string[] => server.requests.map(({ target }) => target);

describe('the metadata URLs (C-24, C-25)', () => {
  test.each([
    [
      'https://a.example',
      ['https://a.example/.well-known/oauth-authorization-server', 'https://a.example/.well-known/openid-configuration'],
    ],
    [
      'https://a.example/',
      ['https://a.example/.well-known/oauth-authorization-server', 'https://a.example/.well-known/openid-configuration'],
    ],
    [
      'https://a.example:8443/t/1',
      [
        'https://a.example:8443/.well-known/oauth-authorization-server/t/1',
        'https://a.example:8443/t/1/.well-known/openid-configuration',
      ],
    ],
    [
      'https://a.example/t/',
      ['https://a.example/.well-known/oauth-authorization-server/t', 'https://a.example/t/.well-known/openid-configuration'],
    ],
  ])('of %s', (issuer, urls) => expect(metadataUrls(issuer)).toEqual(urls));
});

describe('a document', () => {
  test('from the OAuth URL is enough (C-24)', async () => {
    const sent = ` ${JSON.stringify(document())}\n`;
    server.next(status(200, [['content-type', 'application/json']], sent));
    expect(await find()).toEqual({
      ok: true,
      metadata: {
        jwksUri: `${server.url}/jwks`,
        introspectionEndpoint: `${server.url}/introspect`,
        tokenEndpoint: null,
        authorizationEndpoint: null,
        revocationEndpoint: null,
      },
      document: { body: Buffer.from(sent), json: document() },
    });
    expect(requested()).toEqual([OAUTH]);
  });

  test('from the OpenID URL is the second choice (C-25)', async () => {
    server.next(status(404), json(document()));
    expect(await find()).toMatchObject({ ok: true });
    expect(requested()).toEqual([OAUTH, OIDC]);
  });

  test.each([
    ['another issuer', () => 'https://evil.example'],
    ['no issuer', () => undefined],
    ['a list', () => [server.url]],
  ])('that names %s is rejected (C-24)', async (_what, issuer) => {
    server.next(json(document()));
    expect(await find()).toMatchObject({ ok: true });
    server.next(json(document({ issuer: issuer() })), json(document({ issuer: issuer() })));
    expect(await find()).toEqual({
      ok: false,
      detail: expect.stringMatching(/^metadata: http:\S+ names another issuer: .*, http:\S+ names another issuer: /),
      isMisplaced: true,
    });
  });

  test.each<[string, () => string, string]>([
    ['with a slash', () => `${server.url}/`, 'the slash at the end'],
    ['in capitals', () => server.url.toUpperCase(), 'capital letters of the scheme'],
    ['with another scheme', () => server.url.replace('http:', 'https:'), 'the scheme'],
    ['with another port', () => server.url.replace(/\d+$/, '1'), 'the port'],
  ])('that names the issuer %s is rejected, and the detail begins with the name to write (C-24)', async (_what, name, part) => {
    server.next(json(document({ issuer: name() })), status(404));
    const found = await find();
    // No field helps: the tokens have the name of the metadata.
    expect(found).toMatchObject({ ok: false, isMisplaced: false });
    const { detail } = found as { detail: string };
    expect(detail).toMatch(/^metadata: write issuer: \S+, as its metadata does \(it differs from "[^"]+" only in [^)]/);
    expect(detail).toContain(`write issuer: ${name()}, as`);
    expect(detail).toContain(`only in ${part}`);
  });

  test('that names a near miss of an https issuer with plain http: the identity provider has the wrong URL (A-64)', async () => {
    const named = 'http://auth.example.com';
    const body = Buffer.from(JSON.stringify({ issuer: named }));
    const fetchJson: FetchJson = async () => ({ kind: 'answer', status: 200, headers: {}, body, json: { issuer: named } });
    expect(await discover('https://auth.example.com', fetchJson, 1_000, () => 0)).toMatchObject({
      ok: false,
      detail: expect.stringMatching(/^metadata: correct the public URL of the identity provider: its metadata names http:\S+ \(/),
    });
  });

  test('that names a near miss of authorizationServers: the detail names this field', async () => {
    const place = { metadataUrl: `${server.url}/m`, authorizationServers: ['https://login.example.com'] };
    server.next(json(document({ issuer: 'https://login.example.com/' })));
    expect(await discover('urn:acme', fetchJson, 2_000, () => 0, place)).toMatchObject({
      detail: expect.stringMatching(
        /^metadata: write authorizationServers: https:\/\/login\.example\.com\/, as its metadata does/,
      ),
    });
  });

  test('that names another issuer does not hide a good second one (C-25)', async () => {
    server.next(json(document({ issuer: 'https://other.example' })), json(document()));
    expect(await find()).toMatchObject({ ok: true });
  });

  test.each<[string, unknown]>([
    ['none', undefined],
    ['a list', []],
    ['http elsewhere (A-64)', 'http://keys.example/jwks'],
    ['file', 'file:///etc/passwd'],
    ['a path', '/jwks'],
  ])('with jwks_uri %s has no usable jwks_uri (A-62)', async (_what, jwks_uri) => {
    server.next(json(document({ jwks_uri, introspection_endpoint: jwks_uri })));
    expect(await find()).toMatchObject({ ok: true, metadata: { jwksUri: null, introspectionEndpoint: null } });
  });
});

describe('no document', () => {
  const at = (what: string): string => `metadata: ${what} at ${server.url}${OAUTH}, ${what} at ${server.url}${OIDC}`;
  test.each<[string, typeof status extends (...args: never[]) => infer R ? R : never, () => string, boolean]>([
    ['404', status(404), () => at('status 404'), true],
    ['403', status(403), () => at('status 403'), true],
    ['301', status(301, [['location', '/moved']]), () => at('status 301'), true],
    ['HTML', status(200, [], '<!doctype html>'), () => at('status 200, not a JSON object'), true],
    ['a list', json([{}]), () => at('status 200, not a JSON object'), true],
    ['null', json(null), () => at('status 200, not a JSON object'), true],
    ['500', status(500), () => at('status 500'), false],
    ['429', status(429), () => at('status 429'), false],
    ['compressed (C-70)', json({}, 200, [['content-encoding', 'gzip']]), () => at('answer is compressed'), false],
    ['too large (C-70)', status(200, [], `{}${' '.repeat(256 * 1024)}`), () => at('answer larger than 262144 bytes'), false],
  ])('is the result of %s at both URLs, which the detail names', async (_what, answer, detail, isMisplaced) => {
    server.next(json(document()));
    expect(await find()).toMatchObject({ ok: true });
    server.next(answer, answer);
    expect(await find()).toEqual({ ok: false, detail: detail(), isMisplaced });
  });

  test('is the result of a redirect, which is not followed (C-70, A-63)', async () => {
    const moved = status(302, [['location', `${server.url}/moved`]]);
    server.next(moved, moved, json(document()));
    expect(await find()).toEqual({ ok: false, detail: at('status 302'), isMisplaced: true });
    expect(requested()).toEqual([OAUTH, OIDC]);
  });

  test('is not misplaced where one of the two URLs fails', async () => {
    server.next(status(404), status(503));
    expect(await find()).toMatchObject({ ok: false, isMisplaced: false });
    server.next(status(503), status(404));
    expect(await find()).toMatchObject({ ok: false, isMisplaced: false });
  });

  test('a detail never shows a user name, a password or a query of a URL', () => {
    expect(urlForLog('https://user:password@a.example:8443/keys?token=x#y')).toBe('https://a.example:8443/keys');
  });
});

describe('the deadline is for both URLs together (C-70)', () => {
  test('a URL that hangs uses it up', async () => {
    server.next(stall());
    expect(await find(server.url, 200)).toMatchObject({ ok: false });
    expect(server.hits).toBe(1);
  });

  test('a slow first URL leaves less time for the second', async () => {
    server.next(status(404), stall());
    // 1,400 ms go by with the first URL.
    const times = [0, 0, 1_400];
    const found = await withDeadline(
      'discovery',
      discover(server.url, fetchJson, 1_500, () => times.shift() ?? 1_500),
      5_000,
    );
    expect(found).toMatchObject({
      ok: false,
      detail: expect.stringMatching(/^metadata: status 404 at \S+, no answer within 100 ms at \S+$/),
    });
    expect(server.hits).toBe(2);
  });
});
