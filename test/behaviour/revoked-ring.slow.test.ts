// Reloads that take trust away in one edit with something else: a new ring, and a moved listener.
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type HeaderLine, legacy, modern } from '../fixtures/messages.js';
import type { GatewayProcess } from '../fixtures/process.js';
import { rawRequest } from '../fixtures/raw-client.js';
import { answers, type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';
import { configuredText, startConfigured } from '../fixtures/scene.js';
import { until } from '../fixtures/wait.js';
import { hashOf, KEY_A, KEY_B } from '../support/reload-scene.js';
import { FIRST, openStream } from '../support/stream-calls.js';

let folder: string;
let upstream: RawUpstream;
let gateway: GatewayProcess;
const pem = () => generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
const path = (name: string): string => join(folder, name);
const config = (changes: Record<string, unknown> = {}) => ({
  apiKeys: { 'partner-a': { sha256: hashOf(KEY_A) }, 'partner-b': { sha256: hashOf(KEY_B) } },
  bridge: { keys: [`\${file:${path('bridge.pem')}}`] },
  endpoints: [{ path: '/mcp', apiKeys: [{ header: 'X-Api-Key' }], upstream: `${upstream.url}/up` }],
  ...changes,
});
beforeEach(async () => {
  [folder, upstream] = await Promise.all([mkdtemp(join(tmpdir(), 'portcullis-ring-')), startRawUpstream()]);
  upstream.answer((exchange) => {
    if (exchange.req.method !== 'GET') return answers.rpc()(exchange);
    exchange.res.writeHead(200, { 'content-type': 'text/event-stream' });
    exchange.res.write(FIRST);
  });
  await writeFile(path('bridge.pem'), pem());
  gateway = (await startConfigured(config(), { process: true })) as GatewayProcess;
});
afterEach(async () => {
  await gateway.stop('SIGKILL');
  await upstream.stop();
  await rm(folder, { recursive: true });
});
async function grant(): Promise<HeaderLine> {
  const response = await fetch(`${gateway.url}/oauth/token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'client_credentials', client_id: 'partner-a', client_secret: KEY_A }),
  });
  return ['Authorization', `Bearer ${((await response.json()) as { access_token: string }).access_token}`];
}

test('a ring without the key of a token: the stream of that token ends', async () => {
  const token = await grant();
  const stream = await openStream(gateway.port, legacy('', { method: 'GET', headers: [token] }));
  await until('the first event', () => stream.received().includes(FIRST));
  await writeFile(path('bridge.pem'), pem());
  await gateway.reload();
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  const { status } = await rawRequest(gateway.port, modern('tools/list', { headers: [token] }));
  expect(status).toBe(401);
  expect(stream.received().endsWith('\r\n0\r\n\r\n')).toBe(true);
});

test('a key removed from apiKeys together with a new listen.port: the key ends', async () => {
  const changes = { apiKeys: { 'partner-b': { sha256: hashOf(KEY_B) } }, listen: { host: '127.0.0.1', port: 1 } };
  await gateway.reload(configuredText(config(changes)));
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const { status } = await rawRequest(gateway.port, modern('tools/list', { headers: [['X-Api-Key', KEY_A]] }));
  expect(status).toBe(401);
});
