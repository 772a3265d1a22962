// Reloads of an embedded gateway that overlap: the last configuration of the program counts.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { ConfigError, createGateway, type GatewayConfig, type RunningGateway } from '../../src/index.js';
import { modern } from '../fixtures/messages.js';
import { rawRequest } from '../fixtures/raw-client.js';

const PUBLIC = 'https://mcp.example.com';
const running: RunningGateway[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.close({ drainSeconds: 0 })));
});

/** A configuration with one endpoint. Nothing listens at its issuer and its upstream. */
const withPath = (path: string): GatewayConfig => ({
  publicUrl: PUBLIC,
  listen: { port: 0 },
  admin: { port: 0 },
  issuers: { main: { issuer: 'https://auth.invalid' } },
  endpoints: [{ path, issuers: ['main'], upstream: 'http://127.0.0.1:9/mcp' }],
});

async function start(): Promise<RunningGateway> {
  const gateway = await createGateway({ config: withPath('/first'), log: false });
  running.push(gateway);
  return gateway;
}

/** Those of the paths that the gateway has, which need a token. */
async function served(gateway: RunningGateway, paths: readonly string[]): Promise<string[]> {
  const port = Number(new URL(gateway.url).port);
  const requests = paths.map(async (path) => (await rawRequest(port, modern('tools/list', { path }))).status);
  const statuses = await Promise.all(requests);
  return paths.filter((_path, i) => statuses[i] === 401);
}

const PATHS = ['/first', '/second', '/third'];

test('a reload without a configuration does not undo one that waits', async () => {
  const gateway = await start();
  await Promise.all([gateway.reload(withPath('/second')), gateway.reload()]);
  expect(await served(gateway, PATHS)).toEqual(['/second']);
  await gateway.reload();
  expect(await served(gateway, PATHS)).toEqual(['/second']);
});

test('it reads the configuration of a reload that runs', async () => {
  const gateway = await start();
  const first = gateway.reload(withPath('/second'));
  await Promise.resolve();
  await Promise.all([first, gateway.reload(), gateway.reload()]);
  expect(await served(gateway, PATHS)).toEqual(['/second']);
});

test('of two configurations at a time, the last one counts', async () => {
  const gateway = await start();
  await Promise.all([gateway.reload(withPath('/second')), gateway.reload(withPath('/third'))]);
  await gateway.reload();
  expect(await served(gateway, PATHS)).toEqual(['/third']);
});

test('a bad one ends each call that waited with it, and the next call reads the good one', async () => {
  const gateway = await start();
  const calls = [gateway.reload({ ...withPath('/second'), endpoints: [] }), gateway.reload()];
  for (const outcome of await Promise.allSettled(calls)) expect(outcome).toMatchObject({ reason: expect.any(ConfigError) });
  await gateway.reload();
  expect(await served(gateway, PATHS)).toEqual(['/first']);
});

test('the metric of the API keys is 0 where a reload finds none, so that an alert sees it', async () => {
  const gateway = await start();
  const [endpoint] = withPath('/first').endpoints;
  const withKeys = (more: Partial<GatewayConfig>) => ({
    ...withPath('/first'),
    endpoints: [{ ...endpoint, apiKeys: [{ header: 'X-Api-Key' }] }] as GatewayConfig['endpoints'],
    ...more,
  });
  const keys = async () => /^portcullis_api_keys (\d+)$/m.exec(await (await fetch(`${gateway.adminUrl}/metrics`)).text())?.[1];
  expect(await keys()).toBeUndefined();
  await gateway.reload(withKeys({ apiKeys: { 'partner-a': { sha256: '1b'.repeat(32) } } }));
  expect(await keys()).toBe('1');
  await gateway.reload(withPath('/first'));
  expect(await keys()).toBe('0');
  const file = join(mkdtempSync(join(tmpdir(), 'portcullis-keys-')), 'keys.ndjson');
  writeFileSync(file, '');
  const other = await createGateway({ config: withKeys({ apiKeysFile: file }), log: false });
  running.push(other);
  expect(await (await fetch(`${other.adminUrl}/metrics`)).text()).toContain('portcullis_api_keys 0\n');
  rmSync(dirname(file), { recursive: true });
});
