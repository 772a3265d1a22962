// The trouble of one tenant stays with it: the upstream of tenant A is stalled with its pool full,
// and the identity provider of A hangs. Every call of tenant B succeeds meanwhile.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { GatewayStatus } from '../../src/core/status.js';
import type { Gateway } from '../fixtures/gateway.js';
import { type JwksIssuer, startJwksIssuer } from '../fixtures/jwks-issuer.js';
import { modern } from '../fixtures/messages.js';
import { openRaw, type RawConnection, rawRequest, requestBytes } from '../fixtures/raw-client.js';
import { answers, type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';
import { ENV_SECRET, startConfigured } from '../fixtures/scene.js';
import { until } from '../fixtures/wait.js';

const POOL = 8;
/** Callers of A with each kind of token that its provider has to answer for. */
const ASKING = 100;
const ROUNDS = 100;

type Tenant = { name: string; issuer: JwksIssuer; upstream: RawUpstream };

const tenants: Tenant[] = [];
let gateway: Gateway;
beforeAll(async () => {
  for (const name of ['a', 'b']) {
    const issuer = await startJwksIssuer();
    issuer.introspect = (form) => ({
      active: true,
      sub: 'alice',
      scope: 'files:read',
      aud: resource(name),
      token: form.get('token'),
    });
    tenants.push({ name, issuer, upstream: await startRawUpstream(answers.rpc()) });
  }
  const introspection = { clientId: 'gateway', clientSecret: ENV_SECRET };
  gateway = await startConfigured(
    {
      issuers: Object.fromEntries(tenants.map(({ name, issuer }) => [name, { issuer: issuer.issuer, introspection }])),
      endpoints: tenants.map(({ name, upstream }) => ({
        path: `/${name}/mcp`,
        issuers: [name],
        scopes: ['files:read'],
        upstream: { url: `${upstream.url}/up`, maxConcurrentRequests: POOL },
      })),
    },
    { env: { SECRET: 'introspection-secret-90xy' } },
  );
});
afterAll(async () => {
  await gateway.stop();
  for (const { issuer, upstream } of tenants) await Promise.all([issuer.stop(), upstream.stop()]);
});

const resource = (name: string): string => `${gateway.url}/${name}/mcp`;
const jwt = ({ name, issuer }: Tenant): string => issuer.token({ audience: resource(name) });
const bytes = ({ name }: Tenant, token: string): string | Buffer =>
  requestBytes(gateway.port, modern('tools/list', { path: `/${name}/mcp`, token }));
const call = async (tenant: Tenant, token: string): Promise<number> =>
  (
    await rawRequest(gateway.port, modern('tools/list', { path: `/${tenant.name}/mcp`, token }), {
      label: `a call of ${tenant.name}`,
    })
  ).status;

async function status(): Promise<GatewayStatus> {
  const response = await fetch(`http://127.0.0.1:${gateway.adminPort}/status`, { signal: AbortSignal.timeout(5000) });
  return (await response.json()) as GatewayStatus;
}

test('B is served with every kind of token while A is stalled and its provider hangs', async () => {
  const [a, b] = tenants as [Tenant, Tenant];
  for (const tenant of tenants)
    for (const token of [jwt(tenant), `opaque-of-${tenant.name}-0`]) expect(await call(tenant, token)).toBe(200);

  a.upstream.answer(answers.stall());
  await a.issuer.setMode('hang');
  const held: RawConnection[] = [];
  const send = async (token: string): Promise<void> => {
    const connection = await openRaw(gateway.port, { label: 'a call of A without an answer' });
    held.push(connection);
    await connection.write(bytes(a, token));
  };
  const hot = jwt(a);
  for (let i = 0; i < POOL; i++) await send(hot);
  const endpoint = async (name: string) => (await status()).endpoints.find((one) => one.name === `/${name}/mcp`);
  await until('the pool of A is full', async () => (await endpoint('a'))?.inUse === POOL);
  a.issuer.rotate();
  for (let i = 0; i < ASKING; i++) await Promise.all([send(hot), send(jwt(a)), send(`opaque-of-a-${i + 1}`)]);

  const known = jwt(b);
  const statuses: number[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    if (i === ROUNDS / 2) b.issuer.rotate({ keepOld: true });
    const tokens = [known, jwt(b), `opaque-of-b-${i + 1}`];
    statuses.push(...(await Promise.all(tokens.map((token) => call(b, token)))));
  }
  expect(statuses.filter((one) => one !== 200)).toEqual([]);
  expect(statuses).toHaveLength(3 * ROUNDS);

  // The trouble was there all the time, and the page names it.
  expect((await endpoint('a'))?.inUse).toBe(POOL);
  expect(await endpoint('b')).toMatchObject({ errors: 0, refused: 0 });
  const found = async (): Promise<string[]> => (await status()).refusals.map((one) => `${one.endpoint} ${one.reason}`);
  await until('A was refused', async () => (await found()).includes('/a/mcp upstream.busy'), 10_000);
  expect((await found()).filter((text) => text.startsWith('/b/'))).toEqual([]);
  const issuerOf = async ({ issuer: own }: Tenant) => (await status()).issuers.find(({ issuer }) => issuer === own.issuer);
  await until('the provider of A has an error', async () => (await issuerOf(a))?.lastError !== null, 10_000);
  expect((await issuerOf(a))?.lastError?.detail).toMatch(/within \d+ ms|keep|keys/);
  expect(await issuerOf(b)).toMatchObject({
    up: true,
    introspectionUp: true,
    lastError: null,
  });
  for (const connection of held) connection.destroy();
}, 60_000);
