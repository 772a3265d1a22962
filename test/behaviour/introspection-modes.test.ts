// Which issuer introspects which token, and for which endpoint its response counts.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type JwksIssuer, startJwksIssuer } from '../fixtures/jwks-issuer.js';
import { modern } from '../fixtures/messages.js';
import { type Mint, rsaKey } from '../fixtures/mint.js';
import type { RawResponse } from '../fixtures/raw-client.js';
import { answers, type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';
import { ENV_SECRET, type Scene, startScene } from '../fixtures/scene.js';
import { until } from '../fixtures/wait.js';

const SECRET = 's3cret';
const stranger = rsaKey();

async function outcome(scene: Scene, token: string, path = '/mcp'): Promise<[number, unknown]> {
  const response: RawResponse = await scene.send(modern('tools/list', { token, path }), { label: `a call to ${path}` });
  return [response.status, (await scene.logOf(response)).reason];
}

describe('verify: jwt-then-introspection, with a custom endpoint that returns {active, user_id, account_id}', () => {
  let backend: RawUpstream;
  let scene: Scene;
  beforeAll(async () => {
    backend = await startRawUpstream(undefined, 'issuer');
    const introspection = { url: `${backend.url}/check`, clientId: 'gateway', clientSecret: ENV_SECRET };
    const claims = { subject: ['user_id', 'sub'], tenant: ['account_id'] };
    scene = await startScene({
      issuer: {
        verify: 'jwt-then-introspection',
        claims,
        introspection: { ...introspection, audience: 'bound-to-client' },
        sharedAudience: true,
      },
      endpoint: { scopes: [] },
      more: [{ path: '/scoped/mcp', scopes: ['files:read'] }],
      env: { SECRET },
    });
    await until('the gateway has the keys', async () => (await fetch(`${scene.gateway.url}/readyz`)).status === 200);
  });
  afterAll(() => Promise.all([scene.stop(), backend.stop()]));
  beforeEach(() => {
    backend.reset();
    backend.answer(answers.json({ active: true, user_id: 'u-42', account_id: 'acme' }));
    scene.upstream.reset();
  });
  const unknown = (mint: Partial<Mint> = {}): string => scene.token({ key: stranger, ...mint });

  test('a valid JWT is not introspected', async () => {
    expect([await outcome(scene, scene.token()), backend.hits]).toEqual([[200, 'ok'], 0]);
  });

  test.each<[string, () => string]>([
    ['with an unpublished key', () => unknown()],
    ['with a wrong signature', () => scene.token({ signature: Buffer.alloc(256) })],
  ])('a JWT %s is introspected; the response names the caller', async (_what, mint) => {
    const response = await scene.send(modern('tools/list', { token: mint() }));
    expect([response.status, backend.hits, scene.upstream.hits]).toEqual([200, 1, 1]);
    expect(await scene.logOf(response)).toMatchObject({ subject: 'u-42', issuer: scene.issuer.issuer });
    // The sub of the token is alice: no claim of the token itself counts.
    expect((await scene.logOf(response)).clientId).toBeUndefined();
  });

  test('an inactive token is rejected, and a response without a scope grants no scope', async () => {
    expect(await outcome(scene, unknown(), '/scoped/mcp')).toEqual([401, 'audience.mismatch']);
    const scoped = unknown({ audience: `${scene.gateway.url}/scoped/mcp` });
    expect(await outcome(scene, scoped, '/scoped/mcp')).toEqual([403, 'scope.insufficient']);
    backend.answer(answers.json({ active: false }));
    expect(await outcome(scene, unknown())).toEqual([401, 'token.inactive']);
    expect(scene.upstream.hits).toBe(0);
  });

  test.each<[string, Partial<Mint>, string]>([
    ['expired', { ttl: -60 }, 'token.expired'],
    ['for another server', { audience: 'https://other.example.com/mcp' }, 'audience.mismatch'],
    ['of another issuer', { issuer: 'https://other.example.com' }, 'token.issuer'],
    ['of another algorithm', { header: { alg: 'HS256' } }, 'token.algorithm'],
    ['an ID token', { claims: { at_hash: 'x' } }, 'token.type'],
  ])('a token that fails another check stays rejected: %s', async (_what, flaw, reason) => {
    expect(await outcome(scene, unknown())).toEqual([200, 'ok']);
    expect([await outcome(scene, unknown(flaw)), backend.hits]).toEqual([[401, reason], 1]);
  });
});

test('without keys the issuer introspects, too; without both it is 503 (C-66, C-83)', async () => {
  const introspection = { clientId: 'gateway', clientSecret: ENV_SECRET };
  const scene = await startScene({ issuer: { verify: 'jwt-then-introspection', introspection }, env: { SECRET } });
  try {
    const answer = { active: true, sub: 'bob', aud: scene.resource, scope: 'files:read' };
    scene.issuer.introspect = () => answer;
    const token = scene.token({ key: stranger });
    expect(await outcome(scene, token)).toEqual([200, 'ok']);
    scene.issuer.introspect = () => ({ ...answer, aud: undefined });
    expect(await outcome(scene, scene.token({ key: stranger }))).toEqual([401, 'audience.mismatch']);
    await scene.issuer.setMode('500');
    expect(await outcome(scene, scene.token({ key: stranger }))).toEqual([503, 'introspection.unavailable']);
    expect(await outcome(scene, scene.token())).toEqual([200, 'ok']);
  } finally {
    await scene.stop();
  }
  const early = await startScene({ issuer: { verify: 'jwt-then-introspection', introspection }, env: { SECRET } });
  try {
    early.issuer.introspect = () => ({ active: true, sub: 'bob', aud: early.resource, scope: 'files:read' });
    await early.issuer.setMode('500', 'jwks');
    early.issuer.rotate();
    const response = await early.send(modern('tools/list', { token: early.token() }));
    expect([response.status, (await early.logOf(response)).subject]).toEqual([200, 'bob']);
  } finally {
    await early.stop();
  }
});

describe('verify: introspection', () => {
  let scene: Scene;
  beforeAll(async () => {
    const introspection = { clientId: 'gateway', clientSecret: ENV_SECRET };
    scene = await startScene({
      issuer: { verify: 'introspection', introspection },
      more: [{ path: '/b/mcp', scopes: ['files:write'] }],
      env: { SECRET },
    });
    await until('the gateway is ready without keys', async () => (await fetch(`${scene.gateway.url}/readyz`)).status === 200);
  });
  afterAll(() => scene.stop());

  test('the issuer introspects its JWTs, and the gateway never fetches a key', async () => {
    scene.issuer.introspect = () => ({ active: true, sub: 'alice', aud: scene.resource, scope: 'files:read' });
    expect(await outcome(scene, scene.token({ key: stranger, header: { typ: 'whatever' } }))).toEqual([200, 'ok']);
    scene.issuer.introspect = () => ({ active: false });
    expect(await outcome(scene, scene.token())).toEqual([401, 'token.inactive']);
    expect(scene.issuer.hits.jwks).toBe(0);
  });

  test('an expired token or one of another issuer is rejected without introspection', async () => {
    const before = scene.issuer.hits.introspection;
    expect(await outcome(scene, scene.token({ ttl: -60 }))).toEqual([401, 'token.expired']);
    expect(await outcome(scene, scene.token({ issuer: 'https://other.example.com' }))).toEqual([401, 'token.issuer']);
    expect(scene.issuer.hits.introspection).toBe(before);
  });

  test('C-84, A-18: a cached response is checked again at another endpoint', async () => {
    const aud = [scene.resource, 'https://elsewhere.example.com'];
    scene.issuer.introspect = () => ({ active: true, sub: 'alice', aud, scope: 'files:read files:write' });
    const before = scene.issuer.hits.introspection;
    expect(await outcome(scene, 'for-a')).toEqual([200, 'ok']);
    expect(await outcome(scene, 'for-a', '/b/mcp')).toEqual([401, 'audience.mismatch']);
    expect(await outcome(scene, 'for-a')).toEqual([200, 'ok']);
    expect(scene.issuer.hits.introspection).toBe(before + 1);
    const both = [scene.resource, `${scene.gateway.url}/b/mcp`];
    scene.issuer.introspect = () => ({ active: true, sub: 'alice', aud: both, scope: 'files:read' });
    expect(await outcome(scene, 'for-both')).toEqual([200, 'ok']);
    expect(await outcome(scene, 'for-both', '/b/mcp')).toEqual([403, 'scope.insufficient']);
    expect(scene.issuer.hits.introspection).toBe(before + 2);
  });
});

describe('two issuers with opaque tokens at one endpoint', () => {
  let other: JwksIssuer;
  let scene: Scene;
  beforeAll(async () => {
    other = await startJwksIssuer();
    const introspection = { clientId: 'gateway', clientSecret: ENV_SECRET };
    scene = await startScene({
      issuer: { introspection, tokenPrefixes: ['main_'] },
      issuers: { other: { issuer: other.issuer, introspection, tokenPrefixes: ['oat_', 'oau_'] } },
      endpoint: { issuers: ['main', 'other'] },
      more: [{ path: '/main/mcp' }],
      env: { SECRET },
    });
  });
  afterAll(() => Promise.all([scene.stop(), other.stop()]));

  test('a token goes to its own issuer only, and to none where no issuer matches', async () => {
    const seen: [string, string | null][] = [];
    const answer = (who: string) => (form: URLSearchParams) => {
      seen.push([who, form.get('token')]);
      return { active: true, sub: who, aud: scene.resource, scope: 'files:read' };
    };
    scene.issuer.introspect = answer('main');
    other.introspect = answer('other');
    for (const token of ['main_1', 'oat_1', 'oau_1']) expect(await outcome(scene, token)).toEqual([200, 'ok']);
    for (const token of ['xyz_1', 'Main_1', 'oa']) expect(await outcome(scene, token)).toEqual([401, 'token.malformed']);
    expect(await outcome(scene, 'oat_2', '/main/mcp')).toEqual([401, 'token.malformed']);
    expect(seen).toEqual([
      ['main', 'main_1'],
      ['other', 'oat_1'],
      ['other', 'oau_1'],
    ]);
  });
});

describe('verify: introspection, with opaque tokens of five parts and responses without an audience', () => {
  let scene: Scene;
  const seen: string[] = [];
  const JWE = `${Buffer.from('{"alg":"A256GCMKW","enc":"A256GCM"}').toString('base64url')}.a.b.c.d`;
  beforeAll(async () => {
    const introspection = { clientId: 'gateway', clientSecret: ENV_SECRET, audienceClients: ['web'] };
    scene = await startScene({ issuer: { verify: 'introspection', introspection }, env: { SECRET } });
  });
  afterAll(() => scene.stop());
  beforeEach(() => {
    seen.length = 0;
    scene.upstream.reset();
  });
  const answer = (client_id: string): void => {
    scene.issuer.introspect = (form) => {
      seen.push(form.get('token') ?? '');
      return { active: true, sub: 'alice', scope: 'files:read', client_id };
    };
  };

  test('a token of a listed client passes, one of another client does not', async () => {
    answer('web');
    expect([await outcome(scene, JWE), seen]).toEqual([[200, 'ok'], [JWE]]);
    answer('other');
    expect([await outcome(scene, `${JWE}x`), seen.length, scene.upstream.hits]).toEqual([[401, 'audience.mismatch'], 2, 1]);
  });

  test('a JWT with two more parts reaches no issuer', async () => {
    answer('web');
    expect([await outcome(scene, `${scene.token()}.x.y`), seen, scene.upstream.hits]).toEqual([[401, 'token.malformed'], [], 0]);
  });
});
