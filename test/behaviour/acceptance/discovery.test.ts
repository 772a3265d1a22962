// The acceptance tests of the client study about finding the authorization server, by their numbers
// there.
import { discoverAuthorizationServerMetadata, discoverOAuthProtectedResourceMetadata } from '@modelcontextprotocol/client';
import {
  discoverOAuthProtectedResourceMetadata as discoverResourceV1,
  discoverAuthorizationServerMetadata as discoverServerV1,
} from '@modelcontextprotocol/sdk/client/auth.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Gateway } from '../../fixtures/gateway.js';
import { rawRequest } from '../../fixtures/raw-client.js';
import { answers, type RawUpstream, startRawUpstream } from '../../fixtures/raw-upstream.js';
import { startConfigured } from '../../fixtures/scene.js';
import { walk } from '../../support/client-walk.js';
import { geminiTakes, probingClients, vsCodeTakes } from '../../support/probing-clients.js';

const PRM = '/.well-known/oauth-protected-resource';
const OAUTH = '/.well-known/oauth-authorization-server';
const OIDC = '/.well-known/openid-configuration';

/** The path of the issuer of each kind, and the paths of its documents. */
const kinds = {
  auth0: { issuer: '/', at: [OAUTH, OIDC] },
  okta: { issuer: '/oauth2/default', at: [`/oauth2/default${OAUTH}`, `/oauth2/default${OIDC}`] },
  'okta-org': { issuer: '', at: [OIDC] },
  entra: { issuer: '/11111111-2222-3333-4444-555555555555/v2.0', at: [`/11111111-2222-3333-4444-555555555555/v2.0${OIDC}`] },
  authentik: { issuer: '/application/o/mcp/', at: [`/application/o/mcp${OIDC}`] },
};

const servers: RawUpstream[] = [];
let gateway: Gateway;
const endpoints: { kind: string; url: URL; issuer: string }[] = [];

beforeAll(async () => {
  const issuers: Record<string, { issuer: string }> = {};
  for (const [kind, { issuer, at }] of Object.entries(kinds)) {
    const server = await startRawUpstream(async (arrived) => {
      const named = `${server.url}${issuer}`;
      const members = { token_endpoint_auth_methods_supported: ['none'], code_challenge_methods_supported: ['S256'] };
      const document = {
        issuer: named,
        authorization_endpoint: `${server.url}/authorize`,
        token_endpoint: `${server.url}/token`,
        jwks_uri: `${server.url}/jwks`,
        response_types_supported: ['code'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['RS256'],
        ...members,
      };
      return (at.includes(arrived.req.url ?? '') ? answers.json(document) : answers.status(404))(arrived);
    }, 'issuer');
    servers.push(server);
    issuers[kind] = { issuer: `${server.url}${issuer}` };
  }
  const upstream = 'http://127.0.0.1:9/mcp';
  const origin = 'https://tools.example.com';
  gateway = await startConfigured({
    issuers,
    endpoints: [
      ...Object.keys(kinds).map((kind) => ({ path: `/${kind}/mcp`, issuers: [kind], upstream })),
      { path: '/tools', resource: origin, issuers: ['auth0'], upstream },
      { path: '/odd', resource: 'https://Odd.example.com/Deep/~x/mcp', issuers: ['auth0'], upstream },
    ],
  });
  for (const [kind, { issuer }] of Object.entries(issuers))
    endpoints.push({ kind, url: new URL(`${gateway.url}/${kind}/mcp`), issuer });
});
afterAll(async () => {
  await gateway.stop();
  await Promise.all(servers.map((server) => server.stop()));
});

const get = (path: string, headers: [string, string][] = []) => rawRequest(gateway.port, { path, headers });

describe('3: the metadata of the resource', () => {
  test('is at every path, with any credential', async () => {
    const path = '/auth0/mcp';
    const { body } = await get(PRM + path);
    expect(JSON.parse(body)).toMatchObject({ resource: gateway.url + path });
    for (const at of [PRM + path, `${PRM + path}/`, path + PRM]) {
      for (const authorization of [undefined, 'Bearer bogus', 'Basic eA==']) {
        const headers: [string, string][] = authorization === undefined ? [] : [['Authorization', authorization]];
        const response = await get(at, headers);
        expect([at, response.status, response.header('content-type'), response.body]).toEqual([
          at,
          200,
          'application/json',
          body,
        ]);
        expect([response.header('content-encoding'), response.header('location')]).toEqual([undefined, undefined]);
      }
    }
  });

  test('is at the root only where the resource is the origin', async () => {
    const response = await get(PRM);
    expect([response.status, JSON.parse(response.body).resource]).toEqual([200, 'https://tools.example.com']);
  });

  test.each([`${PRM}/unknown`, `/unknown${PRM}`, '/.well-known/unknown', `${PRM}/auth0`])('%s gets 404 in JSON', async (path) => {
    const response = await get(path, [['Authorization', 'Bearer bogus']]);
    expect([response.status, response.header('content-type'), response.header('www-authenticate')]).toEqual([
      404,
      'application/json',
      undefined,
    ]);
    expect(() => JSON.parse(response.body)).not.toThrow();
  });
});

describe.each(Object.keys(kinds))('4: an issuer like that of %s', (kind) => {
  const endpoint = () => endpoints.find((one) => one.kind === kind) as (typeof endpoints)[number];

  test('is published exactly as written, and every replayed client accepts it', async () => {
    const { url, issuer } = endpoint();
    for (const client of probingClients.filter(({ first }) => first === undefined)) {
      const found = await walk(client, url).discover();
      expect([client.name, found.resource.authorization_servers, found.server.issuer]).toEqual([client.name, [issuer], issuer]);
    }
  });

  test('SDK 1.x and 2.x find it, too', async () => {
    const { url, issuer } = endpoint();
    const resource = await discoverOAuthProtectedResourceMetadata(url);
    expect(resource.authorization_servers).toEqual([issuer]);
    expect((await discoverAuthorizationServerMetadata(issuer))?.issuer).toBe(issuer);
    const before = await discoverResourceV1(url);
    expect(before.authorization_servers).toEqual([issuer]);
    expect((await discoverServerV1(issuer))?.issuer).toBe(issuer);
  });
});

describe('5: VS Code and Gemini CLI compare the resource with the URL that the user typed', () => {
  test('both are equal at every endpoint', async () => {
    const typed: [string, URL][] = [
      ...endpoints.map(({ url }): [string, URL] => [PRM + url.pathname, url]),
      [`${PRM}/Deep/~x/mcp`, new URL('https://Odd.example.com/Deep/~x/mcp')],
      [PRM, new URL('https://tools.example.com')],
    ];
    for (const [at, url] of typed) {
      const { resource } = JSON.parse((await get(at)).body) as { resource: string };
      expect([at, vsCodeTakes(resource, url), geminiTakes(resource, url)]).toEqual([at, true, true]);
      const other = new URL(`${url.href.replace(/\/$/, '')}/x`);
      expect([vsCodeTakes(resource, other), geminiTakes(resource, other)]).toEqual([false, false]);
    }
  });
});
