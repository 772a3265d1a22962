// Two tenants on one gateway: each has its own host, issuer, upstream, token endpoint and API key.
// Their endpoints have the same paths, their signing keys the same kid, their users the same sub.
import { createHash } from 'node:crypto';
import { type Gateway, startInProcess } from '../fixtures/gateway.js';
import { type JwksIssuer, startJwksIssuer } from '../fixtures/jwks-issuer.js';
import { type Ask, modern } from '../fixtures/messages.js';
import { rsaKey } from '../fixtures/mint.js';
import { type RawResponse, rawRequest } from '../fixtures/raw-client.js';
import { type Answer, answers, type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';
import { configuredText } from '../fixtures/scene.js';
import { active } from './introspecting.js';
import { keyText } from './sealing-key.js';

type Fields = Record<string, unknown>;

/** `/mcp` calls the upstream as it is, `/exchange` with an exchanged token. */
export const PATHS = ['/mcp', '/exchange'] as const;
export const SUB = 'alice';
const KEY_NAME = 'partner';

export interface Tenant {
  readonly host: string;
  readonly issuer: JwksIssuer;
  readonly upstream: RawUpstream;
  readonly tokenEndpoint: RawUpstream;
  readonly key: string;
  /** A JWT for a path of this tenant. */
  token(path?: string): string;
  resource(path?: string): string;
}

export interface Tenants {
  readonly a: Tenant;
  readonly b: Tenant;
  readonly gateway: Gateway;
  /** A configuration with these changes of the root. */
  text(root?: Fields, tenants?: readonly Tenant[]): string;
  /** Sends a call to a host. */
  ask(host: string, ask?: Ask): Promise<RawResponse>;
  stop(): Promise<void>;
}

/** The upstream names itself, the caller that it got, and the Authorization that it got. */
const naming =
  (name: string): Answer =>
  async (exchange) => {
    const { headers, method } = exchange.req;
    if (method === 'GET') return answers.sse([{ data: { jsonrpc: '2.0', method: 'notifications/x' } }], { end: false })(exchange);
    const result = {
      upstream: name,
      subject: headers['x-subject'],
      issuer: headers['x-issuer'],
      authorization: headers.authorization ?? null,
    };
    await answers.rpc(result, [['Mcp-Session-Id', `session-of-${name}`]])(exchange);
  };

/** The result of a call: what the upstream says of itself. */
export const resultOf = ({ body }: RawResponse): Fields => (JSON.parse(body) as { result: Fields }).result;

const hashOf = (key: string): string => createHash('sha256').update(key).digest('hex');

async function startTenant(host: string): Promise<Tenant> {
  const issuer = await startJwksIssuer({ keys: [rsaKey({ kid: 'the-same' })] });
  const upstream = await startRawUpstream(naming(host));
  const tokenEndpoint = await startRawUpstream(
    answers.json({
      access_token: `exchanged-at-${host}`,
      issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      token_type: 'Bearer',
      expires_in: 300,
    }),
    'issuer',
  );
  const resource = (path = '/mcp') => `https://${host}${path}`;
  issuer.introspect = (form) =>
    form.get('token') === 'opaque-and-equal' || form.get('token')?.endsWith(host)
      ? active({ sub: SUB, aud: resource(), scope: '' })
      : { active: false };
  return {
    host,
    issuer,
    upstream,
    tokenEndpoint,
    key: `key_of_${hashOf(host).slice(0, 24)}`,
    token: (path) => issuer.token({ audience: resource(path), claims: { sub: SUB } }),
    resource,
  };
}

/** The endpoints of a tenant. Its key is for the first. `more`: merged over each of them. */
const endpointsOf = ({ host, upstream, tokenEndpoint }: Tenant, more: Fields): Fields[] => [
  {
    path: '/mcp',
    host,
    issuers: [host],
    apiKeys: [{ header: 'X-Api-Key' }],
    upstream: {
      url: `${upstream.url}/up`,
      maxConcurrentRequests: 1000,
      headers: { 'X-Subject': '{subject}', 'X-Issuer': '{issuer?}' },
    },
    ...more,
  },
  {
    path: '/exchange',
    host,
    issuers: [host],
    upstream: {
      url: `${upstream.url}/up`,
      maxConcurrentRequests: 1000,
      credential: {
        kind: 'exchange',
        tokenUrl: `${tokenEndpoint.url}/token`,
        audience: 'backend',
        clientId: 'gateway',
        clientSecret: '${env:SECRET}',
      },
    },
    ...more,
  },
];

const configOf = (tenants: readonly Tenant[], root: Fields, more: Fields): Fields => ({
  sessionKeys: ['${env:SESSION_KEY}'],
  apiKeys: Object.fromEntries(
    tenants.map(({ host, key }) => [`${KEY_NAME}-${host}`, { sha256: hashOf(key), endpoints: [`${host}/mcp`] }]),
  ),
  issuers: Object.fromEntries(
    tenants.map(({ host, issuer }) => [
      host,
      {
        issuer: issuer.issuer,
        introspection: { clientId: 'gateway', clientSecret: '${env:SECRET}', activeCacheSeconds: 300, timeoutMs: 10_000 },
      },
    ]),
  ),
  endpoints: tenants.flatMap((tenant) => endpointsOf(tenant, more)),
  ...root,
});

/** `more`: fields of each endpoint, such as limits. */
export async function startTenants(more: Fields = {}): Promise<Tenants> {
  const [a, b] = await Promise.all([startTenant('a.example'), startTenant('b.example')]);
  const env = { SECRET: 's3cret of the gateway', SESSION_KEY: keyText() };
  const text = (root: Fields = {}, tenants: readonly Tenant[] = [a, b]) => configuredText(configOf(tenants, root, more));
  const gateway = await startInProcess(text(), env);
  return {
    a,
    b,
    gateway,
    text,
    ask: (host, ask = {}) =>
      rawRequest(gateway.port, modern('tools/list', { ...ask, headers: [['Host', host], ...(ask.headers ?? [])] })),
    async stop() {
      await gateway.stop();
      const all = [a, b].flatMap(({ issuer, upstream, tokenEndpoint }) => [issuer, upstream, tokenEndpoint]);
      await Promise.all(all.map((one) => one.stop()));
    },
  };
}
