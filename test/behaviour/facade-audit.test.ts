// The audit of the facade: a record of each act of a login, and no act while it cannot record.
import { rmSync, symlinkSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type FacadeScene, startFacadeScene } from '../fixtures/facade-scene.js';
import { until } from '../fixtures/wait.js';
import { type AuditLine, auditFile, recordsOf } from '../support/audit-scene.js';
import { Browser, pkce } from '../support/facade-login.js';

describe('records', () => {
  const file = auditFile();
  let scene: FacadeScene;
  beforeAll(async () => {
    scene = await startFacadeScene({ root: { audit: { file } } });
  });
  afterAll(() => scene.stop());

  test('of a registration, consent, login, token, refresh and revocation', async () => {
    const { client } = scene;
    const { clientId, code, verifier } = await client.code();
    const { json } = await client.exchange(clientId, code, verifier);
    const grant = { grant_type: 'refresh_token', client_id: clientId, refresh_token: String(json.refresh_token) };
    const renewed = await client.post('token', grant);
    const token = String(renewed.json.refresh_token);
    expect((await client.post('revoke', { client_id: clientId, token })).status).toBe(200);
    const acts = (): AuditLine[] => recordsOf(file).filter(({ act }) => act !== undefined);
    const records = await until('six records', () => (acts().length >= 6 ? acts() : undefined));
    const common = { audit: 1, verdict: 'allowed', reason: 'ok', issuer: client.issuer, requestId: expect.any(String) };
    const about = { ...common, clientId: records[0]?.clientId, grant: [client.resource], scopes: ['files:read'] };
    expect(records).toMatchObject([
      { ...common, act: 'registration', 'unverified.client_name': 'A client', clientId: expect.stringMatching(/^[\w-]{43}$/) },
      { ...about, act: 'consent', returnsTo: '127.0.0.1:9' },
      { ...about, act: 'login', returnsTo: '127.0.0.1:9' },
      { ...about, act: 'token' },
      { ...about, act: 'refresh' },
      { ...about, act: 'revocation' },
    ]);
    const text = JSON.stringify(recordsOf(file));
    for (const kept of [clientId, code, verifier, token, String(json.access_token)]) expect(text).not.toContain(kept);
  });

  test('of a refusal of the person, and of a rejected token request', async () => {
    const { client } = scene;
    const { client_id } = await client.registered();
    const browser = new Browser();
    const html = await (await browser.send(client.loginUrl(client_id, pkce().challenge))).text();
    await client.consent(browser, html, 'deny');
    await client.exchange(client_id, 'guess', pkce().verifier);
    const denied = () => recordsOf(file).filter(({ verdict }) => verdict === 'denied');
    const records = await until('two records', () => (denied().length >= 2 ? denied() : undefined));
    expect(records).toMatchObject([
      { act: 'consent', reason: 'grant.refused', 'url.path': '/oauth/main/consent' },
      { reason: 'grant.refused', 'url.path': '/oauth/main/token' },
    ]);
  });
});

describe('a full disk', () => {
  let scene: FacadeScene;
  afterEach(() => scene.stop());
  // The gateway looks at the file once a second, at a record: an unknown path makes one.
  const isUp = async (up: 0 | 1) =>
    until(`portcullis_audit_up ${up}`, async () => {
      await fetch(`${scene.gateway.url}/unknown`, { signal: AbortSignal.timeout(2_000) });
      return (await scene.gateway.metrics()).split('\n').includes(`portcullis_audit_up ${up}`);
    });

  test.each(['reject', 'continue'])('onFailure %s', async (onFailure) => {
    const file = auditFile();
    scene = await startFacadeScene({ root: { audit: { file, onFailure } } });
    const { client, idps } = scene;
    const { clientId, code, verifier } = await client.code();
    rmSync(file);
    symlinkSync('/dev/full', file);
    expect((await client.register()).status).toBe(201);
    await isUp(0);
    const requests = idps[0].tokenRequests;
    const answers = [
      (await client.register()).status,
      (await new Browser().send(client.loginUrl(clientId, pkce().challenge))).status,
      (await client.exchange(clientId, code, verifier)).status,
    ];
    const isRejected = onFailure === 'reject';
    expect(answers).toEqual(isRejected ? [503, 503, 503] : [201, 200, 200]);
    expect(idps[0].tokenRequests - requests).toBe(isRejected ? 0 : 1);
    rmSync(file);
    await isUp(1);
    if (isRejected) expect((await client.exchange(clientId, code, verifier)).status).toBe(200);
  });
});
