// The identity provider goes down, comes back and rotates its keys while the gateway runs.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Idp } from '../../src/commands/demo/idp.js';
import type { Gateway } from '../fixtures/gateway.js';
import { startIdp } from '../fixtures/idp.js';
import { modern } from '../fixtures/messages.js';
import { type RawResponse, rawRequest } from '../fixtures/raw-client.js';
import { answers, type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';
import { ENV_SECRET, logOf, startConfigured } from '../fixtures/scene.js';
import { until } from '../fixtures/wait.js';

let idp: Idp;
let upstream: RawUpstream;
let gateway: Gateway;
let known: string;

beforeAll(async () => {
  [idp, upstream] = await Promise.all([startIdp({ scopes: ['files:read'] }), startRawUpstream(answers.rpc())]);
});
afterAll(() => Promise.all([idp.stop(), upstream.stop()]));

// One gateway for each test: its fetches for unknown keys are limited over its whole life.
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

test('C-65, C-72: the provider rotates its key: the first request with the new key passes after one fetch', async () => {
  await idp.rotate();
  const fresh = await token('/jwt/mcp');
  const before = idp.hits.jwks;
  expect((await call(fresh)).status).toBe(200);
  expect(idp.hits.jwks - before).toBe(1);
  // The provider still publishes the old key, so it is still valid.
  expect((await call(known)).status).toBe(200);
  expect((await call(await token('/jwt/mcp'))).status).toBe(200);
  expect(idp.hits.jwks - before).toBe(1);
});

test('C-66, C-67, D-30: while it is down a known key passes, an unknown one gets 503; then 200 again', async () => {
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
  // A cached token and a new one, both with the known key.
  for (const good of [seen, unseen]) expect((await call(good)).status).toBe(200);
  // A token that is invalid under every key stays invalid.
  const [head, , signature] = unseen.split('.');
  const claims = { iss: idp.issuer, aud: `${gateway.url}/jwt/mcp`, sub: 'alice', exp: 1 };
  const expired = [head, Buffer.from(JSON.stringify(claims)).toString('base64url'), signature].join('.');
  expect((await call(expired)).status).toBe(401);

  await idp.start();
  await until('the unknown key is known', async () => (await call(unknownKey)).status === 200, 10_000);
  expect((await call(seen)).status).toBe(200);
});

test('C-83: while it is down an opaque token gets 503, a cached one passes, and later both pass', async () => {
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

test('C-66: an outage uses up none of the two fetches for unknown keys, and ends with the provider', async () => {
  await idp.rotate();
  const unknownKey = await token('/jwt/mcp');
  await idp.stop();
  // The pauses after the failures are at most one and two seconds: both attempts are in the outage.
  const failures = (): number => gateway.logs().filter(({ event }) => event === 'keys.load_failed').length;
  await until('two fetches have failed', async () => (await call(unknownKey)).status === 503 && failures() >= 2, 8_000);
  await idp.start();
  await until('the unknown key is known', async () => (await call(unknownKey)).status === 200, 8_000);
});
