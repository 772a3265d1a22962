// Limits over a reload, and the counts of two tenants with the same subject and key id.
import { afterEach, expect, test } from 'vitest';
import { startJwksIssuer } from '../fixtures/jwks-issuer.js';
import { modern } from '../fixtures/messages.js';
import { rawRequest } from '../fixtures/raw-client.js';
import { type ReloadScene, startReloadScene } from '../support/reload-scene.js';

const limits = (ratePerMinute: number) => ({ limits: { perPrincipal: { ratePerMinute } } });

let stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.reverse()) await stop();
  stops = [];
});

async function start(): Promise<{ scene: ReloadScene; statuses(count: number): Promise<number[]> }> {
  const scene = await startReloadScene();
  stops.push(() => scene.stop());
  const token = scene.token();
  return {
    scene,
    async statuses(count) {
      const found: number[] = [];
      for (let i = 0; i < count; i++) found.push((await scene.call(token)).status);
      return found;
    },
  };
}

test('counts go on over a reload, unless the rate changed; a removed limit ends', async () => {
  const { scene, statuses } = await start();
  expect(await statuses(3)).toEqual([200, 200, 200]);
  await scene.reload({}, limits(2));
  expect(await statuses(3)).toEqual([200, 200, 429]);
  await scene.reload({ logLevel: 'info' }, limits(2));
  expect(await statuses(1)).toEqual([429]);
  await scene.reload({}, limits(3));
  expect(await statuses(4)).toEqual([200, 200, 200, 429]);
  await scene.reload({}, {});
  expect(await statuses(1)).toEqual([200]);
  await scene.reload({}, limits(3));
  // Nothing counted meanwhile, and the process forgot the counts.
  expect(await statuses(1)).toEqual([200]);
});

test('a broken limit keeps the configuration and its counts', async () => {
  const { scene, statuses } = await start();
  await scene.reload({}, limits(2));
  expect(await statuses(2)).toEqual([200, 200]);
  await scene.reload({}, { limits: { perPrincipal: { ratePerMinute: 7, burst: 2 } } });
  expect(scene.lines('config.reload_failed').at(-1)?.detail).toContain('perPrincipal.burst');
  expect(await statuses(1)).toEqual([429]);
});

test('two tenants with the same subject and key id at two issuers use up no limit of each other', async () => {
  const { scene } = await start();
  const other = await startJwksIssuer();
  stops.push(() => other.stop());
  const upstream = `${scene.upstream.url}/up`;
  const perTenant = { perPrincipal: { ratePerMinute: 2 }, perClient: { ratePerMinute: 4 }, perEndpoint: { ratePerMinute: 4 } };
  await scene.reload({
    issuers: { a: { issuer: scene.issuer.issuer }, b: { issuer: other.issuer } },
    apiKeys: undefined,
    endpoints: [
      { path: '/a/mcp', issuers: ['a'], upstream, limits: perTenant },
      { path: '/b/mcp', issuers: ['b'], upstream, limits: perTenant },
      { path: '/both/mcp', issuers: ['a', 'b'], upstream, limits: { perPrincipal: { ratePerMinute: 2 } } },
    ],
  });
  expect(scene.lines('config.reload_failed')).toEqual([]);
  const call = async (tenant: 'a' | 'b', path = `/${tenant}/mcp`): Promise<number> => {
    const issuer = tenant === 'a' ? scene.issuer : other;
    const token = issuer.token({ audience: scene.gateway.url + path, claims: { sub: 'alice', client_id: 'app' } });
    return (await rawRequest(scene.gateway.port, modern('tools/list', { path, token }))).status;
  };
  for (const path of [undefined, '/both/mcp']) {
    expect([await call('a', path), await call('a', path), await call('a', path)]).toEqual([200, 200, 429]);
    expect([await call('b', path), await call('b', path), await call('b', path)]).toEqual([200, 200, 429]);
  }
});
