// The gateway as a process that gets SIGHUP. A removed key is rejected within a second, in each
// form. Broken files keep the last good state, and other streams live on.
import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type HeaderLine, legacy, modern } from '../fixtures/messages.js';
import { type GatewayProcess, startProcess } from '../fixtures/process.js';
import { type RawConnection, rawRequest } from '../fixtures/raw-client.js';
import { answers, type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';
import { configuredText, startConfigured } from '../fixtures/scene.js';
import { until } from '../fixtures/wait.js';
import { hashOf, KEY_A, KEY_B } from '../support/reload-scene.js';
import { FIRST, openStream } from '../support/stream-calls.js';

const LINE_A = JSON.stringify({ name: 'partner-a', sha256: hashOf(KEY_A) });
const LINE_B = JSON.stringify({ name: 'partner-b', sha256: hashOf(KEY_B) });

let folder: string;
let upstream: RawUpstream;
let gateway: GatewayProcess;
const path = (name: string): string => join(folder, name);
const config = (changes: Record<string, unknown> = {}) => ({
  apiKeysFile: path('keys.jsonl'),
  bridge: { keys: [`\${file:${path('bridge.pem')}}`] },
  endpoints: [{ path: '/mcp', apiKeys: [{ header: 'X-Api-Key' }], upstream: `${upstream.url}/up` }],
  ...changes,
});

beforeEach(async () => {
  [folder, upstream] = await Promise.all([mkdtemp(join(tmpdir(), 'portcullis-reload-')), startRawUpstream()]);
  upstream.answer((exchange) => {
    if (exchange.req.method !== 'GET') return answers.rpc()(exchange);
    exchange.res.writeHead(200, { 'content-type': 'text/event-stream' });
    exchange.res.write(FIRST);
  });
  const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  await Promise.all([writeFile(path('bridge.pem'), pem), writeFile(path('keys.jsonl'), `${LINE_A}\n${LINE_B}\n`)]);
});
afterEach(async () => {
  await gateway.stop('SIGKILL');
  await upstream.stop();
  await rm(folder, { recursive: true });
});
const start = async (): Promise<void> => {
  gateway = (await startConfigured(config(), { process: true })) as GatewayProcess;
};

const withKey = (key: string): HeaderLine => ['X-Api-Key', key];
const status = async (line: HeaderLine): Promise<number> =>
  (await rawRequest(gateway.port, modern('tools/list', { headers: [line] }))).status;
async function listen(line: HeaderLine): Promise<RawConnection> {
  const connection = await openStream(gateway.port, legacy('', { method: 'GET', headers: [line] }));
  await until('the first event', () => connection.received().includes(FIRST));
  return connection;
}
async function grant(id: string, secret: string): Promise<{ status: number; access_token: string }> {
  const response = await fetch(`${gateway.url}/oauth/token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'client_credentials', client_id: id, client_secret: secret }),
    signal: AbortSignal.timeout(5_000),
  });
  return { status: response.status, ...((await response.json()) as { access_token: string }) };
}
const isOver = (connection: RawConnection): boolean => connection.received().endsWith('\r\n0\r\n\r\n');
const lines = (event: string) => gateway.logs().filter((line) => line.event === event);

test('a key that leaves the file: its calls, tokens, streams and grants end within a second, and others do not', async () => {
  await start();
  const [a, b] = await Promise.all([grant('partner-a', KEY_A), grant('partner-b', KEY_B)]);
  const bearer = ({ access_token: token }: typeof a): HeaderLine => ['Authorization', `Bearer ${token}`];
  const gone = await Promise.all([listen(withKey(KEY_A)), listen(bearer(a))]);
  const kept = await Promise.all([listen(withKey(KEY_B)), listen(bearer(b))]);
  await writeFile(path('keys.jsonl'), `${LINE_B}\n`);
  process.kill(gateway.pid, 'SIGHUP');
  await until('the streams of the removed key end', () => gone.every(isOver), 1_000);
  expect([await status(withKey(KEY_A)), await status(bearer(a)), (await grant('partner-a', KEY_A)).status]).toEqual([
    401, 401, 401,
  ]);
  expect([await status(withKey(KEY_B)), await status(bearer(b)), (await grant('partner-b', KEY_B)).status]).toEqual([
    200, 200, 200,
  ]);
  expect(kept.map(isOver)).toEqual([false, false]);
  await until('the line', () => lines('api_keys.reloaded').length > 0);
  expect(lines('api_keys.reloaded').at(-1)).toMatchObject({ count: 1, added: 0, removed: 1, changed: 0 });
  for (const one of [...gone, ...kept]) one.destroy();
});

test('a broken configuration stays out, and does not keep a removed key alive', async () => {
  await start();
  const kept = await listen(withKey(KEY_B));
  await writeFile(path('keys.jsonl'), `${LINE_B}\n`);
  await gateway.reload('endpoints: [');
  await until('the keys are reloaded', () => lines('api_keys.reloaded').length > 0);
  expect(lines('config.reload_failed')).toHaveLength(1);
  expect([await status(withKey(KEY_A)), await status(withKey(KEY_B)), isOver(kept)]).toEqual([401, 200, false]);

  await rm(path('keys.jsonl'));
  await gateway.reload(configuredText(config()));
  await until('the key file is gone', () => lines('api_keys.reload_failed').length > 0);
  expect([await status(withKey(KEY_B)), isOver(kept)]).toEqual([200, false]);
  expect(await gateway.metrics()).toContain('portcullis_reload_up{part="api_keys"} 0');
  kept.destroy();
});

test('a secret file that changed is read again: the ring of the bridge', async () => {
  await start();
  const before = await grant('partner-a', KEY_A);
  const next = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  await writeFile(path('bridge.pem'), next);
  await gateway.reload();
  expect(await status(['Authorization', `Bearer ${before.access_token}`])).toBe(401);
  expect(await status(['Authorization', `Bearer ${(await grant('partner-a', KEY_A)).access_token}`])).toBe(200);
});

test('the start rejects a broken key file', async () => {
  await writeFile(path('keys.jsonl'), `${LINE_A}\n${LINE_A}\n`);
  gateway = await startProcess({ config: configuredText(config()), ready: false });
  expect((await gateway.exited).code).toBe(1);
  expect(gateway.output()).toMatch(/^1 problem in the configuration\n {2}apiKeysFile: .*keys\.jsonl line 2: /);
});

test('with the environment alone, SIGHUP says what it cannot read again', async () => {
  gateway = await startProcess({
    env: {
      PORTCULLIS_UPSTREAM: `${upstream.url}/up`,
      PORTCULLIS_PUBLIC_URL: 'https://mcp.example.com',
      PORTCULLIS_ISSUER: upstream.url,
    },
  });
  await gateway.reload();
  expect(lines('config.reloaded').at(-1)?.detail).toMatch(/^the environment of a running process cannot change; /);
});
