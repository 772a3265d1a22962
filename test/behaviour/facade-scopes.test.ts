// A refresh at the facade gets no scope that its login did not have, whatever the identity provider
// would give: some let a refresh token grow.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type FacadeScene, startFacadeScene } from '../fixtures/facade-scene.js';

let scene: FacadeScene;
beforeAll(async () => {
  scene = await startFacadeScene();
});
afterAll(() => scene.stop());

test('a refresh with the scopes of the login, with fewer, and with more', async () => {
  const { client, idps } = scene;
  const { clientId, code, verifier } = await client.code();
  let { json } = await client.exchange(clientId, code, verifier);
  const refresh = async (fields: Record<string, string>) => {
    const grant = { grant_type: 'refresh_token', client_id: clientId, refresh_token: String(json.refresh_token) };
    const answer = await client.post('token', { ...grant, ...fields });
    if (answer.status === 200) ({ json } = answer);
    return answer;
  };
  expect((await refresh({ scope: 'files:read' })).status).toBe(200);
  expect((await refresh({})).status).toBe(200);
  const before = idps[0].tokenRequests;
  const more = await refresh({ scope: 'files:read admin' });
  expect([more.status, more.json.error]).toEqual([400, 'invalid_scope']);
  expect(await scene.reasonOf(more)).toBe('invalid_scope');
  expect(idps[0].tokenRequests).toBe(before);
  expect((await refresh({ scope: 'files:read' })).status).toBe(200);
});
