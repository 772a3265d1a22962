// No API key, no hash, no credential for the upstream and no private key is in any message to the
// operator: problems at the start and at a reload, and `explain`.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run } from '../commands/in-process.js';
import { granted } from '../fixtures/bridged.js';
import { modern } from '../fixtures/messages.js';
import { startProcess } from '../fixtures/process.js';
import { rawRequest } from '../fixtures/raw-client.js';
import { configText } from '../fixtures/scene.js';
import { until } from '../fixtures/wait.js';
import {
  ENV,
  type KeyScene,
  keys,
  leaks,
  lineOf,
  ring,
  secretParts,
  startKeyScene,
  UPSTREAM_TOKEN,
} from '../support/key-secrets.js';

const { good, prefixed, old, ending, removed, elsewhere, unknown, unknownPrefixed } = keys;

let scene: KeyScene;
let { gateway } = {} as KeyScene;
beforeAll(async () => {
  scene = await startKeyScene();
  ({ gateway } = scene);
});
afterAll(() => scene.stop());

describe('C-153: mistakes of the operator', () => {
  const badKeys: [string, () => string[]][] = [
    ['a key in place of its hash', () => [JSON.stringify({ name: 'x', sha256: good.key })]],
    ['a key as a tenant', () => [lineOf('x', removed, { tenant: [good.key] })]],
    ['a credential in place of its reference', () => [lineOf('x', removed, { upstreamAuthorization: UPSTREAM_TOKEN })]],
    ['a file of keys', () => [good.key, prefixed.key]],
    ['the same key twice', () => [lineOf('x', removed), lineOf('y', removed)]],
    ['a key of the configuration', () => [lineOf('x', good)]],
  ];
  test.each(badKeys)('%s, at a reload', async (_name, lines) => {
    const before = gateway.output().length;
    scene.keysFile(...lines());
    process.kill(gateway.pid, 'SIGHUP');
    const text = await until('the line of the failed reload', () => {
      const output = gateway.output().slice(before);
      return output.includes('keys.jsonl') && output.includes('"level":"error"') ? output : undefined;
    });
    expect(leaks(text)).toEqual([]);
    const request = modern('tools/list', { headers: [['X-Api-Key', good.key]] });
    expect((await rawRequest(gateway.port, request)).status).toBe(200);
  });

  const withoutKeysFile = () => ({ ...scene.configuration(), apiKeysFile: undefined });
  const badConfigs: [string, () => Record<string, unknown>, Record<string, string>?][] = [
    ['a key in place of its hash', () => ({ ...withoutKeysFile(), apiKeys: { x: { sha256: good.key } } })],
    [
      'one key twice',
      () => ({ ...withoutKeysFile(), apiKeys: { x: { sha256: good.sha256 }, y: { sha256: good.sha256.toUpperCase() } } }),
    ],
    ['a private key in place of its reference', () => ({ ...withoutKeysFile(), bridge: { keys: [ring.pem] } })],
    [
      'a private JWK in place of its reference',
      () => ({ ...withoutKeysFile(), bridge: { keys: [ring.privateKey.export({ format: 'jwk' })] } }),
    ],
    ['a private key without its end', withoutKeysFile, { BRIDGE_KEY: ring.pem.slice(0, -30) }],
    ['a key of the bridge as a credential', withoutKeysFile, { UPSTREAM_TOKEN: ring.pem }],
    ['a credential of two lines', withoutKeysFile, { UPSTREAM_TOKEN: `${UPSTREAM_TOKEN}\r\nX: y` }],
    [
      'a credential in place of its reference',
      () => ({ ...withoutKeysFile(), apiKeys: { x: { sha256: good.sha256, upstreamAuthorization: UPSTREAM_TOKEN } } }),
    ],
    [
      'a broken file of keys',
      () => {
        scene.keysFile(JSON.stringify({ name: 'x', sha256: good.key }));
        return scene.configuration();
      },
    ],
  ];
  test.each(badConfigs)('%s, at the start', async (_name, config, env = {}) => {
    const listeners = { listen: { host: '127.0.0.1', port: '{{port}}' }, admin: { host: '127.0.0.1', port: '{{adminPort}}' } };
    const text = configText({ publicUrl: 'http://127.0.0.1:{{port}}', ...listeners, ...config() });
    const started = await startProcess({ config: text, env: { ...ENV, ...env }, ready: false });
    expect((await started.exited).code).not.toBe(0);
    expect(started.output().length).toBeGreaterThan(50);
    expect(leaks(started.output())).toEqual([]);
  });
});

test('C-153: explain of keys and of bridge tokens', async () => {
  scene.keysFile(lineOf('removed', removed));
  const token = secretParts(await granted(gateway.port, { id: 'good', secret: good.key }));
  const file = join(scene.folder, 'portcullis.yaml');
  writeFileSync(file, JSON.stringify({ publicUrl: gateway.url, ...scene.configuration() }));
  const credentials = [good, prefixed, old, ending, elsewhere, unknown, unknownPrefixed].map(({ key }) => key);
  for (const credential of [
    ...credentials,
    `${good.key}\n`,
    ` ${good.key}`,
    `"${good.key}"`,
    `Bearer ${prefixed.key}`,
    `Token ${good.key}`,
    token,
    `${token}x`,
  ]) {
    for (const json of [[], ['--json']]) {
      const { output, errors } = await run(['explain', '-', '--config', file, '--endpoint', '/mcp', ...json], {
        env: ENV,
        stdin: [credential],
      });
      expect((output + errors).length).toBeGreaterThan(20);
      expect(leaks(output + errors)).toEqual([]);
    }
  }
});
