// An upstream tells two users of one client apart, by identity JWT and by headers, also where the
// users share a connection.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { ringKey } from '../fixtures/bridged.js';
import { modern } from '../fixtures/messages.js';
import { openRaw, requestBytes } from '../fixtures/raw-client.js';
import { type Scene, startScene } from '../fixtures/scene.js';
import { type Whoami, whoami } from '../fixtures/whoami.js';

let scene: Scene;
let server: Whoami;
beforeAll(async () => {
  scene = await startScene({
    endpoint: { scopes: [] },
    upstream: {
      credential: { kind: 'identity', audience: 'files-backend' },
      headers: { 'X-User': '{subject}', 'X-Tenant-Id': '{tenant?}' },
    },
    root: { identity: { keys: ['${env:IDENTITY_KEY}'] } },
    env: { IDENTITY_KEY: ringKey().pem },
  });
  server = whoami({ issuer: scene.gateway.url, audience: 'files-backend' });
});
afterAll(() => scene.stop());
beforeEach(() => {
  scene.upstream.reset();
  scene.upstream.answer(server.answer);
});

const callOf = (sub: string, tid?: string): Buffer => {
  const token = scene.token({ claims: { sub, tid } });
  const own: [string, string][] = [
    ['X-User', 'admin'],
    ['x_user', 'admin'],
    ['X-Tenant-Id', 'evil'],
  ];
  return requestBytes(scene.gateway.port, modern('tools/list', { token, headers: own }));
};
const resultOf = ({ body }: { body: string }): unknown => (JSON.parse(body) as { result: unknown }).result;

test('two users in one keep-alive connection, in turn (A-43, A-44, E-07)', async () => {
  const connection = await openRaw(scene.gateway.port);
  for (const [sub, tid] of [['alice'], ['bob', 'acme'], ['alice'], ['alice', 'acme'], ['bob', 'other']] as const) {
    await connection.write(callOf(sub, tid));
    const response = await connection.response();
    expect(resultOf(response)).toEqual({ sub, user: sub, ...(tid === undefined ? {} : { tenant: tid }) });
  }
  connection.destroy();
  // One connection to the upstream carried all of them, too.
  expect(new Set(scene.upstream.requests.map((one) => one.connection)).size).toBe(1);
  expect(server.rejected).toEqual([]);
  expect(JSON.stringify(scene.upstream.requests.map(({ rawHeaders }) => rawHeaders))).not.toMatch(/admin|evil/);
});

test('a caller without a fact that a header needs gets 403, and no call or identity JWT goes out', async () => {
  const before = scene.upstream.hits;
  const response = await scene.send(callOf('line\r\nX-Admin: true'));
  expect([response.status, scene.upstream.hits]).toEqual([403, before]);
  expect((await scene.logOf(response)).reason).toBe('claim.missing');
});
