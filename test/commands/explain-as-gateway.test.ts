// The step `upstream` of `explain` shows what the upstream gets from a gateway with the same
// configuration, and the row with which that gateway rejects.
import { hash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { modern } from '../fixtures/messages.js';
import { answers, type RawUpstream, startRawUpstream } from '../fixtures/raw-upstream.js';
import { type Scene, startScene } from '../fixtures/scene.js';
import { run } from './in-process.js';

const ENV = { STATIC: `Bearer ${hash('sha256', 'static')}`, CLIENT_SECRET: 'secret-of-the-client-of-the-gateway' };
const headers = { 'X-Tenant-Id': '{tenant}', 'X-User': 'user {subject}', 'X-Team': '{claim.team?}' };

let folder: string;
let tokens: RawUpstream;
let upstream: RawUpstream;
let scene: Scene;
let more: Record<string, unknown>[];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'portcullis-parity-'));
  tokens = await startRawUpstream(answers.json({ error: 'access_denied' }, 403), 'issuer');
  const client = { clientId: 'portcullis', clientSecret: '$' + '{env:CLIENT_SECRET}', tokenUrl: `${tokens.url}/token` };
  upstream = await startRawUpstream(answers.rpc());
  more = [
    { path: '/static', upstream: { credential: { kind: 'static', authorization: '$' + '{env:STATIC}' }, headers } },
    { path: '/exchange', upstream: { credential: { kind: 'exchange', audience: 'backend', ...client } } },
    { path: '/own', upstream: { credential: { kind: 'client-credentials', ...client } } },
  ].map(({ path, upstream: own }) => ({ path, issuers: ['main'], upstream: { url: `${upstream.url}/up`, ...own } }));
  scene = await startScene({ more, env: ENV });
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await Promise.all([scene.stop(), tokens.stop(), upstream.stop()]);
});

async function both(path: string, claims: Record<string, unknown>) {
  upstream.reset();
  const token = scene.token({ audience: scene.gateway.url + path, claims });
  const response = await scene.send(modern('tools/list', { path, token }));
  const file = join(folder, 'gateway.yaml');
  const config = { publicUrl: scene.gateway.url, issuers: { main: { issuer: scene.issuer.issuer } }, endpoints: more };
  writeFileSync(file, JSON.stringify(config));
  const args = ['explain', '--config', file, '--endpoint', path, '--json'];
  const { output } = await run(args, { env: { ...ENV, PORTCULLIS_TOKEN: token } });
  const { reason, status, steps } = JSON.parse(output);
  return { response, explained: { reason, status, step: steps.at(-1) } };
}

test('the same headers, by their lengths and fingerprints', async () => {
  const { response, explained } = await both('/static', { org_id: 'acme', sub: 'alice' });
  expect(response.status).toBe(200);
  const got = new Map(upstream.last?.rawHeaders.map(([name, value]) => [name.toLowerCase(), value]));
  const { credential, ...shown } = explained.step.observed;
  expect([credential, Object.keys(shown).length]).toEqual(['static', 4]);
  for (const [name, value] of Object.entries(shown)) {
    const sent = got.get(name.replace('header ', '').toLowerCase());
    if (value === 'absent') expect(sent).toBeUndefined();
    else expect(value).toMatchObject({ characters: sent?.length });
  }
  expect(shown['header Authorization'].fingerprint).toBe(hash('sha256', got.get('authorization') ?? '').slice(0, 8));
});

test.each([
  ['/static', {}, 'claim.missing'],
  ['/exchange', {}, 'exchange.refused'],
  ['/own', {}, 'exchange.gateway_rejected'],
])('%s: the same row, and the upstream gets no request', async (path, claims, reason) => {
  const { response, explained } = await both(path, claims);
  const line = await scene.logOf(response);
  expect([line.reason, explained.reason]).toEqual([reason, reason]);
  expect(explained.status).toBe(response.status);
  expect(String(line.detail)).toBe(explained.step.detail);
  expect(upstream.hits).toBe(0);
});
