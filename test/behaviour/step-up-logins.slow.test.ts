// Published TypeScript SDKs that register themselves and request more scopes later, at a real
// oidc-provider. It gives a client only the scopes of its registration.
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Idp } from '../../src/commands/demo/idp.js';
import type { Gateway } from '../fixtures/gateway.js';
import { startIdp } from '../fixtures/idp.js';
import { startConfigured } from '../fixtures/scene.js';
import { startV2Upstream, type V2Upstream } from '../fixtures/upstream-v2.js';
import { bound, type Kept, provider } from '../support/sdk-login.js';

const info = { name: 'test', version: '0.0.0' };
const SCOPES = ['files:read', 'files:write', 'files:list'];
const PATHS = { base: '/base/mcp', all: '/all/mcp', none: '/none/mcp' };

let idp: Idp;
let upstream: V2Upstream;
let gateway: Gateway;
beforeAll(async () => {
  [idp, upstream] = await Promise.all([startIdp({ scopes: SCOPES }), startV2Upstream()]);
  const rules = [
    { tool: 'echo', scopes: ['files:write'] },
    { tool: 'era', scopes: ['files:list'] },
  ];
  const tools = { default: 'allow', rules };
  const endpoint = { issuers: ['idp'], scopes: ['files:read'], upstream: upstream.url, tools };
  gateway = await startConfigured({
    issuers: { idp: { issuer: idp.issuer } },
    endpoints: Object.entries(PATHS).map(([challengeScopes, path]) => ({ ...endpoint, path, challengeScopes })),
  });
  for (const path of Object.values(PATHS)) idp.addResource(gateway.url + path, 'jwt');
});
afterAll(async () => {
  await gateway.stop('SIGKILL');
  await Promise.all([idp.stop(), upstream.stop()]);
});

/** The scopes that the user grants at a login, of those that the client requests. */
type Consent = (requested: readonly string[], login: number) => readonly string[];
const everything: Consent = (requested) => requested;
const baseFirst: Consent = (requested, login) => (login === 1 ? ['files:read'] : requested);

interface Login extends Kept {
  consent: Consent;
  /** Without refresh tokens both SDKs log in for more scopes. SDK 1.x refreshes where it can. */
  grantTypes: string[];
  /** The scopes of each authorization request. */
  requested: string[];
}
const loginOf = (consent: Consent, ...more: string[]): Login => ({
  logins: 0,
  consent,
  grantTypes: ['authorization_code', ...more],
  requested: [],
});

/** The user's choice is a narrower request, because the provider has no form. */
function consenting<T extends ReturnType<typeof provider>>(kept: Login, plain: T): T {
  return {
    ...plain,
    clientMetadata: { ...plain.clientMetadata, grant_types: kept.grantTypes },
    redirectToAuthorization: async (url: URL) => {
      const scope = url.searchParams.get('scope') ?? '';
      kept.requested.push(scope);
      const granted = kept.consent(scope.split(' '), kept.logins + 1);
      url.searchParams.set('scope', granted.join(' '));
      await plain.redirectToAuthorization(url);
    },
  };
}

interface Session {
  connect(): Promise<void>;
  finish(): Promise<void>;
  call(name: string): Promise<unknown>;
  close(): Promise<void>;
}
const args = (name: string) => ({ name, arguments: name === 'echo' ? { text: 'hello' } : {} });

const SDKS: Record<string, (url: URL, kept: Login) => Session> = {
  'SDK 1.x': (url, kept) => {
    const transport = new TransportV1(url, { authProvider: consenting(kept, provider(kept)) });
    const client = new ClientV1(info);
    return {
      connect: () => client.connect(transport as never),
      finish: () => transport.finishAuth(kept.code ?? ''),
      call: (name) => client.callTool(args(name)),
      close: () => client.close(),
    };
  },
  'SDK 2.x': (url, kept) => {
    const authProvider = consenting(kept, bound(kept)) as never;
    const transport = new StreamableHTTPClientTransport(url, { authProvider });
    const client = new Client(info, { versionNegotiation: { mode: 'auto' } });
    return {
      connect: () => client.connect(transport),
      finish: () => transport.finishAuth(kept.callback ?? new URLSearchParams()),
      call: (name) => client.callTool(args(name)),
      close: () => client.close(),
    };
  },
};

/** The number of calls that the gateway rejected for their scope. */
const rejections = (path: string): number =>
  gateway.logs().filter(({ reason, endpoint }) => reason === 'scope.insufficient' && endpoint === path).length;
const scopesOf = ({ tokens }: Kept): string[] => (tokens?.scope ?? '').split(' ').sort();
const registered = ({ client }: Kept): unknown => (client as { scope?: string }).scope;

describe.each(Object.entries(SDKS))('%s', (_name, open) => {
  async function loggedIn(path: string, kept: Login): Promise<Session> {
    const url = new URL(gateway.url + path);
    const first = open(url, kept);
    await expect(first.connect()).rejects.toThrow(/unauthorized/i);
    await first.finish();
    const session = open(url, kept);
    await session.connect();
    return session;
  }

  /** Calls a tool. The user logs in where the client requires it. */
  async function calls(session: Session, name: string, kept: Kept): Promise<boolean> {
    const before = kept.logins;
    try {
      await session.call(name);
      return true;
    } catch {
      if (kept.logins === before || !kept.callback?.has('code')) return false;
      await session.finish();
      return session.call(name).then(
        () => true,
        () => false,
      );
    }
  }

  test('base: the provider answers invalid_scope to each request for more scopes', async () => {
    const kept = loginOf(everything);
    const session = await loggedIn(PATHS.base, kept);
    expect([registered(kept), scopesOf(kept)]).toEqual(['files:read', ['files:read']]);
    expect(await calls(session, 'echo', kept)).toBe(false);
    expect([kept.callback?.get('error'), kept.logins]).toEqual(['invalid_scope', 2]);
    expect(kept.requested[1]).toContain('files:read files:write');
    await session.close();
  });

  test.each(['all', 'none'] as const)('%s: one login has every scope', async (mode) => {
    const kept = loginOf(everything);
    const session = await loggedIn(PATHS[mode], kept);
    expect([registered(kept), scopesOf(kept)]).toEqual([SCOPES.join(' '), [...SCOPES].sort()]);
    expect([await calls(session, 'echo', kept), await calls(session, 'era', kept), kept.logins]).toEqual([true, true, 1]);
    await session.close();
  });

  test.each(['all', 'none'] as const)('%s: a user who grants less at first steps up once', async (mode) => {
    const kept = loginOf(baseFirst);
    const session = await loggedIn(PATHS[mode], kept);
    expect(scopesOf(kept)).toEqual(['files:read']);
    expect([await calls(session, 'echo', kept), kept.logins]).toEqual([true, 2]);
    expect(await calls(session, 'echo', kept)).toBe(true);
    expect(kept.logins).toBe(2);
    await session.close();
  });

  test('A-31: two tools with different scopes need one login each, whatever their order', async () => {
    // The user grants what the call needs, as the challenge says, and no more.
    const kept = loginOf(baseFirst);
    const session = await loggedIn(PATHS.all, kept);
    for (let round = 0; round < 3; round += 1)
      for (const name of ['echo', 'era']) expect([round, name, await calls(session, name, kept)]).toEqual([round, name, true]);
    expect([kept.logins, scopesOf(kept)]).toEqual([3, [...SCOPES].sort()]);
    await session.close();
  });

  test.each([
    ['without refresh tokens', []],
    ['with refresh tokens', ['refresh_token']],
  ])('A-31: gives up soon where the user never grants the scope, %s', async (_what, more) => {
    const never: Consent = (requested) => requested.filter((scope) => scope !== 'files:list');
    const kept = loginOf(never, ...more);
    const session = await loggedIn(PATHS.all, kept);
    expect(await calls(session, 'echo', kept)).toBe(true);
    const [before, logins] = [rejections(PATHS.all), kept.logins];
    expect(await calls(session, 'era', kept)).toBe(false);
    expect(rejections(PATHS.all) - before).toBeLessThanOrEqual(3);
    expect(kept.logins - logins).toBeLessThanOrEqual(2);
    expect(scopesOf(kept)).toEqual(expect.arrayContaining(['files:read', 'files:write']));
    await session.close();
  });
});

test.each([
  ['SDK 1.x', 'refreshes instead of logging in, and gives up', 1],
  ['SDK 2.x', 'logs in for more scopes', 2],
])('with a refresh token, %s %s', async (name, _what, logins) => {
  const kept = loginOf(baseFirst, 'refresh_token');
  const url = new URL(gateway.url + PATHS.all);
  const open = SDKS[name] as (typeof SDKS)[string];
  const first = open(url, kept);
  await expect(first.connect()).rejects.toThrow(/unauthorized/i);
  await first.finish();
  const session = open(url, kept);
  await session.connect();
  await expect(session.call('echo')).rejects.toThrow();
  expect(kept.logins).toBe(logins);
  await session.close();
});
