// One gateway for several public hosts: `resource` of an endpoint names its host, and each endpoint
// has its own path. Real clients log in at each host.
import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Idp } from '../../src/commands/demo/idp.js';
import type { Gateway } from '../fixtures/gateway.js';
import { startIdp } from '../fixtures/idp.js';
import { startConfigured } from '../fixtures/scene.js';
import { startV2Upstream, type V2Upstream } from '../fixtures/upstream-v2.js';
import { bound, type Kept } from '../support/sdk-login.js';

const SCOPE = 'files:read';
const info = { name: 'test', version: '0.0.0' };
const hosts = ['127.0.0.1', 'localhost'] as const;
type Host = (typeof hosts)[number];
const paths = { '127.0.0.1': '/files/mcp', localhost: '/mail/mcp' };

let idp: Idp;
let upstream: V2Upstream;
let gateway: Gateway;
const originOf = (host: Host): string => `http://${host}:${gateway.port}`;
const urlOf = (host: Host): string => originOf(host) + paths[host];

beforeAll(async () => {
  [idp, upstream] = await Promise.all([startIdp({ scopes: [SCOPE] }), startV2Upstream()]);
  const endpoint = { issuers: ['idp'], scopes: [SCOPE], upstream: upstream.url };
  gateway = await startConfigured({
    issuers: { idp: { issuer: idp.issuer } },
    endpoints: [
      { ...endpoint, path: '/files/mcp' },
      { ...endpoint, path: '/mail/mcp', resource: 'http://localhost:{{port}}/mail/mcp' },
    ],
  });
  for (const host of hosts) idp.addResource(urlOf(host), 'jwt');
});
afterAll(async () => {
  await gateway.stop('SIGKILL');
  await Promise.all([idp.stop(), upstream.stop()]);
});

describe.each(hosts)('the host %s', (host) => {
  test('its challenge leads to metadata at this host, with its own resource', async () => {
    const { status, headers } = await fetch(urlOf(host), { method: 'POST', body: '{}' });
    const metadata = `${originOf(host)}/.well-known/oauth-protected-resource${paths[host]}`;
    expect([status, headers.get('www-authenticate')]).toEqual([401, expect.stringContaining(`"${metadata}"`)]);
    expect(await (await fetch(metadata)).json()).toMatchObject({ resource: urlOf(host), authorization_servers: [idp.issuer] });
  });

  test('a client of SDK 1.x logs in and calls', async () => {
    const kept: Kept = { logins: 0 };
    const open = () => new TransportV1(new URL(urlOf(host)), { authProvider: bound(kept) });
    const first = open();
    await expect(new ClientV1(info).connect(first)).rejects.toThrow('Unauthorized');
    await first.finishAuth(kept.code ?? '');
    const client = new ClientV1(info);
    await client.connect(open());
    expect((await client.listTools()).tools.map(({ name }) => name)).toContain('echo');
    await client.close();
  });

  test('a client of SDK 2.x logs in and calls', async () => {
    const kept: Kept = { logins: 0 };
    const open = () => new TransportV2(new URL(urlOf(host)), { authProvider: bound(kept) as never });
    const first = open();
    await expect(new ClientV2(info).connect(first)).rejects.toThrow();
    await first.finishAuth(kept.callback ?? new URLSearchParams());
    const client = new ClientV2(info);
    await client.connect(open());
    expect((await client.listTools()).tools.map(({ name }) => name)).toContain('echo');
    await client.close();
  });

  test('a token for it does not work at the other host', async () => {
    const token = await idp.token({ resource: urlOf(host), scope: SCOPE });
    const other = hosts.find((one) => one !== host) as Host;
    const call = (url: string) =>
      fetch(url, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', accept: 'application/json' },
        body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
      });
    expect((await call(urlOf(other))).status).toBe(401);
    expect(gateway.logs().at(-1)).toMatchObject({ reason: 'audience.mismatch' });
  });
});

test.each([
  ['/files/mcp', ['https://mcp.example.com'], 'https://mail.example.org'],
  ['/mail/mcp', ['https://mail.example.org', 'https://mcp.example.com'], 'https://files.example.org'],
])('%s: web pages of its host and of publicUrl may call, and others may not', async (path, own, other) => {
  const endpoint = { issuers: ['idp'], upstream: upstream.url };
  const there = await startConfigured({
    publicUrl: 'https://mcp.example.com',
    issuers: { idp: { issuer: idp.issuer } },
    endpoints: [
      { ...endpoint, path: '/files/mcp' },
      { ...endpoint, path: '/mail/mcp', resource: 'https://mail.example.org/mail/mcp' },
    ],
  });
  const preflight = async (origin: string): Promise<number> => {
    const headers = { origin, 'access-control-request-method': 'POST' };
    return (await fetch(there.url + path, { method: 'OPTIONS', headers })).status;
  };
  expect(await Promise.all(own.map(preflight))).toEqual(own.map(() => 204));
  expect(await preflight(other)).toBe(403);
  await there.stop('SIGKILL');
});
