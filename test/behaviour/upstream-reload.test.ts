// A reload keeps the tokens of upstream credentials that it configures the same. A changed one
// takes effect at the next call, and calls on their way end well.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ringKey } from '../fixtures/bridged.js';
import { type Gateway, startInProcess } from '../fixtures/gateway.js';
import { type JwksIssuer, startJwksIssuer } from '../fixtures/jwks-issuer.js';
import { modern } from '../fixtures/messages.js';
import { type RawResponse, rawRequest } from '../fixtures/raw-client.js';
import { answers, type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';
import { configuredText } from '../fixtures/scene.js';
import { until } from '../fixtures/wait.js';
import { CONFIGURED, formOf, kindsAt, startTokenServer, type TokenServer } from '../support/upstream-kinds.js';

type Fields = Record<string, unknown>;
/** The parts of a configuration that the tests change. */
type Change = { kind?: string; credential?: Fields; upstream?: Fields; endpoint?: Fields; root?: Fields };

let issuer: JwksIssuer;
let upstream: RawUpstream;
let tokenServer: TokenServer;
let gateway: Gateway;
let token: string;

const RINGS = { RING: ringKey().pem, NEXT_RING: ringKey('ES256').pem };
const ENV = {
  ...CONFIGURED,
  ...RINGS,
  OTHER_SECRET: 'another-secret-1f6e',
  OTHER_UPSTREAM: 'Bearer another-upstream-token-82c0',
};

function text({ kind = 'exchange', credential = {}, upstream: more = {}, endpoint = {}, root = {} }: Change = {}): string {
  const url = `${upstream.url}/up`;
  return configuredText({
    issuers: { main: { issuer: issuer.issuer } },
    identity: { keys: ['${env:RING}'] },
    endpoints: [
      {
        path: '/mcp',
        issuers: ['main'],
        upstream: { url, credential: { ...kindsAt(tokenServer.url)[kind], ...credential }, ...more },
        ...endpoint,
      },
      // Without it, the start rejects `identity` for the other kinds.
      { path: '/who/mcp', issuers: ['main'], upstream: { url, credential: kindsAt(tokenServer.url).identity } },
    ],
    ...root,
  });
}

beforeAll(async () => {
  [issuer, upstream, tokenServer] = await Promise.all([startJwksIssuer(), startRawUpstream(answers.rpc()), startTokenServer()]);
  gateway = await startInProcess(text(), ENV);
});
afterAll(async () => {
  await gateway.stop();
  await Promise.all([issuer.stop(), upstream.stop(), tokenServer.stop()]);
});

let tokens = 0;
beforeEach(async () => {
  await gateway.reload(text({ kind: 'none' }));
  upstream.reset();
  tokenServer.reset();
  // A token that no test before has used.
  tokens += 1;
  token = issuer.token({ audience: `${gateway.url}/mcp`, claims: { sub: `user-${tokens}` } });
});

const send = (path = '/mcp'): Promise<RawResponse> => rawRequest(gateway.port, modern('tools/list', { path, token }));

/** The Authorization header that the upstream gets at a call. */
async function presented(): Promise<string | undefined> {
  const response = await send();
  expect([response.status, response.body]).toEqual([200, expect.stringContaining('"result"')]);
  return upstream.last?.header('authorization');
}

const reloaded = async (change: Change): Promise<void> => {
  const before = gateway.logs().filter(({ event }) => event === 'config.reloaded').length;
  await gateway.reload(text(change));
  await until('the reload', () => gateway.logs().filter(({ event }) => event === 'config.reloaded').length > before);
};

describe.each(['exchange', 'behalf', 'machine', 'identity'])('a reload keeps the token of kind %s', (kind) => {
  test.each<[string, Change]>([
    ['nothing changes', {}],
    [
      'the log level and the drain change',
      { root: { logLevel: 'info', drain: { delaySeconds: 0 }, trustedProxies: ['127.0.0.1'] } },
    ],
    [
      'scopes and tools of the endpoint change',
      { endpoint: { scopesSupported: ['a', 'files:read'], tools: { default: 'allow', rules: [] } } },
    ],
    ['headers and limits of the upstream change', { upstream: { headers: { 'X-User': '{subject}' }, maxConcurrentRequests: 7 } }],
  ])('where %s', async (_what, { upstream: more, ...change }) => {
    await reloaded({ kind });
    const first = await presented();
    const credential = kindsAt(tokenServer.url)[kind];
    const changed = more === undefined ? {} : { upstream: { url: `${upstream.url}/up`, credential, ...more } };
    await reloaded({ kind, ...change, ...changed });
    expect([await presented(), await presented()]).toEqual([first, first]);
    expect(tokenServer.hits).toBe(kind === 'identity' ? 0 : 1);
  });
});

describe('a changed credential takes effect at the next call', () => {
  test.each<[string, Change, (form: URLSearchParams, authorization: string) => unknown, unknown]>([
    ['audience', { credential: { audience: ['files-backend', 'b'] } }, (form) => form.getAll('audience'), ['files-backend', 'b']],
    ['resource', { credential: { resource: 'https://b.example/' } }, (form) => form.get('resource'), 'https://b.example/'],
    ['scopes', { credential: { scopes: ['b'] } }, (form) => form.get('scope'), 'b'],
    ['parameters', { credential: { parameters: { connector_id: 'b' } } }, (form) => form.get('connector_id'), 'b'],
    ['auth', { credential: { auth: 'post' } }, (form) => form.get('client_secret'), CONFIGURED.EXCHANGE_SECRET],
    [
      'clientSecret',
      { credential: { clientSecret: '${env:OTHER_SECRET}' } },
      (_form, authorization) => Buffer.from(authorization.slice(6), 'base64').toString(),
      `portcullis:${ENV.OTHER_SECRET}`,
    ],
    ['grant', { kind: 'behalf' }, (form) => form.get('requested_token_use'), 'on_behalf_of'],
  ])('%s', async (_what, change, read, expected) => {
    await reloaded({});
    const first = await presented();
    await reloaded(change);
    const second = await presented();
    expect([tokenServer.hits, second === first]).toEqual([2, false]);
    const { body, header } = tokenServer.requests[1] as (typeof tokenServer.requests)[number];
    expect(read(formOf(body), header('authorization') ?? '')).toEqual(expected);
    // The token of the configuration before is forgotten.
    await reloaded({});
    expect([first, second]).not.toContain(await presented());
    expect(tokenServer.hits).toBe(3);
  });

  test('tokenUrl: the next exchange is at the other server', async () => {
    await reloaded({});
    await presented();
    const other = await startTokenServer();
    await reloaded({ credential: { tokenUrl: `${other.url}/token` } });
    expect(await presented()).toBe(`Bearer ${other.tokens[0]}`);
    expect([tokenServer.hits, other.hits]).toEqual([1, 1]);
    await reloaded({});
    await other.stop();
  });

  test('the upstream: a token for one server does not go to another', async () => {
    await reloaded({});
    const first = await presented();
    const credential = kindsAt(tokenServer.url).exchange;
    await reloaded({ upstream: { url: `${upstream.url}/other`, credential } });
    expect([(await presented()) === first, upstream.last?.target, tokenServer.hits]).toEqual([false, '/other', 2]);
  });

  test('the kind', async () => {
    const seen: (string | undefined)[] = [];
    for (const kind of ['static', 'none', 'identity', 'machine', 'exchange', 'static']) {
      await reloaded({ kind });
      seen.push(await presented());
    }
    const jwt = expect.stringMatching(/^Bearer ey/);
    expect(seen).toEqual([CONFIGURED.STATIC_UPSTREAM, undefined, jwt, jwt, jwt, CONFIGURED.STATIC_UPSTREAM]);
    expect(new Set(seen).size).toBe(5);
    await reloaded({ kind: 'static', credential: { authorization: '${env:OTHER_UPSTREAM}' } });
    expect(await presented()).toBe(ENV.OTHER_UPSTREAM);
  });

  test('the ring of identity: the next JWT has the new key, and the old key is still published', async () => {
    const kidOf = (value = ''): unknown =>
      JSON.parse(Buffer.from(value.slice(7).split('.')[0] ?? '', 'base64url').toString()).kid;
    const published = async (): Promise<unknown[]> => {
      const response = await fetch(`${gateway.url}/.well-known/jwks.json`);
      return ((await response.json()) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);
    };
    await reloaded({ kind: 'identity' });
    const old = kidOf(await presented());
    await reloaded({ kind: 'identity', root: { identity: { keys: ['${env:NEXT_RING}', '${env:RING}'] } } });
    const next = kidOf(await presented());
    expect([next === old, await published()]).toEqual([false, [next, old]]);
  });

  test('headers of the upstream', async () => {
    const credential = { kind: 'none' };
    const withHeaders = (headers: Fields): Change => ({ upstream: { url: `${upstream.url}/up`, credential, headers } });
    await reloaded(withHeaders({ 'X-User': '{subject}' }));
    await presented();
    expect(upstream.last?.header('x-user')).toBe(`user-${tokens}`);
    await reloaded(withHeaders({ 'X-Who': '{client}' }));
    await presented();
    expect([upstream.last?.header('x-user'), upstream.last?.header('x-who')]).toEqual([undefined, 'test-client']);
  });
});

describe('a call on its way', () => {
  /** Holds the exchange until `release`. */
  function heldExchange(): () => void {
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    tokenServer.answer(async (exchange) => {
      await held;
      await tokenServer.give(exchange);
    });
    return () => release();
  }

  test.each<[string, Change]>([
    ['the same', {}],
    ['another credential', { credential: { audience: 'files-backend', scopes: ['b'] } }],
    ['no credential', { kind: 'none' }],
  ])('that waits for an exchange, and the reload configures %s', async (_what, change) => {
    await reloaded({});
    const release = heldExchange();
    const calls = Array.from({ length: 10 }, () => send());
    const waiting = async () => (await gateway.metrics()).includes('portcullis_http_requests_in_flight 10');
    await until('all calls wait', waiting);
    await tokenServer.waitFor(1);
    await reloaded(change);
    release();
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200));
    const headers = new Set(upstream.requests.map(({ header }) => header('authorization')));
    expect([upstream.hits, [...headers], tokenServer.hits]).toEqual([10, [`Bearer ${tokenServer.tokens.at(-1)}`], 1]);
  });

  test('that waits for an exchange, and the reload removes its issuer: no request to the upstream', async () => {
    await reloaded({});
    const release = heldExchange();
    const call = send();
    await tokenServer.waitFor(1);
    await reloaded({ kind: 'none', root: { issuers: { main: { issuer: `${issuer.issuer}/other` } } } });
    release();
    expect([(await call).status, upstream.hits]).toEqual([401, 0]);
  });

  test('that waits for its upstream, and the reload configures another credential', async () => {
    await reloaded({});
    upstream.answer(answers.delayed(200, answers.rpc()));
    const call = send();
    await upstream.waitFor(1);
    await reloaded({ kind: 'static' });
    expect([(await call).status, upstream.hits]).toEqual([200, 1]);
    upstream.answer(answers.rpc());
    expect(await presented()).toBe(CONFIGURED.STATIC_UPSTREAM);
  });
});
