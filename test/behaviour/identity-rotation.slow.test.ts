// A key of identity JWTs is replaced while calls run, and an upstream verifies each with jose and
// its defaults. In three steps no call fails. In one step calls fail until the upstream reads the
// keys again, which jose does once in 30 seconds at most.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ringKey } from '../fixtures/bridged.js';
import { signerOf } from '../fixtures/identities.js';
import { type JwksIssuer, startJwksIssuer } from '../fixtures/jwks-issuer.js';
import { modern } from '../fixtures/messages.js';
import type { GatewayProcess } from '../fixtures/process.js';
import { type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';
import { configuredText, startConfigured } from '../fixtures/scene.js';
import { until } from '../fixtures/wait.js';
import { type Whoami, whoami } from '../fixtures/whoami.js';

/** The default `cooldownDuration` of jose, and a second. */
const COOLDOWN_MS = 31_000;
const USERS = ['alice', 'bob', 'carol'];

const [older, newer] = [ringKey('EdDSA'), ringKey('ES256')];
const [olderKid, newerKid] = [older, newer].map((one) => signerOf(one).kid) as [string, string];
let folder: string;
let issuer: JwksIssuer;
let upstream: RawUpstream;
let gateway: GatewayProcess;
const config = (...names: string[]) => ({
  identity: { keys: names.map((name) => `\${file:${join(folder, name)}}`) },
  issuers: { main: { issuer: issuer.issuer } },
  endpoints: [
    {
      path: '/mcp',
      issuers: ['main'],
      upstream: { url: `${upstream.url}/up`, credential: { kind: 'identity', audience: 'up' } },
    },
  ],
});

beforeEach(async () => {
  [folder, issuer, upstream] = await Promise.all([
    mkdtemp(join(tmpdir(), 'portcullis-rotation-')),
    startJwksIssuer(),
    startRawUpstream(),
  ]);
  await Promise.all([writeFile(join(folder, 'older.pem'), older.pem), writeFile(join(folder, 'newer.pem'), newer.pem)]);
  gateway = (await startConfigured(config('older.pem'), { process: true })) as GatewayProcess;
});
afterEach(async () => {
  await stopCalls().catch(() => {});
  await gateway.stop('SIGKILL');
  await Promise.all([issuer.stop(), upstream.stop()]);
  await rm(folder, { recursive: true });
});

let stopCalls: () => Promise<void> = async () => {};

/** Each user calls without a pause, and the whole time until `stop`. */
function calls() {
  const results: { user: string; status: number; sub: unknown }[] = [];
  let running = true;
  const loops = USERS.map(async (user) => {
    const token = issuer.token({ audience: `${gateway.url}/mcp`, claims: { sub: user } });
    const { headers = [], body } = modern('tools/list', { token });
    while (running) {
      const answer = await fetch(`${gateway.url}/mcp`, {
        method: 'POST',
        headers,
        body: String(body),
        signal: AbortSignal.timeout(5_000),
      });
      const { result } = (await answer.json()) as { result?: { sub: unknown } };
      results.push({ user, status: answer.status, sub: result?.sub });
      await sleep(20);
    }
  });
  stopCalls = async () => {
    running = false;
    await Promise.all(loops);
  };
  return {
    results,
    failed: () => results.filter(({ user, status, sub }) => status !== 200 || sub !== user),
    stop: stopCalls,
  };
}

const readKeys = (more: { cooldownDuration?: number } = {}): Whoami => {
  const upstreamServer = whoami({ issuer: gateway.url, audience: 'up', ...more });
  upstream.answer(upstreamServer.answer);
  return upstreamServer;
};
const reload = (...names: string[]): Promise<void> => gateway.reload(configuredText(config(...names)));

const warnings = () => gateway.logs().filter(({ event }) => event === 'identity.new_key_signs');

test('three steps: publish the new key, sign with it, remove the old one; no call fails (A-43)', async () => {
  const server = readKeys();
  const running = calls();
  await until('the first calls', () => running.results.length > 10);
  const restarts = setInterval(server.restart, 5_000).unref();
  await reload('older.pem', 'newer.pem');
  await sleep(COOLDOWN_MS);
  expect([server.kids, server.rejected]).toEqual([[olderKid], []]);
  await reload('newer.pem', 'older.pem');
  await until('the new key signs', () => server.kids.includes(newerKid));
  await sleep(10_000);
  await reload('newer.pem');
  server.restart();
  await sleep(10_000);
  clearInterval(restarts);
  await running.stop();
  expect([server.kids, server.rejected, running.failed()]).toEqual([[olderKid, newerKid], [], []]);
  expect(warnings()).toEqual([]);
  expect(running.results.length).toBeGreaterThan(1_000);
  const { keys } = (await (await fetch(`${gateway.url}/.well-known/jwks.json`)).json()) as { keys: { kid: string }[] };
  expect(keys.map(({ kid }) => kid)).toEqual([newerKid]);
}, 90_000);

test('one step: calls fail until the upstream reads the keys again, and no client loses its login', async () => {
  const server = readKeys({ cooldownDuration: 4_000 });
  const running = calls();
  await until('the first calls', () => running.results.length > 10);
  await reload('newer.pem', 'older.pem');
  await until('the warning', () => warnings().length > 0);
  expect(warnings()[0]).toMatchObject({
    level: 'warn',
    detail: expect.stringMatching(/^the gateway did not publish the first key of identity\.keys /),
  });
  await until('calls fail', () => running.failed().length > 0);
  await until('the new key verifies', () => server.kids.includes(newerKid), 6_000);
  await sleep(200);
  const failed = running.failed().length;
  await sleep(500);
  await running.stop();
  expect(new Set(server.rejected)).toEqual(new Set(['ERR_JWKS_NO_MATCHING_KEY']));
  expect(new Set(running.failed().map(({ status }) => status))).toEqual(new Set([502]));
  expect(running.failed().length).toBe(failed);
}, 30_000);
