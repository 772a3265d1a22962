// Calls that are on their way during a reload, and what a reload with problems leaves as it is.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type HeaderLine, modern } from '../fixtures/messages.js';
import { openRaw, rawRequest, requestBytes } from '../fixtures/raw-client.js';
import { answers } from '../fixtures/raw-upstream.js';
import { until } from '../fixtures/wait.js';
import {
  ENTRY_A,
  ENTRY_B,
  hashOf,
  KEY_A,
  KEY_B,
  keyHeader,
  type ReloadScene,
  startReloadScene,
} from '../support/reload-scene.js';

const A = keyHeader(KEY_A);
const B = keyHeader(KEY_B);
const onlyB = { apiKeys: { 'partner-b': ENTRY_B } };

let scene: ReloadScene;
let folder: string;
beforeAll(async () => {
  [scene, folder] = await Promise.all([startReloadScene(), mkdtemp(join(tmpdir(), 'portcullis-keys-'))]);
});
afterAll(async () => {
  await scene.stop();
  await rm(folder, { recursive: true });
});
beforeEach(async () => {
  await scene.reload();
  scene.upstream.reset();
  scene.upstream.answer(answers.rpc());
});
const last = (event: string) => scene.lines(event).at(-1);

describe('a call on its way', () => {
  /** Sends the head and the first half of the body, reloads, and sends the rest. */
  async function withSlowBody(line: HeaderLine, ...reload: Parameters<ReloadScene['reload']>) {
    const bytes = requestBytes(scene.gateway.port, modern('tools/list', { headers: [line] }));
    const connection = await openRaw(scene.gateway.port);
    await connection.write(bytes.subarray(0, bytes.length - 20));
    await sleep(100);
    await scene.reload(...reload);
    await connection.write(bytes.subarray(bytes.length - 20));
    const response = await connection.response({ label: 'the answer to a slow body' });
    connection.destroy();
    return response;
  }

  test.each<[string, HeaderLine, Parameters<ReloadScene['reload']>, number, number]>([
    ['its key is gone', A, [onlyB], 401, 0],
    ['its key is still there', B, [onlyB], 200, 1],
    ['its endpoint is gone', A, [{}, { path: '/moved' }], 404, 0],
    ['its key has other scopes', A, [{ apiKeys: { 'partner-a': { ...ENTRY_A, scopes: ['other'] } } }], 401, 0],
  ])('that still sends its body, where %s', async (_why, line, reload, status, hits) => {
    const response = await withSlowBody(line, ...reload);
    expect([response.status, scene.upstream.hits]).toEqual([status, hits]);
  });

  test('that waits for a connection, where its key is gone', async () => {
    const two = { upstream: { url: `${scene.upstream.url}/up`, maxConcurrentRequests: 2 } };
    await scene.reload({}, two);
    scene.upstream.answer(answers.delayed(300, answers.rpc()));
    const first = [scene.call(B), scene.call(B)];
    await until('the first calls are forwarded', () => scene.upstream.hits === 2);
    const [gone, kept] = [scene.call(A), scene.call(B)];
    await sleep(100);
    await scene.reload(onlyB, two);
    expect((await Promise.all([...first, gone, kept])).map(({ status }) => status)).toEqual([200, 200, 401, 200]);
    expect(scene.upstream.hits).toBe(3);
  });
});

describe('a reload with problems', () => {
  test('keeps the configuration, and one line of the log has all problems', async () => {
    await scene.reload({ ...onlyB, logLevel: 'loud', drain: { delaySeconds: -1 } });
    expect((await scene.call(A)).status).toBe(200);
    expect(last('config.reload_failed')).toMatchObject({ level: 'error' });
    expect(last('config.reload_failed')?.detail).toMatch(/^2 problems in the configuration: .*logLevel.*; .*delaySeconds/);
    expect(last('config.reload_failed')?.detail).toMatch(/ The gateway keeps the configuration that it runs with$/);
    const text = await scene.gateway.metrics();
    expect(text).toContain('portcullis_reload_up{part="config"} 0');
    await scene.reload(onlyB);
    expect((await scene.call(A)).status).toBe(401);
    expect(await scene.gateway.metrics()).toContain('portcullis_reload_up{part="config"} 1');
  });

  test('says of an unset variable that a running process gets no new ones', async () => {
    await scene.reload({ sessionKeys: ['$' + '{env:A_NEW_VARIABLE}'] });
    expect(last('config.reload_failed')?.detail).toMatch(
      /: the variable A_NEW_VARIABLE is not set; set it \(a running process gets no new variables: write .*\$\{file:\.\.\.\}/,
    );
    await scene.reload({ logLevel: 'loud' });
    expect(last('config.reload_failed')?.detail).not.toMatch(/new variables/);
  });

  test.each([
    [
      'listen',
      { listen: { host: '127.0.0.1', port: 1 } },
      /^listen is 127\.0\.0\.1:\d+ and would be 127\.0\.0\.1:1; .*restart to change it/,
    ],
    [
      'admin',
      { admin: { host: '127.0.0.2', port: '{{adminPort}}' } },
      /^admin is 127\.0\.0\.1:(\d+) and would be 127\.0\.0\.2:\1; .*restart to change it/,
    ],
  ])('%s belongs to the start, and a key that is gone ends all the same', async (_name, root, detail) => {
    await scene.reload({ ...root, ...onlyB, logLevel: 'debug' }, { path: '/moved' });
    expect(last('config.reload_failed')?.detail).toMatch(detail);
    expect(last('api_keys.reloaded')).toMatchObject({ count: 1, removed: 1 });
    const calls = [scene.call(A), scene.call(B), scene.call(B, '/moved')];
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual([401, 200, 404]);
    // It stays gone where the next configuration cannot be used at all.
    await scene.reload({ logLevel: 'loud' });
    expect((await scene.call(A)).status).toBe(401);
  });

  test('does not keep a key that is gone from the key file, and a broken key file keeps the keys', async () => {
    const file = join(folder, 'keys.jsonl');
    const fromFile = 'kc_QUtleVRoYXRMaXZlc0luQUZpbGVPZkl0c093bg';
    const entry = JSON.stringify({ name: 'partner-c', sha256: hashOf(fromFile), scopes: ['files:read'] });
    const other = JSON.stringify({ name: 'partner-d', sha256: hashOf(`${fromFile}d`) });
    const statusOfC = async () => (await scene.call(keyHeader(fromFile))).status;
    await writeFile(file, `${entry}\n${other}\n`);
    await scene.reload({ apiKeysFile: file });
    expect([await statusOfC(), last('api_keys.reloaded')]).toMatchObject([200, { count: 4, added: 2, removed: 0, changed: 0 }]);
    expect(await scene.gateway.metrics()).toContain('portcullis_api_keys 4');

    await writeFile(file, `${entry}\n{"name":\n`);
    await scene.reload({ apiKeysFile: file, ...onlyB });
    expect(last('api_keys.reload_failed')?.detail).toMatch(/keys\.jsonl line 2: .* The gateway keeps the last good keys$/);
    // The keys of the configuration itself are those of the new one.
    expect([await statusOfC(), (await scene.call(A)).status, (await scene.call(B)).status]).toEqual([200, 401, 200]);

    await writeFile(file, `${other}\n`);
    await scene.reload({ apiKeysFile: file, logLevel: 'loud' });
    expect([await statusOfC(), last('api_keys.reloaded')]).toMatchObject([401, { count: 2, removed: 1 }]);
  });

  test('another key file that is broken is a problem of the configuration', async () => {
    const file = join(folder, 'broken.jsonl');
    await writeFile(file, '{}\n');
    await scene.reload({ apiKeysFile: file, ...onlyB }, { path: '/moved' });
    expect(last('config.reload_failed')?.detail).toMatch(/broken\.jsonl line 1/);
    const calls = [scene.call(A), scene.call(B)];
    expect((await Promise.all(calls)).map(({ status }) => status)).toEqual([401, 200]);
  });
});

test('warns of a key of the file that reaches its sunset soon, or is past it', async () => {
  const file = join(folder, 'sunsets.jsonl');
  const day = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
  const entry = (name: string, sunset: string) => JSON.stringify({ name, sha256: hashOf(`${KEY_A}${name}`), sunset });
  await writeFile(file, [entry('soon', day(3)), entry('later', day(90)), entry('over', '2020-01-01')].join('\n'));
  await scene.reload({ apiKeysFile: file });
  expect(last('config.key_sunset_soon')?.detail).toMatch(/from their sunset on: soon$/);
  expect(last('config.key_past_sunset')?.detail).toMatch(/since their sunset: over$/);
});

test('a problem that ends with a question has no second full stop', async () => {
  await scene.reload({ logLevl: 'info' });
  expect(last('config.reload_failed')?.detail).toMatch(/did you mean logLevel\? The gateway keeps/);
});

describe('a good reload', () => {
  test('says so, with its endpoints, and with those that changed', async () => {
    await scene.reload({}, { path: '/moved' });
    expect(last('config.reloaded')).toMatchObject({
      level: 'info',
      endpoints: [`${scene.gateway.url}/moved`, `${scene.gateway.url}/other`],
      endpointCount: 2,
      added: ['/moved'],
      addedCount: 1,
      removed: ['/mcp'],
      removedCount: 1,
    });
    expect(last('config.reloaded')).not.toHaveProperty('changed');
    expect((await scene.call(A, '/moved')).status).toBe(200);
  });

  test('C-21: publishes another authorization server at the same URL, and 401 names that URL', async () => {
    const url = `${scene.gateway.url}/.well-known/oauth-protected-resource/mcp`;
    const servers = async () => ((await (await fetch(url)).json()) as { authorization_servers: string[] }).authorization_servers;
    expect(await servers()).toEqual([scene.issuer.issuer]);
    await scene.reload({}, { issuers: ['other'] });
    expect(await servers()).toEqual([`${scene.issuer.issuer}/other`]);
    const response = await scene.call(scene.token());
    expect([response.status, response.header('www-authenticate')]).toEqual([
      401,
      expect.stringContaining(`resource_metadata="${url}"`),
    ]);
  });

  test('applies the log level, the hosts of the admin listener and the trusted proxies', async () => {
    const admin = { host: '127.0.0.1', port: '{{adminPort}}' };
    const asked = () =>
      rawRequest(scene.gateway.adminPort, { method: 'GET', path: '/healthz', headers: [['Host', 'metrics.test']] });
    expect((await asked()).status).toBe(403);
    const forwarded: HeaderLine = ['X-Forwarded-For', '192.0.2.9'];
    const call = () => rawRequest(scene.gateway.port, modern('tools/list', { headers: [A, forwarded] }));
    await scene.reload({ admin: { ...admin, hosts: ['metrics.test'] }, trustedProxies: ['127.0.0.1'] });
    expect((await asked()).status).toBe(200);
    const id = (await call()).header('x-request-id');
    await until('the line', () =>
      scene.gateway.logs().some((line) => line.requestId === id && line.clientAddress === '192.0.2.9'),
    );
    await scene.reload({ logLevel: 'warn' });
    await call();
    await sleep(100);
    expect(scene.lines('config.reloaded').length).toBeGreaterThan(0);
    expect(scene.gateway.logs().at(-1)?.event).not.toBe('forwarded');
  });

  test('reloads that come together run one after the other, and the last state wins', async () => {
    const before = scene.lines('config.reloaded').length;
    await Promise.all([scene.reload(), scene.reload(onlyB), scene.reload(onlyB)]);
    expect((await scene.call(A)).status).toBe(401);
    expect(scene.lines('config.reloaded').length - before).toBeLessThanOrEqual(3);
  });
});
