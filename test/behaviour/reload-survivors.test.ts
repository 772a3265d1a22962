// Counts requests at the issuer, at the token server and connections at the upstream across
// reloads: the parts whose configuration is the same stay warm.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Gateway, startInProcess } from '../fixtures/gateway.js';
import { type JwksIssuer, startJwksIssuer } from '../fixtures/jwks-issuer.js';
import { modern } from '../fixtures/messages.js';
import { rawRequest } from '../fixtures/raw-client.js';
import { answers, type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';
import { configuredText, ENV_SECRET } from '../fixtures/scene.js';
import { CONFIGURED, kindsAt, startTokenServer, type TokenServer } from '../support/upstream-kinds.js';

type Fields = Record<string, unknown>;

let issuer: JwksIssuer;
let other: JwksIssuer;
let upstream: RawUpstream;
let tokenServer: TokenServer;
let gateway: Gateway;

const text = (root: Fields = {}, endpoint: Fields = {}, more: Fields[] = []): string =>
  configuredText({
    issuers: {
      main: { issuer: issuer.issuer, introspection: { clientId: 'gateway', clientSecret: ENV_SECRET } },
    },
    ...root,
    endpoints: [
      {
        path: '/mcp',
        issuers: ['main'],
        upstream: { url: `${upstream.url}/up`, credential: kindsAt(tokenServer.url).exchange },
        ...endpoint,
      },
      ...more,
    ],
  });

beforeAll(async () => {
  [issuer, other, upstream, tokenServer] = await Promise.all([
    startJwksIssuer(),
    startJwksIssuer(),
    startRawUpstream(answers.rpc()),
    startTokenServer(),
  ]);
  gateway = await startInProcess(text(), { ...CONFIGURED, SECRET: 'introspection-secret-91c4' });
  issuer.introspect = () => ({
    active: true,
    iss: issuer.issuer,
    aud: `${gateway.url}/mcp`,
    sub: 'alice',
    client_id: 'test-client',
    exp: Math.floor(Date.now() / 1000) + 300,
  });
});
afterAll(async () => {
  await gateway.stop();
  await Promise.all([issuer.stop(), other.stop(), upstream.stop(), tokenServer.stop()]);
});
beforeEach(() => gateway.reload(text()));

const send = async (token: string): Promise<number> => (await rawRequest(gateway.port, modern('tools/list', { token }))).status;

interface Seen {
  readonly jwks: number;
  readonly introspections: number;
  readonly exchanges: number;
  readonly connections: number;
}
const seen = (): Seen => ({
  jwks: issuer.hits.jwks,
  introspections: issuer.hits.introspection,
  exchanges: tokenServer.hits,
  connections: new Set(upstream.requests.map(({ connection }) => connection)).size,
});

let count = 0;
/** Two callers, by JWT and by opaque token, whose tokens were never used before. */
async function newCallers(): Promise<() => Promise<number[]>> {
  count += 1;
  const jwt = issuer.token({ audience: `${gateway.url}/mcp`, claims: { sub: `user-${count}` } });
  const calls = async () => [await send(jwt), await send(`opaque-${count}`)];
  expect(await calls()).toEqual([200, 200]);
  return calls;
}

describe('keys, results of introspection, exchanged tokens and connections stay', () => {
  test.each<[string, () => string]>([
    ['nothing changes', () => text()],
    ['the level of the log changes', () => text({ logLevel: 'info' })],
    ['the tools of the endpoint change', () => text({}, { tools: { default: 'allow', rules: [] } })],
    [
      'a tenant comes, with its issuer',
      () =>
        text(
          {
            issuers: {
              main: { issuer: issuer.issuer, introspection: { clientId: 'gateway', clientSecret: ENV_SECRET } },
              other: { issuer: other.issuer },
            },
          },
          {},
          [{ path: '/other', issuers: ['other'], upstream: `${upstream.url}/other` }],
        ),
    ],
    ['a file is broken', () => 'endpoints: ['],
  ])('where %s', async (_what, next) => {
    const calls = await newCallers();
    const before = seen();
    expect(before).toMatchObject({ jwks: 1, introspections: count, exchanges: 2 * count });
    await gateway.reload(next());
    expect(await calls()).toEqual([200, 200]);
    expect(seen()).toEqual(before);
  });

  test('and a positive: other settings of the issuer and of the upstream make them new', async () => {
    const calls = await newCallers();
    const before = seen();
    await gateway.reload(
      text(
        {
          issuers: {
            main: {
              issuer: issuer.issuer,
              clockToleranceSeconds: 31,
              introspection: { clientId: 'another', clientSecret: ENV_SECRET },
            },
          },
        },
        {
          upstream: {
            url: `${upstream.url}/up`,
            maxStreams: 9,
            credential: { ...kindsAt(tokenServer.url).exchange, audience: ['files-backend', 'b'] },
          },
        },
      ),
    );
    expect(await calls()).toEqual([200, 200]);
    const after = seen();
    expect(after.jwks).toBe(before.jwks + 1);
    expect(after.introspections).toBe(before.introspections + 1);
    expect(after.exchanges).toBe(before.exchanges + 2);
    expect(after.connections).toBeGreaterThan(before.connections);
  });
});
