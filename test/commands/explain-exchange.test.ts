// `explain` asks the token endpoint for real, as the gateway does. It shows where, the life of the
// token, and why there is none. The scene checks that no output has a token or a secret.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ownPort } from '../fixtures/ports.js';
import { answers } from '../fixtures/raw-upstream.js';
import { type Raw, startUpstreamScene, type UpstreamScene } from './explain-upstream-scene.js';

let scene: UpstreamScene;
beforeAll(async () => {
  scene = await startUpstreamScene();
});
beforeEach(() => scene.tokens.reset());
afterAll(() => scene.stop());

const tokenUrl = (): string => `${scene.tokens.url}/token`;
const client = { clientId: 'portcullis', clientSecret: '$' + '{env:CLIENT_SECRET}' };
const exchange = (changes: Raw = {}): Raw => ({
  credential: { kind: 'exchange', tokenUrl: tokenUrl(), audience: 'files-backend', ...client, ...changes },
});
const own = (changes: Raw = {}): Raw => ({
  credential: { kind: 'client-credentials', tokenUrl: tokenUrl(), scopes: ['files:read'], ...client, ...changes },
});
const oauthError = (code: number, error: string) =>
  answers.json({ error, error_description: `of ${scene.env.CLIENT_SECRET} and of the description` }, code);

const issuedJwt = (claims: Raw = {}): string => {
  const exp = Math.floor(Date.now() / 1000) + 7200;
  return scene.issuer.token({ audience: 'files-backend', claims: { exp, ...claims } });
};

/** Answers with a token that no output may have. A value of undefined removes a member. */
function issue(changes: Raw = {}): string {
  const answer = {
    access_token: issuedJwt(),
    issued_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    token_type: 'Bearer',
    expires_in: 300,
    ...changes,
  };
  scene.hide(String(answer.access_token));
  scene.tokens.answer(answers.json(answer));
  return String(answer.access_token);
}

describe('exchange', () => {
  test('asks the token endpoint, and shows where, the life and the audience of the token', async () => {
    const issued = issue({ expires_in: 240 });
    const token = scene.token();
    const { code, step, text } = await scene.explain(
      scene.raw(exchange({ scopes: ['read'], parameters: { connector_id: 'ldap' } })),
      token,
    );
    expect([code, step.state]).toEqual([0, 'pass']);
    expect(step.observed).toEqual({
      credential: 'exchange',
      requests: [{ url: tokenUrl(), status: 200, lifeSeconds: 240, aud: 'files-backend' }],
      'header Authorization': { scheme: 'Bearer', characters: `Bearer ${issued}`.length, fingerprint: expect.any(String) },
    });
    expect(step.expected).toEqual({
      credential: 'exchange',
      'token endpoint': tokenUrl(),
      audience: ['files-backend'],
      scopes: ['read'],
      parameters: ['connector_id'],
    });
    expect(text).toContain(`requests [{"url":"${tokenUrl()}","status":200,"lifeSeconds":240,"aud":"files-backend"}]`);
    // The text and the JSON ask once each.
    expect(scene.tokens.hits).toBe(2);
    const form = new URLSearchParams(scene.tokens.last?.body.toString());
    expect([form.get('subject_token'), form.get('audience')]).toEqual([token, 'files-backend']);
  });

  test('the earlier of expires_in and exp, and an opaque token without an end', async () => {
    issue({ expires_in: 3600, access_token: issuedJwt({ exp: Math.floor(Date.now() / 1000) + 100 }) });
    const { step } = await scene.explain(scene.raw(exchange()), scene.token());
    const [request] = step.observed.requests as { lifeSeconds: number }[];
    expect(request?.lifeSeconds).toBeGreaterThan(90);
    expect(request?.lifeSeconds).toBeLessThan(101);
    issue({ expires_in: undefined, access_token: 'opaque-token-of-the-server-0123456789' });
    const opaque = await scene.explain(scene.raw(exchange()), scene.token());
    expect(opaque.step.observed.requests).toEqual([{ url: tokenUrl(), status: 200, lifeSeconds: 'not stated' }]);
  });

  test('a query of the token endpoint is not shown', async () => {
    issue();
    scene.hide('key-in-the-query');
    const { step } = await scene.explain(scene.raw(exchange({ tokenUrl: `${tokenUrl()}?key=key-in-the-query` })), scene.token());
    expect([step.state, step.expected['token endpoint']]).toEqual(['pass', tokenUrl()]);
  });

  test('the endpoint of the metadata, where the configuration has none', async () => {
    issue();
    scene.issuer.metadata = { token_endpoint: tokenUrl() };
    const { step } = await scene.explain(scene.raw(exchange({ tokenUrl: undefined })), scene.token());
    expect(step).toMatchObject({
      state: 'pass',
      observed: { requests: [{ url: tokenUrl(), status: 200 }] },
      expected: { 'token endpoint': 'that of the metadata' },
    });
    scene.issuer.metadata = { token_endpoint: undefined };
    const without = await scene.explain(scene.raw(exchange({ tokenUrl: undefined })), scene.token());
    scene.issuer.metadata = {};
    expect(without.step).toMatchObject({ state: 'fail', reason: 'exchange.unavailable', observed: { credential: 'exchange' } });
    expect(without.step.detail).toContain('set upstream.credential.tokenUrl');
  });

  test.each([
    ['another audience', () => scene.token({ aud: 'https://elsewhere.example' })],
    ['a changed signature', () => `${scene.token().slice(0, -8)}AAAAAAAA`],
  ])('a token with %s never reaches the token endpoint', async (_title, flawed) => {
    issue();
    const { step, reason } = await scene.explain(scene.raw(exchange()), flawed());
    expect([step.state, step.unverified, scene.tokens.hits]).toEqual(['not reached', 'unknown', 0]);
    expect(reason).toMatch(/^(token|audience)\./);
  });

  test('a caller without a required fact never reaches it', async () => {
    issue();
    const { reason } = await scene.explain(scene.raw({ ...exchange(), headers: { 'X-Tenant-Id': '{tenant}' } }), scene.token());
    expect([reason, scene.tokens.hits]).toEqual(['claim.missing', 0]);
  });

  test.each<[number, string, string, RegExp]>([
    [401, 'invalid_client', 'exchange.gateway_rejected', /^the token endpoint rejects the client portcullis for every caller.* auth: post$/],
    [401, 'unauthorized_client', 'exchange.gateway_rejected', /^the token endpoint rejects the client portcullis/],
    [400, 'invalid_client', 'exchange.refused', /does not know the target files-backend\. In Keycloak, audience is the client id/],
    [400, 'invalid_target', 'exchange.refused', /does not know the target files-backend/],
    [403, 'access_denied', 'exchange.refused', /In Keycloak, portcullis must be in aud of the token/],
    [400, 'invalid_request', 'exchange.refused', /switch on standard token exchange for portcullis/],
    [400, 'invalid_grant', 'exchange.refused', /does not accept this token for an exchange/],
    [400, 'invalid_scope', 'exchange.refused', /does not give portcullis the scopes files:read/],
    [400, 'unsupported_grant_type', 'exchange.refused', /grant: on-behalf-of/],
    [400, 'of_its_own', 'exchange.refused', /log of the issuer/],
  ])('%i %s: the row, the code and what it usually means', async (code, error, reason, words) => {
    scene.tokens.answer(oauthError(code, error));
    const status = reason === 'exchange.refused' ? 403 : 503;
    const explained = await scene.explain(scene.raw(exchange({ scopes: ['files:read'] })), scene.token());
    expect([explained.code, explained.reason, explained.status]).toEqual([1, reason, status]);
    expect(explained.step.observed).toEqual({ credential: 'exchange', requests: [{ url: tokenUrl(), status: code }] });
    expect(explained.step.detail).toContain(`status ${code} ${error}`);
    expect(explained.fix?.words).toMatch(words);
    expect(explained.text).toContain(`The gateway would reject the request: ${reason}, HTTP ${status}, log event proxy.exchange_`);
    expect(explained.text).not.toContain('of the description');
  }); // biome-ignore format: one row each

  test('a token for another audience: exchange.unavailable, with its aud', async () => {
    issue({ access_token: issuedJwt({ aud: 'another-backend' }) });
    const { reason, status, step, fix } = await scene.explain(scene.raw(exchange()), scene.token());
    expect([reason, status]).toEqual(['exchange.unavailable', 503]);
    expect(step.observed.requests).toMatchObject([{ aud: 'another-backend' }]);
    expect(fix?.words).toMatch(/^compare aud of the token with audience and resource/);
  });

  test.each<[string, () => void, Raw]>([
    ['HTML', () => scene.tokens.answer(answers.status(200, [['content-type', 'text/html']], '<html>login</html>')), { status: 200 }],
    ['a redirect', () => scene.tokens.answer(answers.status(307, [['location', 'https://elsewhere.example/']])), { status: 307 }],
    ['500', () => scene.tokens.answer(answers.status(500)), { status: 500 }],
  ])('%s: exchange.unavailable', async (_title, answer, seen) => {
    answer();
    const { reason, step } = await scene.explain(scene.raw(exchange()), scene.token());
    expect([reason, step.observed.requests]).toEqual(['exchange.unavailable', [{ url: tokenUrl(), ...seen }]]);
  }); // biome-ignore format: one row each

  test('no server', async () => {
    const url = `http://127.0.0.1:${await ownPort()}/token`;
    const { reason, step } = await scene.explain(scene.raw(exchange({ tokenUrl: url })), scene.token());
    expect([reason, step.observed.requests]).toEqual(['exchange.unavailable', [{ url, problem: 'ECONNREFUSED' }]]);
  });
});

describe('client-credentials', () => {
  test('asks the token endpoint without the token of the caller', async () => {
    issue({ expires_in: 600, issued_token_type: undefined });
    const { step } = await scene.explain(scene.raw(own()), scene.token());
    expect(step.observed).toMatchObject({
      credential: 'client-credentials',
      requests: [{ url: tokenUrl(), status: 200, lifeSeconds: 600 }],
    });
    expect(step.expected).toEqual({ credential: 'client-credentials', 'token endpoint': tokenUrl(), scopes: ['files:read'] });
    expect(scene.tokens.last?.body.toString()).toBe('grant_type=client_credentials&scope=files%3Aread');
  });

  test.each<[number, string, RegExp]>([
    [401, 'invalid_client', /^the token endpoint rejects the client portcullis for every caller/],
    [400, 'invalid_scope', /knows the client portcullis and rejects its request\. .* compare scopes/],
    [400, 'unauthorized_client', /Allow the grant client_credentials to it/],
    [401, 'unauthorized_client', /^the token endpoint rejects the client portcullis for every caller/],
  ])('%i %s: exchange.gateway_rejected', async (code, error, words) => {
    scene.tokens.answer(oauthError(code, error));
    const { reason, status, fix } = await scene.explain(scene.raw(own()), scene.token());
    expect([reason, status, fix?.words]).toEqual(['exchange.gateway_rejected', 503, expect.stringMatching(words)]);
  });
});
