// The identity provider goes away, comes back and changes its keys, while the gateway runs on.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Idp, startIdp } from '../../src/commands/demo/idp.js';
import type { Gateway } from '../fixtures/gateway.js';
import { modern } from '../fixtures/messages.js';
import { ownPort } from '../fixtures/ports.js';
import { type RawResponse, rawRequest } from '../fixtures/raw-client.js';
import { answers, type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';
import { ENV_SECRET, logOf, startConfigured } from '../fixtures/scene.js';
import { until } from '../fixtures/wait.js';

let idp: Idp;
let upstream: RawUpstream;
let gateway: Gateway;
let known: string;

beforeAll(async () => {
  [idp, upstream] = await Promise.all([
    startIdp({ scopes: ['files:read'], port: await ownPort() }),
    startRawUpstream(answers.rpc()),
  ]);
});
afterAll(() => Promise.all([idp.stop(), upstream.stop()]));

// One gateway for each test: how often it may ask for unknown keys is counted over its life.
beforeEach(async () => {
  const { id, secret } = idp.clients.introspection;
  const introspection = { clientId: id, clientSecret: ENV_SECRET };
  const common = { issuers: ['idp'], scopes: ['files:read'], upstream: upstream.url };
  const endpoints = ['/jwt/mcp', '/opaque/mcp'].map((path) => ({ path, ...common }));
  gateway = await startConfigured(
    { issuers: { idp: { issuer: idp.issuer, introspection } }, endpoints },
    { env: { SECRET: secret } },
  );
  idp.addResource(`${gateway.url}/jwt/mcp`, 'jwt');
  idp.addResource(`${gateway.url}/opaque/mcp`, 'opaque');
  known = await token('/jwt/mcp');
  expect((await call(known)).status).toBe(200);
  upstream.reset();
  return async () => {
    await idp.start();
    expect(await gateway.stop()).toBe(0);
  };
});

const token = (path: string): Promise<string> => idp.token({ resource: gateway.url + path, scope: 'files:read' });
const call = (bearer: string, path = '/jwt/mcp'): Promise<RawResponse> =>
  rawRequest(gateway.port, modern('tools/list', { path, token: bearer }), { label: `a call to ${path}` });

test('C-65, C-72: the provider changes its key: the first request with the new one passes, at the cost of one fetch', async () => {
  await idp.rotate();
  const fresh = await token('/jwt/mcp');
  const before = idp.hits.jwks;
  expect((await call(fresh)).status).toBe(200);
  expect(idp.hits.jwks - before).toBe(1);
  // The old key is still published, and so still good.
  expect((await call(known)).status).toBe(200);
  expect((await call(await token('/jwt/mcp'))).status).toBe(200);
  expect(idp.hits.jwks - before).toBe(1);
});

test('C-66, C-67, D-30: while it is away a known key passes, an unknown one is 503; then 200 again without a restart', async () => {
  const seen = await token('/jwt/mcp');
  const unseen = await token('/jwt/mcp');
  expect((await call(seen)).status).toBe(200);
  await idp.rotate();
  const unknownKey = await token('/jwt/mcp');
  upstream.reset();
  await idp.stop();

  const refused = await call(unknownKey);
  expect([refused.status, refused.headers('www-authenticate'), upstream.hits]).toEqual([503, [], 0]);
  expect(refused.header('retry-after')).toMatch(/^([1-9]|[12]\d|30)$/);
  expect((await logOf(gateway, refused)).reason).toBe('keys.unavailable');
  // Both the token that was seen before and one that was not, of the key that is known.
  for (const good of [seen, unseen]) expect((await call(good)).status).toBe(200);
  // What is bad without any key stays bad.
  const [head, , signature] = unseen.split('.');
  const claims = { iss: idp.issuer, aud: `${gateway.url}/jwt/mcp`, sub: 'alice', exp: 1 };
  const expired = [head, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.');
  expect((await call(expired)).status).toBe(401);

  await idp.start();
  await until('the unknown key is known', async () => (await call(unknownKey)).status === 200, 10_000);
  expect((await call(seen)).status).toBe(200);
});

test('C-83: while it is away an opaque token is 503, one it vouched for a moment ago passes, and both pass when it is back', async () => {
  const seen = await token('/opaque/mcp');
  const unseen = await token('/opaque/mcp');
  expect((await call(seen, '/opaque/mcp')).status).toBe(200);
  upstream.reset();
  await idp.stop();
  const refused = await call(unseen, '/opaque/mcp');
  expect([refused.status, refused.headers('www-authenticate'), upstream.hits]).toEqual([503, [], 0]);
  expect((await logOf(gateway, refused)).reason).toBe('introspection.unavailable');
  expect((await call(seen, '/opaque/mcp')).status).toBe(200);
  await idp.start();
  await until('the opaque token passes', async () => (await call(unseen, '/opaque/mcp')).status === 200, 10_000);
});

test('C-66: an outage spends nothing of the two refetches for unknown keys: it ends when the provider is back', async () => {
  await idp.rotate();
  const unknownKey = await token('/jwt/mcp');
  await idp.stop();
  // Each failure is followed by a pause of at most a second, then two; both attempts fall into the outage.
  const failures = (): number => gateway.logs().filter(({ event }) => event === 'keys.load_failed').length;
  await until('two fetches have failed', async () => (await call(unknownKey)).status === 503 && failures() >= 2, 8_000);
  await idp.start();
  await until('the unknown key is known', async () => (await call(unknownKey)).status === 200, 8_000);
});
