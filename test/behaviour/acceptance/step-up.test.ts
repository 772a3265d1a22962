// The acceptance test of the client study about SDK clients that lack a scope, by its number there.
// `npm run conformance` covers its other part, the conformance suite against the gateway.
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Idp } from '../../../src/commands/demo/idp.js';
import type { Gateway } from '../../fixtures/gateway.js';
import { startIdp } from '../../fixtures/idp.js';
import { startConfigured } from '../../fixtures/scene.js';
import { startV2Upstream, type V2Upstream } from '../../fixtures/upstream-v2.js';
import { bound, type Kept, provider } from '../../support/sdk-login.js';

const info = { name: 'test', version: '0.0.0' };
const echo = { name: 'echo', arguments: { text: 'hello' } };
const isEcho = (result: unknown): boolean => JSON.stringify(result).includes('hello');

let idp: Idp;
let upstream: V2Upstream;
let gateway: Gateway;
beforeAll(async () => {
  [idp, upstream] = await Promise.all([startIdp({ scopes: ['files:read', 'files:write'] }), startV2Upstream()]);
  const rules = (scope: string) => ({ tools: { default: 'allow', rules: [{ tool: 'echo', scopes: [scope] }] } });
  const endpoint = { issuers: ['idp'], scopes: ['files:read'], upstream: upstream.url };
  gateway = await startConfigured({
    issuers: { idp: { issuer: idp.issuer } },
    endpoints: [
      { path: '/write/mcp', ...endpoint, ...rules('files:write') },
      { path: '/never/mcp', ...endpoint, ...rules('files:unknown') },
    ],
  });
  for (const path of ['/write/mcp', '/never/mcp']) idp.addResource(gateway.url + path, 'jwt');
});
afterAll(async () => {
  await gateway.stop('SIGKILL');
  await Promise.all([idp.stop(), upstream.stop()]);
});

async function registered(kept: Kept): Promise<unknown> {
  const { clientMetadata } = provider(kept);
  const sent = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(clientMetadata) };
  const response = await fetch(idp.url('/reg'), { ...sent, signal: AbortSignal.timeout(5000) });
  // SDK 2.x needs the issuer of the client.
  return { ...((await response.json()) as object), issuer: idp.issuer };
}

/** The same steps for both SDKs: connect, log in, continue. */
interface Sdk {
  open(
    url: URL,
    kept: Kept,
  ): { connect(): Promise<void>; finish(): Promise<void>; call(): Promise<unknown>; close(): Promise<void> };
}
const sdks: Record<string, Sdk> = {
  'SDK 1.x': {
    open(url, kept) {
      const transport = new TransportV1(url, { authProvider: provider(kept) });
      const client = new ClientV1(info);
      return {
        connect: () => client.connect(transport as never),
        finish: () => transport.finishAuth(kept.code ?? ''),
        call: () => client.callTool(echo),
        close: () => client.close(),
      };
    },
  },
  'SDK 2.x': {
    open(url, kept) {
      const transport = new StreamableHTTPClientTransport(url, { authProvider: bound(kept) as never });
      const client = new Client(info, { versionNegotiation: { mode: 'auto' } });
      return {
        connect: () => client.connect(transport),
        finish: () => transport.finishAuth(kept.callback ?? new URLSearchParams()),
        call: () => client.callTool(echo),
        close: () => client.close(),
      };
    },
  },
};

/** The number of log lines of calls that were rejected for their scope. */
const refusals = (path: string): number =>
  gateway.logs().filter(({ reason, endpoint }) => reason === 'scope.insufficient' && endpoint === path).length;

describe.each(Object.entries(sdks))('20: %s', (_name, sdk) => {
  async function loggedIn(url: URL, kept: Kept) {
    // At this provider a client that the SDK registers gets only the scopes of the first challenge.
    kept.client = await registered(kept);
    const first = sdk.open(url, kept);
    await expect(first.connect()).rejects.toThrow(/unauthorized/i);
    await first.finish();
    const session = sdk.open(url, kept);
    await session.connect();
    // With a refresh token SDK 1.x requests the same scopes again.
    if (kept.tokens !== undefined) kept.tokens = { ...kept.tokens, refresh_token: undefined } as never;
    return session;
  }

  test('A-30, A-31: steps up once, to every scope that the call needs', async () => {
    const url = new URL(`${gateway.url}/write/mcp`);
    const kept: Kept = { logins: 0 };
    const session = await loggedIn(url, kept);
    expect([kept.tokens?.scope, kept.logins]).toEqual(['files:read', 1]);
    await expect(session.call()).rejects.toThrow();
    expect(kept.logins).toBe(2);
    await session.finish();
    expect(kept.tokens?.scope?.split(' ').sort()).toEqual(['files:read', 'files:write']);
    expect(isEcho(await session.call())).toBe(true);
    expect(kept.logins).toBe(2);
    await session.close();
  });

  test('A-31: gives up soon where the scope is never granted', async () => {
    const url = new URL(`${gateway.url}/never/mcp`);
    const kept: Kept = { logins: 0 };
    const session = await loggedIn(url, kept);
    const before = refusals('/never/mcp');
    await expect(session.call()).rejects.toThrow();
    await session.close();
    expect(refusals('/never/mcp') - before).toBeLessThanOrEqual(3);
    expect(kept.logins).toBeLessThanOrEqual(3);
  });
});
