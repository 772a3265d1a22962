// `explain` gives a valid token the result that the gateway gives it, and sends requests only to
// the issuers.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { explainTokenFor } from '../../src/commands/explain-token.js';
import { resolveConfig } from '../../src/config/load.js';
import { startJwksIssuer } from '../fixtures/jwks-issuer.js';
import { rsaKey, type SigningKey } from '../fixtures/mint.js';
import { ENV_SECRET } from '../fixtures/scene.js';
import { withDeadline } from '../fixtures/wait.js';
import { claims, type ExplainScene, startExplainScene } from './explain-scene.js';

const SECRET = 'introspection-secret-of-explain';

let setting: ExplainScene;
beforeAll(async () => {
  setting = await startExplainScene();
});
afterAll(() => setting.stop());

const explain: ExplainScene['explain'] = (...args) => setting.explain(...args);

describe('a valid token', () => {
  test('passes every check', async () => {
    const { scene } = setting;
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
      'upstream',
    ]);
  });

  test('of a real identity provider, as JWT and as opaque token', async () => {
    const { idp, scene } = setting;
    const resource = `${scene.gateway.url}/idp/mcp`;
    const jwt = await idp.token({ resource, scope: 'files:read' });
    expect(await explain('/idp/mcp', jwt)).toMatchObject({ reason: 'ok', failed: [] });
    idp.addResource(resource, 'opaque');
    const opaque = await idp.token({ resource, scope: 'files:read' });
    idp.addResource(resource, 'jwt');
    const explained = await explain('/idp/mcp', opaque);
    expect(explained).toMatchObject({ reason: 'ok', failed: [] });
    expect(explained.names.slice(-4)).toEqual(['introspection', 'audience of the answer', 'scope', 'upstream']);
    const { reason, failed } = await explain('/idp/mcp', 'unknown-to-it');
    expect([reason, failed.map(({ name }) => name)]).toEqual(['token.inactive', ['introspection']]);
  });

  test('A-62: the only requests are for metadata, keys or an introspection, whatever URLs the token names', async () => {
    const { scene } = setting;
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

describe('jwt-then-introspection', () => {
  test('uses introspection after an unknown key, and not after another audience', async () => {
    const { config, scene } = setting;
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
