// The acts that the facade hands to the audit. While the audit cannot record, it does nothing.
import { beforeEach, describe, expect, test } from 'vitest';
import { hashOf } from '../../../src/oauth/facade/texts.js';
import { FORM, facadeScene, ISSUER, jsonOf, query, tokens } from '../../support/facade-server.js';
import { files } from '../../support/grants.js';

let scene: ReturnType<typeof facadeScene>;
beforeEach(() => {
  scene = facadeScene();
});

test('each act of a login, with its client and what the identity provider vouched for', async () => {
  const registration = await scene.register();
  const { clientId, sent, ended, exchange } = await scene.toCode();
  const token = await exchange();
  const { refresh_token } = jsonOf(token) as { refresh_token: string };
  const refresh = await scene.call(
    'token',
    'POST',
    query({ grant_type: 'refresh_token', client_id: clientId, refresh_token }),
    FORM,
  );
  const revocation = await scene.call('revoke', 'POST', query({ client_id: clientId, token: refresh_token }), FORM);
  const client = hashOf(clientId);
  const about = { issuer: ISSUER, client, resource: files.resource };
  const scopes = ['files:read'];
  expect([registration, sent, ended, token, refresh, revocation].map(({ audited }) => audited)).toEqual([
    {
      act: 'registration',
      issuer: ISSUER,
      client: hashOf(String(jsonOf(registration).client_id)),
      clientName: 'An app',
      isProven: false,
    },
    { act: 'consent', ...about, scopes: ['files:read', 'openid'], place: '127.0.0.1:9', isProven: false },
    { act: 'login', ...about, scopes, place: '127.0.0.1:9', isProven: false },
    { act: 'token', ...about, scopes, isProven: true },
    { act: 'refresh', ...about, scopes, isProven: true },
    { act: 'revocation', ...about, scopes, isProven: true },
  ]);
});

test('a refusal of the person is a consent that was denied', async () => {
  const { decide } = await scene.begin();
  const { audited, failure } = await decide('deny');
  expect([audited, failure?.detail]).toMatchObject([{ act: 'consent' }, 'access_denied: The person refused']);
});

test('what the identity provider refused vouches for nothing', async () => {
  const { exchange } = await scene.toCode();
  scene.state.answerOfIdp = tokens({ error: 'invalid_grant' }, 400);
  const answer = await exchange();
  expect([answer.audited, answer.status]).toEqual([undefined, 400]);
});

describe('while the audit cannot record', () => {
  const pages = ['authorize', 'consent', 'callback'] as const;
  const endpoints = ['token', 'register', 'revoke'] as const;

  test.each([...pages, ...endpoints])('%s is 503, and the identity provider gets no request', async (page) => {
    const { exchange, back, allow } = await scene.toCode();
    const method = page === 'authorize' || page === 'callback' ? 'GET' : 'POST';
    expect((await scene.call(page, method, '', FORM)).status).toBeLessThan(500);
    const before = scene.requests.length;
    scene.state.canRecord = false;
    for (const answer of [await scene.call(page, method, '', FORM), await exchange(), await back(), await allow()])
      expect([answer.status, answer.failure?.detail]).toEqual([503, 'the audit cannot record it']);
    expect(scene.requests).toHaveLength(before);
    scene.state.canRecord = true;
    expect((await exchange()).status).toBe(200);
  });
  test('a person gets a page, and a client JSON', async () => {
    scene.state.canRecord = false;
    expect((await scene.call('authorize', 'GET')).body).toMatchObject({ kind: 'error' });
    expect(jsonOf(await scene.register())).toMatchObject({ error: 'temporarily_unavailable' });
  });
  test('the key set, which is for everyone, goes on', async () => {
    scene.state.canRecord = false;
    expect((await scene.call('jwks', 'GET')).status).toBe(200);
  });
});
