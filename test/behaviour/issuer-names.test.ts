// Issuers whose name is not the https URL of their metadata: AD FS, a bare name, a name with a
// query, an IdP inside a cluster. Tokens must have the name letter for letter.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Gateway } from '../fixtures/gateway.js';
import { type JwksIssuer, startJwksIssuer } from '../fixtures/jwks-issuer.js';
import { modern } from '../fixtures/messages.js';
import { type RawResponse, rawRequest } from '../fixtures/raw-client.js';
import { answers, type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';
import { logOf, startConfigured } from '../fixtures/scene.js';
import { until } from '../fixtures/wait.js';

const ADFS = 'http://adfs.example.com/adfs/services/trust';
const NAME = 'acme.com';
const QUERY = 'https://auth.example.com/?tenant=a';
const ELSEWHERE = 'https://idp.example.com';
const LOGIN = 'https://login.example.com';

let keys: JwksIssuer;
let login: JwksIssuer;
let upstream: RawUpstream;
let gateway: Gateway;
/** The name of an IdP inside the cluster: no loopback name, and http. */
let cluster: string;

beforeAll(async () => {
  [keys, login, upstream] = await Promise.all([startJwksIssuer(), startJwksIssuer(), startRawUpstream(answers.rpc())]);
  cluster = keys.issuer.replace('127.0.0.1', '[::ffff:127.0.0.1]');
  keys.metadata = { issuer: cluster, jwks_uri: `${cluster}/jwks` };
  login.metadata = { jwks_uri: keys.jwksUri };
  const jwksUri = `${keys.jwksUri}?appid=1`;
  const metadataUrl = `${login.issuer}/.well-known/openid-configuration?tenant=a`;
  const names = ['adfs', 'name', 'query', 'elsewhere', 'cluster'];
  gateway = await startConfigured({
    issuers: {
      adfs: { issuer: ADFS, metadataUrl, authorizationServers: [login.issuer] },
      name: { issuer: NAME, jwksUri, authorizationServers: [LOGIN] },
      query: { issuer: QUERY, jwksUri, authorizationServers: [LOGIN, `${LOGIN}/b`] },
      elsewhere: { issuer: ELSEWHERE, jwksUri, authorizationServers: [LOGIN] },
      cluster: { issuer: cluster, allowInsecureHttp: true },
    },
    endpoints: [
      ...names.map((name) => ({ path: `/${name}`, issuers: [name], scopes: ['files:read'], upstream: upstream.url })),
      { path: '/all', issuers: names, scopes: ['files:read'], upstream: upstream.url },
    ],
  });
});
afterAll(async () => {
  await gateway.stop();
  await Promise.all([keys.stop(), login.stop(), upstream.stop()]);
});
beforeEach(() => upstream.reset());

const issuerOf = (path: string): string =>
  ({ '/adfs': ADFS, '/name': NAME, '/query': QUERY, '/elsewhere': ELSEWHERE })[path] ?? cluster;
const PATHS = ['/adfs', '/name', '/query', '/elsewhere', '/cluster'];

const call = (path: string, issuer: string): Promise<RawResponse> => {
  const token = keys.token({ issuer, audience: `${gateway.url}${path}` });
  return rawRequest(gateway.port, modern('tools/list', { path, token }), { label: `a call to ${path}` });
};
const get = (path: string): Promise<RawResponse> => rawRequest(gateway.port, { method: 'GET', path }, { label: `GET ${path}` });
const serversOf = async (path: string): Promise<unknown> =>
  JSON.parse((await get(`/.well-known/oauth-protected-resource${path}`)).body).authorization_servers;

describe.each(PATHS)('%s (A-12, exact issuer)', (path) => {
  test('a token with exactly this iss passes', async () => {
    const response = await call(path, issuerOf(path));
    expect([response.status, upstream.hits]).toEqual([200, 1]);
    expect((await logOf(gateway, response)).issuer).toBe(issuerOf(path));
  });

  test.each<[string, (issuer: string) => string]>([
    ['a slash at the end', (issuer) => `${issuer}/`],
    ['another scheme', (issuer) => (issuer.startsWith('http:') ? issuer.replace('http:', 'https:') : `https://${issuer}`)],
    ['capitals', (issuer) => issuer.toUpperCase()],
    ['a character less', (issuer) => issuer.slice(0, -1)],
    ['the place where clients log in', () => login.issuer],
  ])('a token whose iss has %s is rejected', async (_what, change) => {
    expect((await call(path, issuerOf(path))).status).toBe(200);
    const response = await call(path, change(issuerOf(path)));
    expect([response.status, upstream.hits]).toEqual([401, 1]);
    expect((await logOf(gateway, response)).reason).toBe('token.issuer');
  });
});

describe('the published authorization servers (A-01, A-12)', () => {
  test.each<[string, () => readonly string[]]>([
    ['/adfs', () => [login.issuer]],
    ['/name', () => [LOGIN]],
    ['/query', () => [LOGIN, `${LOGIN}/b`]],
    ['/elsewhere', () => [LOGIN]],
    ['/cluster', () => [cluster]],
    ['/all', () => [login.issuer, LOGIN, `${LOGIN}/b`, cluster]],
  ])('%s names those where clients log in, each once', async (path, servers) => {
    expect(await serversOf(path)).toEqual(servers());
  });

  test('the copy of the metadata is that of the first of them, or none (A-16)', async () => {
    const copyOf = (path: string) => get(`/.well-known/oauth-authorization-server${path}`);
    const shown = await until('the copy', async () => {
      const response = await copyOf('/adfs');
      return response.status === 200 ? response : undefined;
    });
    expect(JSON.parse(shown.body).issuer).toBe(login.issuer);
    for (const path of ['/name', '/query', '/elsewhere']) expect([path, (await copyOf(path)).status]).toEqual([path, 404]);
  });
});

test('plain http to an IdP is in the log as a warning (A-64)', () => {
  const warnings = gateway.logs().filter(({ event }) => event === 'issuer.insecure_http');
  expect(warnings.map(({ level, issuer }) => [level, issuer])).toEqual([['warn', cluster]]);
});
