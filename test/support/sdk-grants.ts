// The client-credentials providers of both generations of the TypeScript SDK, with a record of each
// request that they send.
import { Client, ClientCredentialsProvider, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { ClientCredentialsProvider as ProviderV1 } from '@modelcontextprotocol/sdk/client/auth-extensions.js';
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { anyAddress } from '../fixtures/bridged.js';
import { secretToken } from '../fixtures/ledger.js';

const info = { name: 'test', version: '0.0.0' };

/** The requests of a client, in order: method, path and status. */
export type Walk = { lines: string[]; forms: URLSearchParams[]; authorizations: string[]; fetch: typeof fetch };

export function watch(): Walk {
  const walk: Walk = { lines: [], forms: [], authorizations: [], fetch };
  // Another address for each client: failures of one address are limited.
  const address = anyAddress();
  walk.fetch = async (input, init) => {
    const headers = new Headers(init?.headers);
    headers.set('x-forwarded-for', address);
    const response = await fetch(input, { ...init, headers });
    const { pathname } = new URL(String(input));
    walk.lines.push(`${init?.method ?? 'GET'} ${pathname} ${response.status}`);
    if (pathname !== '/oauth/token') return response;
    walk.forms.push(new URLSearchParams(String(init?.body)));
    walk.authorizations.push(headers.get('authorization') ?? '');
    const text = await response.text();
    const { access_token: token } = JSON.parse(text) as { access_token?: string };
    if (token !== undefined) secretToken(token);
    // The SDKs test for the class Response, which hono replaces in this process.
    return new Response(text, { status: response.status, headers: response.headers });
  };
  return walk;
}

export const count = ({ lines }: Walk, start: string): number => lines.filter((line) => line.startsWith(start)).length;

export type Login = { id: string; secret: string; issuer: string; by?: 'basic' | 'post'; scope?: string };

/** Both providers use basic where the metadata has it. A client that names post overrides it. */
const byPost = <T>(information: T): T => ({ ...information, token_endpoint_auth_method: 'client_secret_post' });

export type Sdk = {
  /** Connects and returns a way to call a tool. */
  connect(
    url: URL,
    login: Login,
    walk: Walk,
  ): Promise<{ call(tool: string, args: object): Promise<string>; close(): Promise<void> }>;
};

const textOf = (result: unknown): string => (result as { content: { text: string }[] }).content[0]?.text ?? '';

export const sdk1: Sdk = {
  async connect(url, { id, secret, issuer, by, scope }, walk) {
    const options = { clientId: id, clientSecret: secret, expectedIssuer: issuer, ...(scope && { scope }) };
    const authProvider = new ProviderV1(options);
    if (by === 'post') {
      const basic = authProvider.clientInformation();
      authProvider.clientInformation = () => byPost(basic);
    }
    const client = new ClientV1(info);
    await client.connect(new TransportV1(url, { authProvider, fetch: walk.fetch }) as never);
    return {
      call: async (tool, args) => textOf(await client.callTool({ name: tool, arguments: { ...args } })),
      close: () => client.close(),
    };
  },
};

type Mode = 'auto' | 'legacy' | { pin: string };
export const sdk2 = (mode: Mode): Sdk => ({
  async connect(url, { id, secret, issuer, by, scope }, walk) {
    const options = { clientId: id, clientSecret: secret, expectedIssuer: issuer, ...(scope && { scope }) };
    const authProvider = new ClientCredentialsProvider(options);
    if (by === 'post') {
      const basic = authProvider.clientInformation();
      authProvider.clientInformation = () => byPost(basic);
    }
    const client = new Client(info, { versionNegotiation: { mode } });
    await client.connect(new StreamableHTTPClientTransport(url, { authProvider, fetch: walk.fetch }));
    return {
      call: async (tool, args) => textOf(await client.callTool({ name: tool, arguments: { ...args } })),
      close: () => client.close(),
    };
  },
});
