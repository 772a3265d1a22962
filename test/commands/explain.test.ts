// What `explain` says of a token is what the gateway does with it, reason by reason, and it asks nobody but the issuers.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createExplainToken } from '../../src/app/explain.js';
import { systemClock } from '../../src/commands/clock.js';
import { type Idp, startIdp } from '../../src/commands/demo/idp.js';
import { resolveConfig } from '../../src/config/load.js';
import type { Notice } from '../../src/core/notice.js';
import { startJwksIssuer } from '../fixtures/jwks-issuer.js';
import { modern } from '../fixtures/messages.js';
import { ecKey, type Mint, mintToken, rsaKey, type SigningKey } from '../fixtures/mint.js';
import { ENV_SECRET, type Scene, startScene } from '../fixtures/scene.js';
import { withDeadline } from '../fixtures/wait.js';
import { countOf } from '../support/counted.js';

const SECRET = 'introspection-secret-of-explain';

let scene: Scene;
let idp: Idp;
let config: Record<string, unknown>;

beforeAll(async () => {
  scene = await startScene({ endpoint: { scopes: ['files:read'] } });
  idp = await startIdp({ scopes: ['files:read'] });
  const upstream = `${scene.upstream.url}/up`;
  config = {
    publicUrl: scene.gateway.url,
    issuers: {
      main: { issuer: scene.issuer.issuer },
      idp: { issuer: idp.issuer, introspection: { clientId: idp.clients.introspection.id, clientSecret: ENV_SECRET } },
      asked: {
        issuer: `${scene.issuer.issuer}/asked`,
        verify: 'introspection',
        introspection: { url: `${scene.issuer.issuer}/introspect`, clientId: 'portcullis', clientSecret: ENV_SECRET },
      },
    },
    endpoints: [
      { path: '/mcp', issuers: ['main'], scopes: ['files:read'], upstream },
      { path: '/idp/mcp', issuers: ['idp'], scopes: ['files:read'], upstream },
      {
        path: '/asked/mcp',
        issuers: ['asked'],
        scopes: ['files:read'],
        upstream,
        tools: {
          default: 'allow',
          rules: [
            { tool: 'delete*', deny: true },
            { tool: 'write*', scopes: ['files:write'], claim: 'roles', has: 'admin' },
          ],
        },
      },
    ],
  };
  idp.addResource(`${scene.gateway.url}/idp/mcp`, 'jwt');
});
afterAll(async () => {
  await Promise.all([scene.stop(), idp.stop()]);
});

const plan = () => resolveConfig(config, { SECRET: idp.clients.introspection.secret });

async function examine(path: string, token: string, tool: string | null = null) {
  const loaded = plan();
  const endpoint = loaded.endpoints.find((one) => one.path === path);
  if (endpoint === undefined) throw new Error('no such endpoint');
  const notices: Notice[] = [];
  const notify = (notice: Notice): void => void notices.push(notice);
  const run = createExplainToken({ config: loaded, endpoint, clock: systemClock, random: () => 0.5, notify });
  const { steps, failure } = await withDeadline('explain', run(token, tool), 10_000);
  const failed = steps.filter(({ state }) => state === 'fail');
  return { steps, failed, kind: failure?.definition.reason ?? 'ok', names: steps.map(({ name }) => name), notices };
}

type Flaw = [what: string, kind: string, step: string, mint: Partial<Mint> | ((token: string) => string)];
const claims = (changes: Record<string, unknown>): Partial<Mint> => ({ claims: changes });

const FLAWS: Flaw[] = [
  ['two words', 'credential.malformed', 'one token', (token) => `${token} x`],
  ['a second credential', 'credential.multiple', 'one token', (token) => `${token}, Bearer x`],
  ['an encrypted one', 'token.malformed', 'kind of token', (token) => `${token}.a.b`],
  ['an opaque one where none is asked about', 'token.malformed', 'kind of token', () => 'opaque'],
  ['another issuer', 'token.issuer', 'accepted issuer', claims({ iss: 'https://elsewhere.example' })],
  ['another algorithm', 'token.algorithm', 'algorithm', { header: { alg: 'HS256' } }],
  ['a critical header', 'token.malformed', 'critical headers', { header: { crit: ['x'] } }],
  ['a kid that is no text', 'token.malformed', 'kid', { header: { kid: 7 } }],
  ['another typ', 'token.type', 'typ', { header: { typ: 'dpop+jwt' } }],
  ['an ID token', 'token.type', 'other kinds of token', claims({ nonce: 'n-0S6_WzA2Mj' })],
  ['an expired one', 'token.expired', 'dates', { claims: { exp: 1_700_000_000 } }],
  ['one from the future', 'token.not_yet_valid', 'dates', { claims: { nbf: 3_900_000_000 } }],
  ['no exp', 'token.claims', 'dates', claims({ exp: undefined })],
  ['no subject', 'token.claims', 'claims', claims({ sub: undefined })],
  ['one bound to a key', 'token.claims', 'claims', claims({ cnf: { jkt: 'x' } })],
  ['another audience', 'audience.mismatch', 'audience', claims({ aud: 'https://elsewhere.example/mcp' })],
  ['no audience', 'audience.mismatch', 'audience', claims({ aud: undefined })],
  ['an unknown key', 'token.key_unknown', 'key', { key: rsaKey() }],
  ['a forged signature', 'token.signature', 'signature', { signature: Buffer.alloc(256, 1) }],
  ['a scope less', 'scope.insufficient', 'scope', claims({ scope: 'openid' })],
];

describe('a token that is good', () => {
  test('passes every check', async () => {
    const { steps, kind, names } = await examine('/mcp', scene.token());
    expect(kind).toBe('ok');
    expect(steps.map(({ state }) => state)).toEqual(names.map(() => 'pass'));
    expect(names).toEqual([
      'credential',
      'one token',
      'kind of token',
      'accepted issuer',
      'issuer',
      'algorithm',
      'critical headers',
      'kid',
      'typ',
      'other kinds of token',
      'marks of an access token',
      'dates',
      'claims',
      'audience',
      'key',
      'signature',
      'scope',
    ]);
  });

  test('of a real identity provider, as JWT and as opaque token', async () => {
    const resource = `${scene.gateway.url}/idp/mcp`;
    const jwt = await idp.token({ resource, scope: 'files:read' });
    expect(await examine('/idp/mcp', jwt)).toMatchObject({ kind: 'ok', failed: [] });
    idp.addResource(resource, 'opaque');
    const opaque = await idp.token({ resource, scope: 'files:read' });
    idp.addResource(resource, 'jwt');
    const examined = await examine('/idp/mcp', opaque);
    expect(examined).toMatchObject({ kind: 'ok', failed: [] });
    expect(examined.names.slice(-3)).toEqual(['introspection', 'audience of the answer', 'scope']);
    const { kind, failed } = await examine('/idp/mcp', 'unknown-to-it');
    expect([kind, failed.map(({ name }) => name)]).toEqual(['token.inactive', ['introspection']]);
  });

  test('A-62: nothing is sent but requests for keys or an introspection, whatever the token names', async () => {
    const elsewhere = await startJwksIssuer();
    const asked = (): number[] => Object.values(elsewhere.hits);
    const upstream = scene.upstream.requests.length;
    const { hits } = scene.issuer;
    const before = { ...hits };
    const named = { jku: elsewhere.jwksUri, x5u: elsewhere.jwksUri, jwk: elsewhere.keys[0]?.jwk };
    expect((await examine('/mcp', scene.token())).kind).toBe('ok');
    expect([hits.metadata - before.metadata, hits.jwks - before.jwks, hits.introspection - before.introspection]).toEqual([
      1, 1, 0,
    ]);
    for (const token of [
      elsewhere.token({ audience: scene.resource }),
      scene.token({ header: named, key: elsewhere.keys[0] as SigningKey }),
      scene.token({ claims: { iss: elsewhere.issuer, aud: elsewhere.issuer } }),
      'opaque',
    ]) {
      expect((await examine('/mcp', token)).kind).not.toBe('ok');
    }
    await elsewhere.stop();
    expect([asked(), hits.introspection - before.introspection, scene.upstream.requests.length]).toEqual([
      [0, 0, 0],
      0,
      upstream,
    ]);
  });
});

describe('a flaw is told by the reason that the gateway logs and counts, at the check that refuses', () => {
  test.each(FLAWS)('%s: %s', async (_what, kind, step, flaw) => {
    await scene.passes();
    const token = typeof flaw === 'function' ? flaw(scene.token()) : scene.token(flaw);
    const counted = async (): Promise<number> =>
      countOf(await scene.gateway.metrics(), 'portcullis_http_requests_total', '/mcp', kind);
    const before = await counted();
    const response = await scene.send(modern('tools/list', { token }));
    expect((await scene.logOf(response)).reason).toBe(kind);
    expect(await counted()).toBe(before + 1);
    const examined = await examine('/mcp', token);
    expect([examined.kind, examined.failed.map(({ name }) => name)]).toEqual([kind, [step]]);
    const at = examined.names.indexOf(step);
    expect(examined.steps.slice(0, at).every(({ state }) => state === 'pass')).toBe(true);
    expect(examined.steps.slice(at + 1).every(({ state }) => state === 'not reached')).toBe(true);
  });

  test('what was not reached is told as far as unverified claims say it', async () => {
    const { steps } = await examine('/mcp', scene.token(claims({ exp: 1_700_000_000, aud: 'https://elsewhere.example' })));
    const hints = Object.fromEntries(
      steps
        .filter(({ state }) => state === 'not reached')
        .map((step) => [step.name, step.failure?.definition.reason ?? step.wouldPass]),
    );
    expect(hints).toEqual({ claims: true, audience: 'audience.mismatch', key: false, signature: false, scope: true });
  });

  test('keys that cannot be had, and an issuer that does not answer an introspection', async () => {
    expect((await examine('/mcp', scene.token())).kind).toBe('ok');
    await scene.issuer.setMode('500');
    try {
      const { kind, failed, notices } = await examine('/mcp', scene.token());
      expect([kind, failed.map(({ name }) => name)]).toEqual(['keys.unavailable', ['key']]);
      expect(notices.map(({ event }) => event)).toContain('keys.load_failed');
      const asked = await examine('/asked/mcp', scene.token(claims({ iss: `${scene.issuer.issuer}/asked` })));
      expect([asked.kind, asked.failed.map(({ name }) => name)]).toEqual(['introspection.unavailable', ['introspection']]);
    } finally {
      await scene.issuer.setMode('ok');
    }
  });

  test('a JWT that its issuer judges: the answer counts, and the policy of a tool', async () => {
    const token = scene.token(claims({ iss: `${scene.issuer.issuer}/asked` }));
    const answer = { active: true, sub: 'alice', aud: `${scene.gateway.url}/asked/mcp`, scope: 'files:read' };
    scene.issuer.introspect = () => answer;
    expect((await examine('/asked/mcp', token)).kind).toBe('ok');
    expect((await examine('/asked/mcp', token, 'read_file')).kind).toBe('ok');
    const denied = await examine('/asked/mcp', token, 'delete_file');
    expect([denied.kind, denied.failed[0]?.expected.denied]).toEqual(['tool.denied', 'rule delete*']);
    const writing = await examine('/asked/mcp', token, 'write_file');
    expect(writing.kind).toBe('tool.denied');
    expect(writing.failed).toMatchObject([
      {
        name: 'scope and policy of the call',
        has: { scopes: ['files:read'], 'claim roles': 'absent', lacks: ['scope files:write', 'claim roles admin'] },
        wants: { tool: 'write_file', scopes: ['files:read', 'files:write'], 'claim roles': 'admin' },
      },
    ]);
    scene.issuer.introspect = () => ({ ...answer, aud: 'https://elsewhere.example' });
    const { kind, failed } = await examine('/asked/mcp', token);
    expect([kind, failed.map(({ name }) => name)]).toEqual(['audience.mismatch', ['audience of the answer']]);
    const unsigned = mintToken({ issuer: `${scene.issuer.issuer}/asked`, audience: 'x', key: ecKey(), header: { alg: 'none' } });
    expect((await examine('/asked/mcp', unsigned)).kind).toBe('token.algorithm');
  });
});

describe('jwt-then-introspection', () => {
  test('asks after an unknown key, and not after another audience', async () => {
    const issuer = scene.issuer.issuer;
    const introspection = { url: `${issuer}/introspect`, clientId: 'portcullis', clientSecret: ENV_SECRET };
    const raw = {
      ...config,
      issuers: { main: { issuer, verify: 'jwt-then-introspection', introspection } },
      endpoints: [{ path: '/mcp', issuers: ['main'], scopes: ['files:read'], upstream: `${scene.upstream.url}/up` }],
    };
    const loaded = resolveConfig(raw, { SECRET });
    const [endpoint] = loaded.endpoints;
    if (endpoint === undefined) throw new Error('no endpoint');
    const notify = (): void => {};
    const run = createExplainToken({ config: loaded, endpoint, clock: systemClock, random: () => 0.5, notify });
    const told = async (token: string) => {
      const { steps, failure } = await withDeadline('explain', run(token, null), 10_000);
      return [failure?.definition.reason ?? 'ok', steps.find(({ state }) => state === 'fail')?.name ?? null];
    };
    scene.issuer.introspect = () => ({ active: true, sub: 'alice', aud: scene.resource, scope: 'files:read' });
    expect(await told(scene.token())).toEqual(['ok', null]);
    expect(await told(scene.token({ key: rsaKey() }))).toEqual(['ok', null]);
    scene.issuer.introspect = () => ({ active: false });
    expect(await told(scene.token({ key: rsaKey() }))).toEqual(['token.inactive', 'key and signature, else introspection']);
    expect(await told(scene.token(claims({ aud: 'https://elsewhere.example' })))).toEqual(['audience.mismatch', 'audience']);
  });
});
