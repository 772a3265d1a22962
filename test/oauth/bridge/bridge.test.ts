// The token endpoint of the bridge: which clients get a token, what it says, and each rejection.
import { decodeProtectedHeader } from 'jose';
import { describe, expect, test } from 'vitest';
import {
  apiKey,
  ask,
  BRIDGE,
  basic,
  bridgeScene,
  CLIENT_CREDENTIALS,
  claimsOf,
  FILES,
  FORM,
  type Form,
  headersOf,
  json,
  KEY_A,
  KEY_B,
  NOTES,
  outcome,
  posted,
  sha256,
} from '../../support/grants.js';

const FINGERPRINT = sha256(KEY_A).slice(0, 8);
const BASIC_ONLY: Form = [CLIENT_CREDENTIALS];

describe('a token', () => {
  test('has the claims of RFC 9068 and names its key', async () => {
    const scene = bridgeScene();
    const answer = await ask(scene);
    const { access_token: token, ...rest } = json(answer);
    expect(rest).toEqual({ token_type: 'Bearer', expires_in: 3600, scope: 'files:read files:write' });
    const iat = Math.floor(scene.clock.wallMs() / 1000);
    expect(claimsOf(answer)).toEqual({
      iss: BRIDGE,
      sub: 'partner-a',
      aud: [FILES, NOTES],
      client_id: 'partner-a',
      key: FINGERPRINT,
      iat,
      exp: iat + 3600,
      jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    const { kid } = scene.bridge.verificationKeys[0] ?? {};
    expect(decodeProtectedHeader(String(token))).toEqual({ alg: 'EdDSA', kid, typ: 'at+jwt' });
    expect(claimsOf(await ask(scene)).jti).not.toBe(claimsOf(answer).jti);
  });

  test('has the headers of RFC 6749 section 5.1, and no failure for the log', async () => {
    const answer = await ask(bridgeScene());
    expect([answer.status, answer.failure]).toEqual([200, null]);
    expect(headersOf(answer)).toEqual({ 'content-type': 'application/json', 'cache-control': 'no-store', pragma: 'no-cache' });
  });

  test('is the same for Basic, plain and encoded', async () => {
    const presented = 'old+key/with=odd%chars 0123456789';
    for (const [id, key] of [
      ['partner@a', presented],
      [encodeURIComponent('partner@a'), encodeURIComponent(presented)],
      ['partner@a', encodeURIComponent(presented).replaceAll('%20', '+')],
    ] as const) {
      const scene = bridgeScene();
      scene.replace(apiKey(presented, { name: 'partner@a' }));
      const answer = await ask(scene, { form: BASIC_ONLY, lines: [FORM, basic(id, key)] });
      expect([key, answer.status]).toEqual([key, 200]);
      expect(claimsOf(answer).client_id).toBe('partner@a');
    }
  });

  test('states the scopes of the key, whatever the client requests (RFC 6749 section 3.3)', async () => {
    const form: Form = [...posted('partner-a', KEY_A), ['scope', 'files:read admin']];
    expect(json(await ask(bridgeScene(), { form })).scope).toBe('files:read files:write');
    expect(json(await ask(bridgeScene(), { form: posted('partner-b', KEY_B) }))).not.toHaveProperty('scope');
  });

  test('is for the requested resources only (RFC 8707)', async () => {
    const form: Form = [...posted('partner-a', KEY_A), ['resource', `${NOTES}/`]];
    expect(claimsOf(await ask(bridgeScene(), { form })).aud).toEqual([NOTES]);
    expect(claimsOf(await ask(bridgeScene(), { form: posted('partner-b', KEY_B) })).aud).toEqual([NOTES]);
  });

  test('ends with its key', async () => {
    const scene = bridgeScene();
    const nowSeconds = Math.floor(scene.clock.wallMs() / 1000);
    scene.replace(apiKey(KEY_A, { sunsetMs: (nowSeconds + 90) * 1000 }));
    const answer = await ask(scene);
    expect([json(answer).expires_in, claimsOf(answer).exp]).toEqual([90, nowSeconds + 90]);
  });

  test('has the configured life', async () => {
    expect(json(await ask(bridgeScene({ tokenSeconds: 60 }))).expires_in).toBe(60);
  });

  test('is reported by fingerprint, address and resource, and never with the key or the token', async () => {
    const scene = bridgeScene();
    const answer = await ask(scene, { address: '198.51.100.4' });
    expect(scene.notices).toEqual([
      {
        event: 'oauth.granted',
        level: 'info',
        keyFingerprint: FINGERPRINT,
        subject: 'partner-a',
        clientAddress: '198.51.100.4',
        resource: [FILES, NOTES],
      },
    ]);
    const logged = JSON.stringify(scene.notices);
    for (const hidden of [KEY_A, sha256(KEY_A), String(json(answer).access_token)]) expect(logged).not.toContain(hidden);
  });
});

describe('with one client id for all', () => {
  const scene = () => bridgeScene({ clientId: 'connector' });
  test('each key gets its own token', async () => {
    for (const [key, sub] of [
      [KEY_A, 'partner-a'],
      [KEY_B, 'partner-b'],
    ] as const) {
      const answer = await ask(scene(), { form: posted('connector', key) });
      expect(claimsOf(answer)).toMatchObject({ sub, client_id: 'connector' });
    }
  });
  test('the name of the key is another client', async () => {
    expect(outcome(await ask(scene()))).toEqual([401, 'invalid_client']);
  });
});

describe('one answer for every client that fails', () => {
  const scene = () => {
    const made = bridgeScene();
    made.replace(
      apiKey(KEY_A),
      apiKey(KEY_B, { name: 'old', sunsetMs: made.clock.wallMs() }),
      apiKey('elsewhere', { name: 'elsewhere', endpoints: ['/other'] }),
    );
    return made;
  };
  test.each<[string, Form, string]>([
    ['an unknown id and secret', posted('nobody', 'wrong'), 'no entry'],
    ['a known id with a wrong secret', posted('partner-a', 'wrong'), 'no entry'],
    ['the right secret with a wrong id', posted('nobody', KEY_A), 'another client id'],
    ['the right secret without an id', [CLIENT_CREDENTIALS, ['client_secret', KEY_A]], 'another client id'],
    ['the hash in place of the key', posted('partner-a', sha256(KEY_A)), 'no entry'],
    ['a key past its sunset', posted('old', KEY_B), 'past its sunset'],
    ['a key without a bridged endpoint', posted('elsewhere', 'elsewhere'), 'other endpoints'],
    ['an id without a secret', [CLIENT_CREDENTIALS, ['client_id', 'partner-a']], 'no client secret'],
    ['nothing', BASIC_ONLY, 'no client secret'],
  ])('%s', async (_name, form, detail) => {
    const answer = await ask(scene(), { form });
    expect([answer.status, json(answer)]).toEqual([
      401,
      { error: 'invalid_client', error_description: 'Client authentication failed' },
    ]);
    expect(headersOf(answer)).toEqual({
      'content-type': 'application/json',
      'cache-control': 'no-store',
      pragma: 'no-cache',
      'www-authenticate': `Basic realm="${BRIDGE}"`,
    });
    expect(answer.failure?.definition.reason).toBe('grant.refused');
    expect(answer.failure?.detail).toContain(detail);
    for (const { 1: secret } of form.slice(1)) expect(answer.failure?.detail).not.toContain(secret);
  });

  test('a token of the bridge as a secret', async () => {
    const made = scene();
    const token = String(json(await ask(made)).access_token);
    expect(outcome(await ask(made, { form: posted('partner-a', token) }))).toEqual([401, 'invalid_client']);
  });

  test('a key that a reload removed', async () => {
    const made = scene();
    expect((await ask(made)).status).toBe(200);
    made.replace();
    expect(outcome(await ask(made))).toEqual([401, 'invalid_client']);
  });
});

test.each<[string, Form, string]>([
  ['another grant', [['grant_type', 'authorization_code']], 'unsupported_grant_type'],
  ['another resource', [...posted('partner-a', KEY_A), ['resource', 'https://other.example.com/mcp']], 'invalid_target'],
  ['a resource of others', [...posted('partner-b', KEY_B), ['resource', FILES]], 'invalid_target'],
  ['a malformed scope', [...posted('partner-a', KEY_A), ['scope', 'a"b']], 'invalid_scope'],
  ['no grant', [], 'invalid_request'],
])('%s: 400 %s', async (_name, form, error) => {
  const answer = await ask(bridgeScene(), { form });
  expect(outcome(answer)).toEqual([400, error]);
  expect(headersOf(answer)).not.toHaveProperty('www-authenticate');
  // RFC 6749 section 5.2: the characters of a description.
  expect(json(answer).error_description).toMatch(/^[\x20\x21\x23-\x5b\x5d-\x7e]+$/);
  expect(answer.failure?.definition).toMatchObject({ reason: 'grant.refused', status: null });
});

test('the authorization endpoint has no flow', () => {
  const answer = bridgeScene().bridge.authorize();
  expect(outcome(answer)).toEqual([400, 'unsupported_response_type']);
  expect(answer.failure?.definition.reason).toBe('grant.refused');
});
