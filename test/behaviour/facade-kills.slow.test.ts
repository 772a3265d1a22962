// A login outlives the gateways that serve it: each step has a process of its own, which SIGKILL
// ends right after it. The next process has the same configuration, and nothing else.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FacadeScene, startFacadeScene } from '../fixtures/facade-scene.js';
import { secret } from '../fixtures/ledger.js';
import { modern } from '../fixtures/messages.js';
import type { GatewayProcess } from '../fixtures/process.js';
import { rawRequest } from '../fixtures/raw-client.js';
import { Browser, FacadeClient, pkce } from '../support/facade-login.js';

let scene: FacadeScene;
let next: Promise<GatewayProcess>;
let current: GatewayProcess;
const killed: (number | null)[] = [];

beforeAll(async () => {
  scene = await startFacadeScene();
  next = scene.replicaProcess();
});
afterAll(async () => {
  await (await next).stop('SIGKILL');
  await scene.stop();
});

/** Lets a new process serve one step, and kills it. The one for the next step starts meanwhile. */
async function step<T>(work: () => Promise<T>): Promise<T> {
  current = await next;
  next = scene.replicaProcess();
  next.catch(() => {});
  try {
    return await work();
  } finally {
    killed.push(await current.stop('SIGKILL'));
  }
}

const at = (url: URL): URL => {
  if (url.origin !== scene.gateway.url) return url;
  const there = new URL(url);
  there.port = String(current.port);
  return there;
};

const calls = async (token: unknown): Promise<number> => {
  const headers: [string, string][] = [['Authorization', `Bearer ${token}`]];
  return (await rawRequest(current.port, modern('tools/list', { path: '/mcp', headers }))).status;
};

test('each step of a login has a gateway of its own, killed after the step', async () => {
  const client = new FacadeClient(scene.client.issuer, scene.client.resource);
  const browser = new Browser();
  client.at = at;
  browser.at = at;
  const { verifier, challenge } = pkce();

  const { client_id: clientId } = await step(() => client.registered());
  const html = await step(async () => (await browser.send(client.loginUrl(clientId, challenge))).text());
  const toIdp = await step(async () => (await client.consent(browser, html)).headers.get('location'));
  const { url } = await browser.follow(toIdp ?? '', `${client.issuer}/callback`);
  const end = await step(async () => (await browser.send(url)).headers.get('location'));
  const code = new URL(end ?? '').searchParams.get('code') ?? '';
  secret('whole', code);
  const first = await step(() => client.exchange(clientId, code, verifier));
  expect([first.status, await step(() => calls(first.json.access_token))]).toEqual([200, 200]);
  const grant = { grant_type: 'refresh_token', client_id: clientId };
  const refresh = (token: unknown) => step(() => client.post('token', { ...grant, refresh_token: String(token) }));
  const second = await refresh(first.json.refresh_token);
  expect([second.status, await step(() => calls(second.json.access_token))]).toEqual([200, 200]);
  const token = String(second.json.refresh_token);
  expect((await step(() => client.post('revoke', { client_id: clientId, token }))).status).toBe(200);
  expect((await refresh(token)).json).toMatchObject({ error: 'invalid_grant' });

  // A killed process has no exit code.
  expect(killed).toEqual(Array.from({ length: 10 }, () => null));
}, 120_000);
