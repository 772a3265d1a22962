// Published MCP SDKs for TypeScript register, log in, call and refresh through the facade, as they
// do at an identity provider that lets them.
import { Client as ClientV2, StreamableHTTPClientTransport as TransportV2 } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FacadeScene, startFacadeScene } from '../fixtures/facade-scene.js';
import { secret } from '../fixtures/ledger.js';
import { startV2Upstream, type V2Upstream } from '../fixtures/upstream-v2.js';
import { Browser } from '../support/facade-login.js';
import { bound, type Kept } from '../support/sdk-login.js';

const info = { name: 'test', version: '0.0.0' };

let scene: FacadeScene;
let upstream: V2Upstream;
/** The person answers the consent page. `method`: undefined as FastMCP registers. */
function consenting(kept: Kept, method: string | undefined) {
  const plain = bound(kept);
  const { token_endpoint_auth_method: _none, ...clientMetadata } = plain.clientMetadata;
  return {
    ...plain,
    clientMetadata: { ...clientMetadata, ...(method && { token_endpoint_auth_method: method }), client_name: 'An SDK' },
    saveTokens: (tokens: { access_token: string; refresh_token?: string | undefined }) => {
      secret('whole', tokens.refresh_token ?? '');
      return plain.saveTokens(tokens as never);
    },
    redirectToAuthorization: async (url: URL) => {
      kept.logins += 1;
      kept.callback = (await scene.client.login(new Browser(), url)).searchParams;
      kept.code = kept.callback.get('code') ?? '';
    },
  };
}

const url = (): URL => new URL(scene.client.resource);

describe.each(['pass', 'issued'])('in the mode %s', (mode) => {
  beforeAll(async () => {
    upstream = await startV2Upstream();
    scene = await startFacadeScene({ upstreamUrl: upstream.url, facade: { mode } });
  });
  afterAll(async () => {
    await scene.stop();
    await upstream.stop();
  });

  describe.each([['none'], ['client_secret_post'], [undefined]])('with the method %s', (method) => {
    test('SDK 1.x', async () => {
      const kept: Kept = { logins: 0 };
      const open = () => new TransportV1(url(), { authProvider: consenting(kept, method) });
      const first = open();
      await expect(new ClientV1(info).connect(first)).rejects.toThrow('Unauthorized');
      await first.finishAuth(kept.code ?? '');
      const client = new ClientV1(info);
      await client.connect(open());
      expect((await client.listTools()).tools.map(({ name }) => name)).toContain('echo');
      // The access token is gone, so the client refreshes.
      Object.assign(kept.tokens as object, { access_token: 'gone' });
      expect((await client.listTools()).tools.length).toBeGreaterThan(0);
      expect([kept.logins, kept.tokens?.access_token === 'gone']).toEqual([1, false]);
      await client.close();
    });

    test('SDK 2.x', async () => {
      const kept: Kept = { logins: 0 };
      const open = () => new TransportV2(url(), { authProvider: consenting(kept, method) as never });
      const first = open();
      await expect(new ClientV2(info).connect(first)).rejects.toThrow();
      await first.finishAuth(kept.callback ?? new URLSearchParams());
      const client = new ClientV2(info);
      await client.connect(open());
      expect((await client.listTools()).tools.map(({ name }) => name)).toContain('echo');
      Object.assign(kept.tokens as object, { access_token: 'gone' });
      expect((await client.callTool({ name: 'echo', arguments: { text: 'hello' } })).isError).not.toBe(true);
      expect([kept.logins, kept.tokens?.access_token === 'gone']).toEqual([1, false]);
      await client.close();
    });
  });
});
