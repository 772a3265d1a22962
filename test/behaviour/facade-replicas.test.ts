// Two replicas of a facade share nothing but their configuration. Each finishes what the other one
// began, at every step of a login, and so does a gateway that started again.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FacadeScene, startFacadeScene } from '../fixtures/facade-scene.js';
import type { Gateway } from '../fixtures/gateway.js';
import { modern } from '../fixtures/messages.js';
import { rawRequest } from '../fixtures/raw-client.js';
import { Browser, FacadeClient } from '../support/facade-login.js';

let scene: FacadeScene;
let replica: Gateway;
beforeAll(async () => {
  scene = await startFacadeScene();
  replica = await scene.replica();
});
afterAll(async () => {
  await replica.stop();
  await scene.stop();
});

test('each request of a login goes to the other replica than the one before', async () => {
  const ports: number[] = [];
  const at = (url: URL): URL => {
    if (url.origin !== scene.gateway.url) return url;
    const { port } = ports.length % 2 === 0 ? scene.gateway : replica;
    ports.push(port);
    const next = new URL(url);
    next.port = String(port);
    return next;
  };
  const client = new FacadeClient(scene.client.issuer, scene.client.resource);
  const browser = new Browser();
  client.at = at;
  browser.at = at;
  const { clientId, verifier, code } = await client.code(browser);
  const { json } = await client.exchange(clientId, code, verifier);
  const refresh = { grant_type: 'refresh_token', client_id: clientId, refresh_token: String(json.refresh_token) };
  const renewed = await client.post('token', refresh);
  expect(renewed.status).toBe(200);
  // Registration, authorization, consent, callback, code and refresh.
  expect(ports.length).toBe(6);
  for (const { port } of [scene.gateway, replica]) {
    const headers: [string, string][] = [['Authorization', `Bearer ${renewed.json.access_token}`]];
    expect((await rawRequest(port, modern('tools/list', { path: '/mcp', headers }))).status).toBe(200);
  }
});

test('a gateway that starts again goes on', async () => {
  const { clientId, verifier, code } = await scene.client.code();
  await replica.stop('SIGKILL');
  replica = await scene.replica();
  const client = new FacadeClient(scene.client.issuer, scene.client.resource);
  client.at = (url) => new URL(url.href.replace(scene.gateway.url, replica.url));
  expect((await client.exchange(clientId, code, verifier)).status).toBe(200);
});
