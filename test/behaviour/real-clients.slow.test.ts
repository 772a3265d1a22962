// Published clients and servers with the gateway between them: first login, both SDK generations,
// both eras.
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ToolListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Idp } from '../../src/commands/demo/idp.js';
import { type Everything, startEverything } from '../fixtures/everything.js';
import type { Gateway } from '../fixtures/gateway.js';
import { startIdp } from '../fixtures/idp.js';
import { ENV_SECRET, startConfigured } from '../fixtures/scene.js';
import { startV1Upstream, type V1Upstream } from '../fixtures/upstream-v1.js';
import { startV2Upstream, type V2Upstream } from '../fixtures/upstream-v2.js';
import { until } from '../fixtures/wait.js';
import { bound, type Kept, provider } from '../support/sdk-login.js';

const info = { name: 'test', version: '0.0.0' };
const textOf = (result: unknown): string => (result as { content: { text: string }[] }).content[0]?.text ?? '';

let idp: Idp;
let everything: Everything;
let v1: V1Upstream;
let v2: V2Upstream;
let gateway: Gateway;

beforeAll(async () => {
  [idp, everything, v1, v2] = await Promise.all([
    startIdp({ scopes: ['files:read', 'files:write'] }),
    startEverything(),
    startV1Upstream(),
    startV2Upstream(),
  ]);
  const { id, secret } = idp.clients.introspection;
  const introspection = { clientId: id, clientSecret: ENV_SECRET };
  const upstreams = {
    '/everything/mcp': everything.url,
    '/v1/mcp': v1.url,
    '/v2/mcp': v2.url,
    '/opaque/mcp': v2.url,
    '/': v2.url,
  };
  const endpoints = Object.entries(upstreams).map(([path, upstream]) => ({
    path,
    issuers: ['idp'],
    scopes: ['files:read'],
    upstream,
  }));
  gateway = await startConfigured(
    { issuers: { idp: { issuer: idp.issuer, introspection } }, endpoints },
    { env: { SECRET: secret } },
  );
  for (const path of Object.keys(upstreams)) idp.addResource(gateway.url + path, path === '/opaque/mcp' ? 'opaque' : 'jwt');
});
afterAll(async () => {
  // Published clients keep spare connections open. shutdown.test.ts checks that the gateway ends in
  // spite of them.
  await gateway.stop('SIGKILL');
  await Promise.all([idp.stop(), everything.stop(), v1.stop(), v2.stop()]);
});

describe('SDK 1.x with OAuth, from a bare URL', () => {
  test.each(['/everything/mcp', '/v1/mcp', '/v2/mcp', '/opaque/mcp', '/'])(
    'A-01, A-02, A-12, A-20: %s: 401, metadata, registration, PKCE, token, call',
    async (path) => {
      const url = new URL(gateway.url + path);
      const kept: Kept = { logins: 0 };
      const first = new TransportV1(url, { authProvider: provider(kept) });
      await expect(new ClientV1(info).connect(first as never)).rejects.toThrow('Unauthorized');
      await first.finishAuth(kept.code ?? '');
      expect(kept.tokens?.scope).toBe('files:read');

      const client = new ClientV1(info);
      await client.connect(new TransportV1(url, { authProvider: provider(kept) }) as never);
      const { tools } = await client.listTools();
      expect(tools.map(({ name }) => name)).toContain('echo');
      const argument = path.startsWith('/everything') ? { message: 'hello' } : { text: 'hello' };
      const echoed = textOf(await client.callTool({ name: 'echo', arguments: argument }));
      expect(echoed).toBe(path.startsWith('/everything') ? 'Echo: hello' : 'hello');
      expect(kept.logins).toBe(1);
      await client.close();
    },
  );

  test('B-39: an expired token causes one refresh and no login, and an outage of the keys causes neither', async () => {
    const url = new URL(`${gateway.url}/v2/mcp`);
    const kept: Kept = { logins: 0 };
    const first = new TransportV1(url, { authProvider: provider(kept) });
    await expect(new ClientV1(info).connect(first as never)).rejects.toThrow('Unauthorized');
    await first.finishAuth(kept.code ?? '');
    const good = kept.tokens;
    kept.tokens = { ...good, access_token: `${good?.access_token.slice(0, -4)}AAAA` };
    const client = new ClientV1(info);
    await client.connect(new TransportV1(url, { authProvider: provider(kept) }) as never);
    expect(textOf(await client.callTool({ name: 'echo', arguments: { text: 'refreshed' } }))).toBe('refreshed');
    expect([kept.logins, kept.tokens?.access_token === good?.access_token]).toEqual([1, false]);
    await client.close();

    // An unknown key and an issuer that is down: 503, at which no client drops its tokens.
    await idp.rotate();
    kept.tokens = { access_token: await idp.token({ resource: url.href, scope: 'files:read' }) };
    await idp.stop();
    const during = new ClientV1(info);
    const { tokens } = kept;
    await expect(during.connect(new TransportV1(url, { authProvider: provider(kept) }) as never)).rejects.toThrow('503');
    await idp.start();
    expect([kept.logins, kept.tokens]).toEqual([1, tokens]);
    await until('the same token passes again', async () => {
      const headers = { authorization: `Bearer ${tokens?.access_token}`, 'content-type': 'application/json' };
      return (await fetch(url, { method: 'POST', headers, body: '{"jsonrpc":"2.0","id":1,"method":"ping"}' })).status !== 503;
    });
  });
});

describe('SDK 2.x with OAuth, from a bare URL', () => {
  test.each([
    { mode: { pin: '2026-07-28' }, path: '/v2/mcp' },
    { mode: 'auto' as const, path: '/opaque/mcp' },
    { mode: 'auto' as const, path: '/v1/mcp' },
    { mode: 'legacy' as const, path: '/everything/mcp' },
  ])('A-01, A-02, A-12, A-20: $mode at $path: 401, metadata, registration, PKCE, token, call', async ({ mode, path }) => {
    const url = new URL(gateway.url + path);
    const kept: Kept = { logins: 0 };
    const options = { versionNegotiation: { mode } };
    const transport = () => new StreamableHTTPClientTransport(url, { authProvider: bound(kept) as never });
    const first = transport();
    await expect(new Client(info, options).connect(first)).rejects.toThrow(/unauthorized/i);
    await first.finishAuth(kept.callback ?? new URLSearchParams());
    expect(kept.tokens?.scope).toBe('files:read');

    const client = new Client(info, options);
    await client.connect(transport());
    const argument = path.startsWith('/everything') ? { message: 'hello' } : { text: 'hello' };
    expect(textOf(await client.callTool({ name: 'echo', arguments: argument }))).toMatch(/hello$/);
    expect(kept.logins).toBe(1);
    await client.close();
  });
});

const bearer = async (path: string): Promise<{ headers: Record<string, string> }> => ({
  headers: { authorization: `Bearer ${await idp.token({ resource: gateway.url + path, scope: 'files:read' })}` },
});

test('B-80, B-74, B-04: SDK 1.x with the session upstream: progress, the GET stream, cancellation, DELETE', async () => {
  const client = new ClientV1(info);
  const requestInit = await bearer('/v1/mcp');
  const transport = new TransportV1(new URL(`${gateway.url}/v1/mcp`), { requestInit });
  await client.connect(transport as never);
  expect(textOf(await client.callTool({ name: 'big', arguments: { bytes: 300_000 } }))).toHaveLength(300_000);
  const progress: number[] = [];
  const slow = { name: 'slow', arguments: { steps: 3, delayMs: 20 } };
  const done = await client.callTool(slow, undefined, { onprogress: (event) => progress.push(event.progress) });
  expect([textOf(done), progress]).toEqual(['done after 3', [1, 2, 3]]);

  let announced = 0;
  client.setNotificationHandler(ToolListChangedNotificationSchema, () => {
    announced += 1;
  });
  await until('the GET stream is open', () => v1.seen.some(({ method }) => method === 'GET'));
  await until('a notification arrives on the GET stream', () => {
    if (announced === 0) v1.announce();
    return announced > 0;
  });

  const abort = new AbortController();
  const before = v1.cancelled();
  const endless = { name: 'slow', arguments: { steps: 1, delayMs: 60_000 } };
  const aborted = client.callTool(endless, undefined, { signal: abort.signal }).catch((error: unknown) => error);
  setTimeout(() => abort.abort(), 50);
  expect(await aborted).toBeInstanceOf(Error);
  await until('the upstream notices the cancellation', () => v1.cancelled() === before + 1);
  const open = v1.sessions().length;
  await transport.terminateSession();
  expect([v1.sessions().length, v1.seen.at(-1)?.method]).toEqual([open - 1, 'DELETE']);
  await client.close();
});

describe('B-35, B-39: SDK 2.x with a bearer token', () => {
  test.each([
    { mode: { pin: '2026-07-28' }, path: '/v2/mcp', version: '2026-07-28' },
    { mode: 'auto' as const, path: '/v2/mcp', version: '2026-07-28' },
    { mode: 'legacy' as const, path: '/v2/mcp', version: '2025-11-25' },
    { mode: 'legacy' as const, path: '/v1/mcp', version: '2025-11-25' },
    { mode: 'legacy' as const, path: '/everything/mcp', version: '2025-11-25' },
    { mode: 'auto' as const, path: '/v1/mcp', version: '2025-11-25' },
  ])('$mode at $path speaks $version', async ({ mode, path, version }) => {
    const client = new Client(info, { versionNegotiation: { mode } });
    await client.connect(new StreamableHTTPClientTransport(new URL(gateway.url + path), { requestInit: await bearer(path) }));
    expect(client.getNegotiatedProtocolVersion()).toBe(version);
    const argument = path.startsWith('/everything') ? { message: 'hello' } : { text: 'hello' };
    expect(textOf(await client.callTool({ name: 'echo', arguments: argument }))).toMatch(/hello$/);
    if (!path.startsWith('/everything')) {
      const progress: number[] = [];
      const slow = { name: 'slow', arguments: { steps: 3, delayMs: 20 } };
      expect(textOf(await client.callTool(slow, { onprogress: (event) => progress.push(event.progress) }))).toBe('done after 3');
      expect(progress).toEqual([1, 2, 3]);
    }
    if (path === '/v2/mcp') expect(v2.seen.at(-1)?.headers['mcp-protocol-version']).toBe(version);
    await client.close();
  });

  test('B-73: a cancelled modern call is cancelled at the upstream', async () => {
    const client = new Client(info, { versionNegotiation: { mode: { pin: '2026-07-28' } } });
    await client.connect(
      new StreamableHTTPClientTransport(new URL(`${gateway.url}/v2/mcp`), { requestInit: await bearer('/v2/mcp') }),
    );
    const abort = new AbortController();
    const before = v2.cancelled();
    const endless = { name: 'slow', arguments: { steps: 1, delayMs: 60_000 } };
    const aborted = client.callTool(endless, { signal: abort.signal }).catch((error: unknown) => error);
    await until('the upstream has the call', () => v2.seen.at(-1)?.headers['mcp-name'] === 'slow');
    abort.abort();
    expect(await aborted).toBeInstanceOf(Error);
    await until('the upstream notices the cancellation', () => v2.cancelled() === before + 1);
    await client.close();
  });
});

test('A-42: no upstream saw a bearer token', () => {
  expect(v1.seen.length).toBeGreaterThan(5);
  expect(v2.seen.length).toBeGreaterThan(5);
  for (const { headers, target } of [...v1.seen, ...v2.seen])
    expect(JSON.stringify([headers, target])).not.toMatch(/bearer|authorization/i);
});
