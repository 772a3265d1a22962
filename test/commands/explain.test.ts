// `explain` gives each token the result that the gateway gives it, reason by reason, and sends
// requests only to the issuers.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Idp } from '../../src/commands/demo/idp.js';
import { explainTokenFor } from '../../src/commands/explain-token.js';
import { resolveConfig } from '../../src/config/load.js';
import type { Notice } from '../../src/core/notice.js';
import { startIdp } from '../fixtures/idp.js';
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
      introspected: {
        issuer: `${scene.issuer.issuer}/introspected`,
        verify: 'introspection',
        introspection: { url: `${scene.issuer.issuer}/introspect`, clientId: 'portcullis', clientSecret: ENV_SECRET },
      },
    },
    endpoints: [
      { path: '/mcp', issuers: ['main'], scopes: ['files:read'], upstream },
      { path: '/idp/mcp', issuers: ['idp'], scopes: ['files:read'], upstream },
      {
        path: '/introspected/mcp',
        issuers: ['introspected'],
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

const resolved = () => resolveConfig(config, { SECRET: idp.clients.introspection.secret });

async function explain(path: string, token: string, tool: string | null = null) {
  const loaded = resolved();
  const endpoint = loaded.endpoints.find((one) => one.path === path);
  if (endpoint === undefined) throw new Error('no such endpoint');
  const notices: Notice[] = [];
  const explainToken = explainTokenFor(loaded, endpoint, (notice) => void notices.push(notice));
  const { steps, failure } = await withDeadline('explain', explainToken(token, tool), 10_000);
  const failed = steps.filter(({ state }) => state === 'fail');
  return { steps, failed, reason: failure?.definition.reason ?? 'ok', names: steps.map(({ name }) => name), notices };
}

type Flaw = [title: string, reason: string, step: string, mint: Partial<Mint> | ((token: string) => string)];
const claims = (changes: Record<string, unknown>): Partial<Mint> => ({ claims: changes });

const FLAWS: Flaw[] = [
  ['two words in the header', 'credential.malformed', 'one token', (token) => `${token} x`],
  ['a second credential', 'credential.multiple', 'one token', (token) => `${token}, Bearer x`],
  ['an encrypted token', 'token.malformed', 'kind of token', (token) => `${token}.a.b`],
  ['an opaque token without introspection', 'token.malformed', 'kind of token', () => 'opaque'],
  ['another issuer', 'token.issuer', 'accepted issuer', claims({ iss: 'https://elsewhere.example' })],
  ['another algorithm', 'token.algorithm', 'algorithm', { header: { alg: 'HS256' } }],
  ['a critical header', 'token.malformed', 'critical headers', { header: { crit: ['x'] } }],
  ['a kid that is not a string', 'token.malformed', 'kid', { header: { kid: 7 } }],
  ['another typ', 'token.type', 'typ', { header: { typ: 'dpop+jwt' } }],
  ['an ID token', 'token.type', 'other kinds of token', claims({ nonce: 'n-0S6_WzA2Mj' })],
  ['an expired token', 'token.expired', 'dates', { claims: { exp: 1_700_000_000 } }],
  ['a token from the future', 'token.not_yet_valid', 'dates', { claims: { nbf: 3_900_000_000 } }],
  ['no exp', 'token.claims', 'dates', claims({ exp: undefined })],
  ['no subject', 'token.claims', 'claims', claims({ sub: undefined })],
  ['a token bound to a key', 'token.claims', 'claims', claims({ cnf: { jkt: 'x' } })],
  ['another audience', 'audience.mismatch', 'audience', claims({ aud: 'https://elsewhere.example/mcp' })],
  ['no audience', 'audience.mismatch', 'audience', claims({ aud: undefined })],
  ['an unknown key', 'token.key_unknown', 'key', { key: rsaKey() }],
  ['a forged signature', 'token.signature', 'signature', { signature: Buffer.alloc(256, 1) }],
  ['a missing scope', 'scope.insufficient', 'scope', claims({ scope: 'openid' })],
];

describe('a good token', () => {
  test('passes every check', async () => {
    const { steps, reason, names } = await explain('/mcp', scene.token());
    expect(reason).toBe('ok');
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
      'required claims',
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
    expect(await explain('/idp/mcp', jwt)).toMatchObject({ reason: 'ok', failed: [] });
    idp.addResource(resource, 'opaque');
    const opaque = await idp.token({ resource, scope: 'files:read' });
    idp.addResource(resource, 'jwt');
    const explained = await explain('/idp/mcp', opaque);
    expect(explained).toMatchObject({ reason: 'ok', failed: [] });
    expect(explained.names.slice(-3)).toEqual(['introspection', 'audience of the answer', 'scope']);
    const { reason, failed } = await explain('/idp/mcp', 'unknown-to-it');
    expect([reason, failed.map(({ name }) => name)]).toEqual(['token.inactive', ['introspection']]);
  });

  test('A-62: the only requests are for metadata, keys or an introspection, whatever URLs the token names', async () => {
    const elsewhere = await startJwksIssuer();
    const hitsElsewhere = (): number[] => Object.values(elsewhere.hits);
    const upstream = scene.upstream.requests.length;
    const { hits } = scene.issuer;
    const before = { ...hits };
    const named = { jku: elsewhere.jwksUri, x5u: elsewhere.jwksUri, jwk: elsewhere.keys[0]?.jwk };
    expect((await explain('/mcp', scene.token())).reason).toBe('ok');
    expect([hits.metadata - before.metadata, hits.jwks - before.jwks, hits.introspection - before.introspection]).toEqual([
      1, 1, 0,
    ]);
    for (const token of [
      elsewhere.token({ audience: scene.resource }),
      scene.token({ header: named, key: elsewhere.keys[0] as SigningKey }),
      scene.token({ claims: { iss: elsewhere.issuer, aud: elsewhere.issuer } }),
      'opaque',
    ]) {
      expect((await explain('/mcp', token)).reason).not.toBe('ok');
    }
    await elsewhere.stop();
    expect([hitsElsewhere(), hits.introspection - before.introspection, scene.upstream.requests.length]).toEqual([
      [0, 0, 0],
      0,
      upstream,
    ]);
  });
});

describe('a flaw has the reason that the gateway logs and counts, at the check that rejects the token', () => {
  test.each(FLAWS)('%s: %s', async (_title, reason, step, flaw) => {
    await scene.passes();
    const token = typeof flaw === 'function' ? flaw(scene.token()) : scene.token(flaw);
    const counted = async (): Promise<number> =>
      countOf(await scene.gateway.metrics(), 'portcullis_http_requests_total', '/mcp', reason);
    const before = await counted();
    const response = await scene.send(modern('tools/list', { token }));
    expect((await scene.logOf(response)).reason).toBe(reason);
    expect(await counted()).toBe(before + 1);
    const explained = await explain('/mcp', token);
    expect([explained.reason, explained.failed.map(({ name }) => name)]).toEqual([reason, [step]]);
    const at = explained.names.indexOf(step);
    expect(explained.steps.slice(0, at).every(({ state }) => state === 'pass')).toBe(true);
    expect(explained.steps.slice(at + 1).every(({ state }) => state === 'not reached')).toBe(true);
  });

  test('a check that was not reached has the result of the unverified claims', async () => {
    const { steps } = await explain('/mcp', scene.token(claims({ exp: 1_700_000_000, aud: 'https://elsewhere.example' })));
    const hints = Object.fromEntries(
      steps
        .filter(({ state }) => state === 'not reached')
        .map((step) => [step.name, step.failure?.definition.reason ?? step.wouldPass]),
    );
    expect(hints).toEqual({ claims: true, audience: 'audience.mismatch', key: false, signature: false, scope: true });
  });

  test('an issuer that is down: no keys, and no introspection', async () => {
    expect((await explain('/mcp', scene.token())).reason).toBe('ok');
    await scene.issuer.setMode('500');
    try {
      const { reason, failed, notices } = await explain('/mcp', scene.token());
      expect([reason, failed.map(({ name }) => name)]).toEqual(['keys.unavailable', ['key']]);
      expect(notices.map(({ event }) => event)).toContain('keys.load_failed');
      const introspected = await explain(
        '/introspected/mcp',
        scene.token(claims({ iss: `${scene.issuer.issuer}/introspected` })),
      );
      expect([introspected.reason, introspected.failed.map(({ name }) => name)]).toEqual([
        'introspection.unavailable',
        ['introspection'],
      ]);
    } finally {
      await scene.issuer.setMode('ok');
    }
  });

  test('a JWT that its issuer verifies by introspection, and the rules for a tool', async () => {
    const token = scene.token(claims({ iss: `${scene.issuer.issuer}/introspected` }));
    const answer = { active: true, sub: 'alice', aud: `${scene.gateway.url}/introspected/mcp`, scope: 'files:read' };
    scene.issuer.introspect = () => answer;
    expect((await explain('/introspected/mcp', token)).reason).toBe('ok');
    expect((await explain('/introspected/mcp', token, 'read_file')).reason).toBe('ok');
    const denied = await explain('/introspected/mcp', token, 'delete_file');
    expect([denied.reason, denied.failed[0]?.expected.denied]).toEqual(['tool.denied', 'rule delete*']);
    const writing = await explain('/introspected/mcp', token, 'write_file');
    expect(writing.reason).toBe('tool.denied');
    expect(writing.failed).toMatchObject([
      {
        name: 'scope and policy of the call',
        observed: { scopes: ['files:read'], 'claim roles': 'absent', lacks: ['scope files:write', 'claim roles admin'] },
        expected: { tool: 'write_file', scopes: ['files:read', 'files:write'], 'claim roles': 'admin' },
      },
    ]);
    scene.issuer.introspect = () => ({ ...answer, aud: 'https://elsewhere.example' });
    const { reason, failed } = await explain('/introspected/mcp', token);
    expect([reason, failed.map(({ name }) => name)]).toEqual(['audience.mismatch', ['audience of the answer']]);
    const unsigned = mintToken({
      issuer: `${scene.issuer.issuer}/introspected`,
      audience: 'x',
      key: ecKey(),
      header: { alg: 'none' },
    });
    expect((await explain('/introspected/mcp', unsigned)).reason).toBe('token.algorithm');
  });
});

describe('jwt-then-introspection', () => {
  test('uses introspection after an unknown key, and not after another audience', async () => {
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
    const explainToken = explainTokenFor(loaded, endpoint, () => {});
    const resultOf = async (token: string) => {
      const { steps, failure } = await withDeadline('explain', explainToken(token, null), 10_000);
      return [failure?.definition.reason ?? 'ok', steps.find(({ state }) => state === 'fail')?.name ?? null];
    };
    scene.issuer.introspect = () => ({ active: true, sub: 'alice', aud: scene.resource, scope: 'files:read' });
    expect(await resultOf(scene.token())).toEqual(['ok', null]);
    expect(await resultOf(scene.token({ key: rsaKey() }))).toEqual(['ok', null]);
    scene.issuer.introspect = () => ({ active: false });
    expect(await resultOf(scene.token({ key: rsaKey() }))).toEqual(['token.inactive', 'key and signature, else introspection']);
    expect(await resultOf(scene.token(claims({ aud: 'https://elsewhere.example' })))).toEqual(['audience.mismatch', 'audience']);
  });
});
