// Endpoints by host: the same path at several hosts, each with its own upstream, challenge,
// metadata and origins. A Host that no endpoint has gets 421.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Gateway } from '../fixtures/gateway.js';
import { type JwksIssuer, startJwksIssuer } from '../fixtures/jwks-issuer.js';
import { type HeaderLine, modern } from '../fixtures/messages.js';
import { type RawResponse, rawRequest } from '../fixtures/raw-client.js';
import { answers, type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';
import { logOf, startConfigured } from '../fixtures/scene.js';
import { until } from '../fixtures/wait.js';

let issuers: [JwksIssuer, JwksIssuer];
let upstreams: [RawUpstream, RawUpstream];
let gateway: Gateway;
beforeAll(async () => {
  issuers = await Promise.all([startJwksIssuer(), startJwksIssuer()]);
  upstreams = await Promise.all([startRawUpstream(answers.rpc()), startRawUpstream(answers.rpc())]);
  gateway = await start();
  await until('the copies of the metadata', () => issuers.every(({ hits }) => hits.metadata > 0));
});
afterAll(async () => {
  await gateway.stop();
  await Promise.all([...issuers, ...upstreams].map((one) => one.stop()));
});

const start = (more: Record<string, unknown>[] = []): Promise<Gateway> =>
  startConfigured({
    publicUrl: 'https://gateway.example',
    issuers: { a: { issuer: issuers[0].issuer }, b: { issuer: issuers[1].issuer } },
    endpoints: [
      { path: '/mcp', host: 'A.example', issuers: ['a'], upstream: `${upstreams[0].url}/up` },
      {
        path: '/mcp',
        host: ['b.example', 'c.example'],
        resource: ['https://b.example:8443/mcp', 'https://c.example/mcp'],
        issuers: ['b'],
        origins: ['https://app.example'],
        upstream: `${upstreams[1].url}/up`,
      },
      { path: '/both', host: 'c.example', issuers: ['a'], upstream: `${upstreams[0].url}/up` },
      ...more,
    ],
  });

type Get = { method?: string; headers?: HeaderLine[]; to?: Gateway };
const get = (host: string, path: string, { method = 'GET', headers = [], to = gateway }: Get = {}): Promise<RawResponse> =>
  rawRequest(to.port, { method, path, headers: [['Host', host], ...headers] });
const call = (host: string, token?: string, path = '/mcp', to = gateway): Promise<RawResponse> =>
  rawRequest(to.port, modern('tools/list', { token, path, headers: [['Host', host]] }));
const WELL_KNOWN = '/.well-known';
const RESOURCE = `${WELL_KNOWN}/oauth-protected-resource/mcp`;
const jsonOf = ({ body }: RawResponse) => JSON.parse(body) as Record<string, unknown>;
const tokenFor = (i: 0 | 1, audience: string): string => issuers[i].token({ audience });

describe('each host', () => {
  const rows = [
    ['a.example', 'https://a.example', 0],
    ['b.example', 'https://b.example:8443', 1],
    ['c.example', 'https://c.example', 1],
  ] as const;

  test.each(rows)('%s: its challenge leads to its metadata, and this names its resource and issuer', async (host, origin, i) => {
    const challenge = (await call(host)).header('www-authenticate');
    expect(challenge).toContain(`resource_metadata="${origin}${RESOURCE}"`);
    expect(jsonOf(await get(host, RESOURCE))).toMatchObject({
      resource: `${origin}/mcp`,
      authorization_servers: [issuers[i].issuer],
    });
  });

  test.each(rows)('%s: the copy of the metadata of its issuer, beside the path', async (host, _origin, i) => {
    const path = `${WELL_KNOWN}/oauth-authorization-server/mcp`;
    await until('the copy', async () => (await get(host, path)).status === 200);
    expect(jsonOf(await get(host, path)).issuer).toBe(issuers[i].issuer);
  });

  test.each(rows)('%s: a call reaches its own upstream, with any port and case of Host', async (host, origin, i) => {
    for (const sent of [host, host.toUpperCase(), `${host}:8443`, `${host}:`]) {
      const { hits } = upstreams[i];
      const other = upstreams[1 - i] as RawUpstream;
      const others = other.hits;
      expect((await call(sent, tokenFor(i, `${origin}/mcp`))).status).toBe(200);
      expect([upstreams[i].hits, other.hits]).toEqual([hits + 1, others]);
    }
  });

  test('an absolute target names the host as Host does', async () => {
    const token = tokenFor(0, 'https://a.example/mcp');
    const request = { ...modern('tools/list', { token, headers: [['Host', 'a.example']] }), path: 'http://a.example/mcp' };
    expect((await rawRequest(gateway.port, request)).status).toBe(200);
  });

  test('its documents are under no other host', async () => {
    expect((await get('c.example', `${WELL_KNOWN}/oauth-protected-resource/both`)).status).toBe(200);
    for (const host of ['a.example', 'b.example', 'gateway.example'])
      expect((await get(host, `${WELL_KNOWN}/oauth-protected-resource/both`)).status).toBe(404);
  });

  test('the root: where all endpoints of this host share one issuer, whatever other hosts have', async () => {
    const path = `${WELL_KNOWN}/oauth-authorization-server`;
    await until('the copy', async () => (await get('a.example', path)).status === 200);
    expect(jsonOf(await get('a.example', path)).issuer).toBe(issuers[0].issuer);
    expect(jsonOf(await get('b.example', path)).issuer).toBe(issuers[1].issuer);
    expect((await get('c.example', path)).status).toBe(404);
  });

  test('one endpoint at two hosts: a token for either passes at both, and its name is the first', async () => {
    for (const audience of ['https://b.example:8443/mcp', 'https://c.example/mcp'])
      for (const host of ['b.example', 'c.example']) {
        const response = await call(host, tokenFor(1, audience));
        expect(response.status).toBe(200);
        expect(await logOf(gateway, response)).toMatchObject({ endpoint: 'b.example/mcp' });
      }
    expect((await call('a.example', tokenFor(1, 'https://c.example/mcp'))).status).toBe(401);
  });

  test('web pages of its own origin and of listed ones may call, and those of other hosts may not (B-10, B-11)', async () => {
    const preflight = async (host: string, origin: string): Promise<number> => {
      const headers: HeaderLine[] = [
        ['Origin', origin],
        ['Access-Control-Request-Method', 'POST'],
      ];
      return (await get(host, '/mcp', { method: 'OPTIONS', headers })).status;
    };
    for (const [host, origin] of rows) expect(await preflight(host, origin)).toBe(204);
    for (const origin of ['https://app.example', 'http://localhost:5173']) expect(await preflight('b.example', origin)).toBe(204);
    for (const origin of ['https://gateway.example', 'https://a.example', 'https://b.example', 'https://c.example'])
      expect(await preflight('b.example', origin)).toBe(403);
  });

  test('an unknown path of a known host is 404', async () => {
    const response = await call('a.example', undefined, '/both');
    expect(response.status).toBe(404);
    expect(await logOf(gateway, response)).toMatchObject({ reason: 'route.unknown' });
  });
});

describe('a Host that no endpoint has (D-17, 421)', () => {
  test.each(['d.example', 'example', 'a.example.', 'a.example.d.example', '127.0.0.1', 'localhost:8080', '[::1]'])(
    '%s: 421, and the upstreams get nothing',
    async (host) => {
      const before = upstreams.map(({ hits }) => hits);
      const response = await call(host, tokenFor(0, 'https://a.example/mcp'));
      expect([response.status, response.headers('www-authenticate')]).toEqual([421, []]);
      expect(jsonOf(response)).toMatchObject({ error: { code: -31421, message: 'No MCP server under this host name' } });
      expect(await logOf(gateway, response)).toMatchObject({ reason: 'route.host', event: 'http.host', level: 'info' });
      expect(upstreams.map(({ hits }) => hits)).toEqual(before);
    },
  );

  test('its documents are 421 too, and a web page may read this', async () => {
    for (const path of [RESOURCE, `${WELL_KNOWN}/oauth-authorization-server`, '/oauth/token']) {
      const response = await get('d.example', path);
      expect(response.status).toBe(421);
    }
    expect((await get('d.example', RESOURCE)).header('access-control-allow-origin')).toBe('*');
  });

  test.each(['d.example', 'a.example', 'gateway.example', '10.0.0.1:8080'])('health answers under %s', async (host) => {
    expect((await get(host, '/healthz')).status).toBe(200);
    expect((await get(host, '/readyz')).status).toBe(200);
  });

  test('the host of publicUrl is known, and has no endpoint: 404', async () => {
    expect((await call('gateway.example')).status).toBe(404);
  });
});

test('an endpoint without a host answers under every host, after those of the host', async () => {
  const there = await start([{ path: '/mcp', issuers: ['a'], upstream: `${upstreams[0].url}/up` }]);
  const challenge = async (host: string) => (await call(host, undefined, '/mcp', there)).header('www-authenticate');
  expect(await challenge('a.example')).toContain('"https://a.example/');
  for (const host of ['gateway.example', 'd.example']) expect(await challenge(host)).toContain('"https://gateway.example/');
  expect((await call('d.example', undefined, '/x', there)).status).toBe(404);
  expect(jsonOf(await get('a.example', RESOURCE, { to: there })).resource).toBe('https://a.example/mcp');
  expect(jsonOf(await get('d.example', RESOURCE, { to: there })).resource).toBe('https://gateway.example/mcp');
  await there.stop();
});
