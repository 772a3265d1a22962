// Tokens and introspection responses as real providers write them: who the caller is, and which
// kind of token it is. Each test with a flaw has a row without it.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { legacy, modern } from '../fixtures/messages.js';
import type { Mint } from '../fixtures/mint.js';
import { answers } from '../fixtures/raw-upstream.js';
import { ENV_SECRET, type Scene, startScene } from '../fixtures/scene.js';

const env = { SECRET: 'introspection-secret' };
const introspection = { clientId: 'gateway', clientSecret: ENV_SECRET };

async function outcome(scene: Scene, token: string, session?: string): Promise<[number, unknown]> {
  const headers: [string, string][] = [['Mcp-Session-Id', session ?? '']];
  const request = session === undefined ? modern('tools/list', { token }) : legacy('tools/list', { token, headers });
  const response = await scene.send(request);
  return [response.status, (await scene.logOf(response)).reason];
}

describe('verify: introspection, where the audience is a client', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await startScene({
      issuer: { verify: 'introspection', introspection, audience: ['web'], sharedAudience: true },
      endpoint: { scopes: [] },
      env,
    });
  });
  afterAll(() => scene.stop());
  beforeEach(() => scene.upstream.reset());

  let count = 0;
  const tokens: [string, () => string][] = [
    ['an opaque token', () => `opaque-${++count}`],
    ['a JWT', () => scene.token({ audience: 'web', header: { typ: 'JWT' }, claims: { scope: undefined, jti: `${++count}` } })],
  ];
  const answer = (more: Record<string, unknown>) => {
    scene.issuer.introspect = () => ({ active: true, sub: 'alice', aud: ['web'], ...more });
  };

  test.each(tokens)('%s without a sign of access is refused: it may be an ID token', async (_what, token) => {
    for (const sign of [{ scope: 'files:read' }, { token_use: 'access_token' }, { typ: 'Bearer' }]) {
      answer(sign);
      expect([sign, await outcome(scene, token())]).toEqual([sign, [200, 'ok']]);
    }
    scene.upstream.reset();
    for (const none of [{}, { token_type: 'Bearer' }, { scope: null }, { scp: '/' }]) {
      answer(none);
      expect([none, await outcome(scene, token())]).toEqual([none, [401, 'audience.mismatch']]);
    }
    answer({ scope: 'openid', nonce: 'n' });
    expect(await outcome(scene, token())).toEqual([401, 'token.type']);
    expect(scene.upstream.hits).toBe(0);
  });

  test.each<[string, Partial<Mint>]>([
    ['its own scope', { claims: { scope: 'files:read' } }],
    ['its own typ', { header: { typ: 'at+jwt' } }],
    ['its own token_use', { claims: { scope: undefined, token_use: 'access' } }],
  ])('a JWT may show it by %s', async (_what, mint) => {
    answer({});
    const token = scene.token({ audience: 'web', header: { typ: 'JWT' }, ...mint });
    expect(await outcome(scene, token)).toEqual([200, 'ok']);
  });
});

describe('verify: introspection, where the response names more audiences than the token', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await startScene({ issuer: { verify: 'introspection', introspection }, env });
    scene.issuer.introspect = () => ({
      active: true,
      sub: 'alice',
      aud: ['up1', scene.resource, 'account'],
      scope: 'files:read',
    });
  });
  afterAll(() => scene.stop());

  test.each<[string, string | string[], [number, string]]>([
    ['for this endpoint', '', [200, 'ok']],
    ['narrowed to another server', 'up1', [401, 'audience.mismatch']],
    ['narrowed to two others', ['up1', 'account'], [401, 'audience.mismatch']],
    ['for the same path with a slash', '/', [401, 'audience.mismatch']],
  ])('a JWT %s', async (_what, audience, expected) => {
    const own = audience === '' || audience === '/' ? `${scene.resource}${audience}` : audience;
    const hits = scene.issuer.hits.introspection;
    expect(await outcome(scene, scene.token({ audience: own }))).toEqual(expected);
    // The issuer is not asked about a token for another server.
    expect(scene.issuer.hits.introspection - hits).toBe(expected[0] === 200 ? 1 : 0);
  });
});

describe('verify: introspection, where only the JWT has the mark of another kind', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await startScene({ issuer: { verify: 'introspection', introspection }, env });
    scene.issuer.introspect = () => ({ active: true, sub: 'alice', aud: scene.resource, scope: 'files:read' });
  });
  afterAll(() => scene.stop());

  test.each<[string, Partial<Mint>, string]>([
    ['bound to a key (C-110)', { claims: { cnf: { jkt: 'x' } } }, 'token.claims'],
    ['a logout token (C-37)', { header: { typ: 'logout+jwt' } }, 'token.type'],
    ['a DPoP proof (C-30)', { header: { typ: 'dpop+jwt' } }, 'token.type'],
  ])('%s: the issuer is not asked, and the upstream gets nothing', async (_what, mint, reason) => {
    expect(await outcome(scene, scene.token())).toEqual([200, 'ok']);
    const before = [scene.issuer.hits.introspection, scene.upstream.hits];
    expect(await outcome(scene, scene.token(mint))).toEqual([401, reason]);
    expect([scene.issuer.hits.introspection, scene.upstream.hits]).toEqual(before);
  });
});

describe('an introspection response without sub', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await startScene({ issuer: { verify: 'introspection', introspection }, env });
    const users: Record<string, string> = { 'alice-1': 'alice', 'alice-2': 'alice', 'bob-1': 'bob' };
    scene.issuer.introspect = (form) => ({
      active: true,
      client_id: 'web',
      username: users[form.get('token') ?? ''],
      aud: scene.resource,
      scope: 'files:read',
    });
  });
  afterAll(() => scene.stop());

  const begun = async (token: string): Promise<string> => {
    scene.upstream.answer(answers.rpc({}, [['Mcp-Session-Id', 'of-the-upstream']]));
    const response = await scene.send(legacy('tools/list', { token }));
    return response.header('mcp-session-id') ?? 'none';
  };
  const GONE = [404, 'session.not_found'];

  test('names the user by username: bob cannot take the session of alice', async () => {
    const session = await begun('alice-1');
    expect(await outcome(scene, 'alice-1', session)).toEqual([200, 'ok']);
    expect(await outcome(scene, 'alice-2', session)).toEqual([200, 'ok']);
    expect(await outcome(scene, 'bob-1', session)).toEqual(GONE);
  });

  test('that names no user binds the session to the token', async () => {
    const session = await begun('nameless-1');
    expect(await outcome(scene, 'nameless-1', session)).toEqual([200, 'ok']);
    expect(await outcome(scene, 'nameless-2', session)).toEqual(GONE);
    expect(await outcome(scene, 'alice-1', session)).toEqual(GONE);
  });

  test('logs the user as subject and the client as client', async () => {
    const response = await scene.send(modern('tools/list', { token: 'bob-1' }));
    expect(await scene.logOf(response)).toMatchObject({ subject: 'bob', clientId: 'web' });
  });
});

describe('verify: jwt, a token with a nonce', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await startScene({ issuer: { audience: ['web'], sharedAudience: true }, endpoint: { scopes: [] } });
  });
  afterAll(() => scene.stop());

  const bare = { header: { typ: 'JWT' }, claims: { nonce: 'n', scope: undefined } };
  test.each<[string, () => Partial<Mint>, [number, string]]>([
    ['with typ at+jwt', () => ({ claims: bare.claims }), [200, 'ok']],
    ['with the claim typ of Keycloak', () => ({ ...bare, claims: { ...bare.claims, typ: 'Bearer' } }), [200, 'ok']],
    ['with token_use', () => ({ ...bare, claims: { ...bare.claims, token_use: 'access' } }), [200, 'ok']],
    ['with scopes, for the resource', () => ({ ...bare, claims: { nonce: 'n' } }), [200, 'ok']],
    ['with scopes, for a client', () => ({ ...bare, audience: 'web', claims: { nonce: 'n' } }), [401, 'token.type']],
    ['for the resource', () => bare, [401, 'token.type']],
    ['for a client', () => ({ ...bare, audience: 'web' }), [401, 'token.type']],
    ['with typ ID', () => ({ ...bare, claims: { nonce: 'n', typ: 'ID' } }), [401, 'token.type']],
  ])('%s', async (_what, mint, expected) => {
    expect(await outcome(scene, scene.token({ header: { typ: 'JWT' } }))).toEqual([200, 'ok']);
    expect(await outcome(scene, scene.token(mint()))).toEqual(expected);
  });
});
