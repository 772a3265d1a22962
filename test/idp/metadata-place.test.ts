// Where the operator says that the metadata of an issuer is, and what such a document may name.
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { discover, type MetadataPlace } from '../../src/idp/discovery.js';
import type { FetchJson } from '../../src/idp/fetch-json.js';
import { fetchJson } from '../fixtures/fetch-json.js';
import { answers, type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';
import { withDeadline } from '../fixtures/wait.js';

const { json, status } = answers;
const ADFS = 'http://adfs.example.com/adfs/services/trust';
const LOGIN = 'https://adfs.example.com/adfs';

let server: RawUpstream;
beforeAll(async () => {
  server = await startRawUpstream(status(404));
});
afterEach(() => server.reset());
afterAll(() => server.stop());

const find = (issuer: string, place: Partial<MetadataPlace>) =>
  withDeadline(
    'discovery',
    discover(issuer, fetchJson, 2000, () => performance.now(), place),
    5000,
  );
const at = (): string => `${server.url}/odd/place?tenant=a`;
const document = (issuer: unknown, changes: Record<string, unknown> = {}) =>
  json({ issuer, jwks_uri: `${server.url}/jwks?appid=1`, ...changes });
const requested = (): string[] => server.requests.map(({ target }) => target);

describe('a configured place', () => {
  test('is the only one that is asked, with its query', async () => {
    server.next(document(ADFS));
    const found = await find(ADFS, { metadataUrl: at() });
    expect(found).toMatchObject({ ok: true, metadata: { jwksUri: `${server.url}/jwks?appid=1` } });
    server.next(status(404), document(ADFS));
    expect(await find(ADFS, { metadataUrl: at() })).toMatchObject({ ok: false });
    expect(requested()).toEqual(['/odd/place?tenant=a', '/odd/place?tenant=a']);
  });

  test('may have a document of one of the authorization servers, as AD FS does', async () => {
    server.next(document(LOGIN));
    const place = { metadataUrl: at(), authorizationServers: ['https://other.example', LOGIN] };
    expect(await find(ADFS, place)).toMatchObject({ ok: true });
  });

  test.each<[string, unknown]>([
    ['another server', 'https://evil.example'],
    ['the server with a slash', `${LOGIN}/`],
    ['the issuer in capitals', ADFS.toUpperCase()],
    ['a list', [ADFS]],
    ['no issuer', undefined],
  ])('has no document that names %s (C-24)', async (_what, issuer) => {
    const place = { metadataUrl: at(), authorizationServers: [LOGIN] };
    server.next(document(ADFS));
    expect(await find(ADFS, place)).toMatchObject({ ok: true });
    server.next(document(issuer));
    expect(await find(ADFS, place)).toMatchObject({ ok: false, detail: expect.stringContaining('names another issuer') });
  });

  test('at a standard place, authorization servers are not names of the document (C-24)', async () => {
    const place = { authorizationServers: [LOGIN] };
    server.next(document(server.url));
    expect(await find(server.url, place)).toMatchObject({ ok: true });
    server.next(document(LOGIN), document(LOGIN));
    expect(await find(server.url, place)).toMatchObject({ ok: false });
  });
});

describe('an issuer without a standard place', () => {
  test.each(['acme.com', 'urn:acme:idp', ADFS, 'https://auth.example.com/?tenant=a', 'file:///etc/passwd'])(
    '%s is asked nowhere',
    async (issuer) => {
      const detail = 'metadata: the issuer is not an https URL: write its metadataUrl';
      expect(await find(issuer, {})).toEqual({ ok: false, detail, isMisplaced: false });
    },
  );
});

describe('plain http beyond loopback (A-64)', () => {
  /** Reaches this machine, but does not have a name of loopback. */
  const elsewhere = (): string => server.url.replace('127.0.0.1', '[::ffff:127.0.0.1]');

  test('is used for an issuer only where the operator allows it', async () => {
    server.next(document(elsewhere()));
    expect(await find(elsewhere(), { allowInsecureHttp: true })).toMatchObject({ ok: true });
    server.reset();
    expect(await find(elsewhere(), { allowInsecureHttp: false })).toMatchObject({ ok: false });
    expect(requested()).toEqual([]);
  });

  test('is used for the keys that a document names only where the operator allows it', async () => {
    const keys = { jwks_uri: 'http://keycloak:8080/jwks', introspection_endpoint: 'http://keycloak:8080/introspect' };
    server.next(document(server.url, keys), document(server.url, keys));
    expect(await find(server.url, { allowInsecureHttp: true })).toMatchObject({
      metadata: { jwksUri: keys.jwks_uri, introspectionEndpoint: keys.introspection_endpoint },
    });
    expect(await find(server.url, {})).toMatchObject({ metadata: { jwksUri: null, introspectionEndpoint: null } });
  });

  test('is never used for what an https document names, not even on loopback', async () => {
    const overTls: FetchJson = async () => ({
      kind: 'answer',
      status: 200,
      headers: {},
      json: { issuer: ADFS, jwks_uri: 'http://127.0.0.1:9/jwks', introspection_endpoint: 'http://localhost:9/i' },
      body: Buffer.from('{}'),
    });
    const metadataUrl = 'https://adfs.example.com/metadata';
    const place = { metadataUrl, authorizationServers: [LOGIN] };
    const found = await discover(ADFS, overTls, 2000, () => 0, place);
    expect(found).toMatchObject({ ok: true, metadata: { jwksUri: null, introspectionEndpoint: null } });
    expect(await discover(ADFS, overTls, 2000, () => 0, { ...place, allowInsecureHttp: true })).toMatchObject({
      metadata: { jwksUri: 'http://127.0.0.1:9/jwks' },
    });
  });

  test('allows no other scheme', async () => {
    server.next(document(server.url, { jwks_uri: 'file:///etc/passwd' }));
    expect(await find(server.url, { allowInsecureHttp: true })).toMatchObject({ metadata: { jwksUri: null } });
  });
});
