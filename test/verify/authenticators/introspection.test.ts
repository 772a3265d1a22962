// Introspection of a token: active, inactive, or no result. Without a result the token is never
// reported as bad.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ClientAuthentication } from '../../../src/core/client-authentication.js';
import { secret } from '../../../src/core/secret.js';
import { type IssuerMode, type JwksIssuer, startJwksIssuer } from '../../fixtures/jwks-issuer.js';
import { rsaKey } from '../../fixtures/mint.js';
import { type Answer, answers, type RawUpstream, startRawUpstream } from '../../fixtures/raw-upstream.js';
import { accessToken } from '../../support/endpoint.js';
import { active, introspecting } from '../../support/introspecting.js';

const { json, status } = answers;
let issuer: JwksIssuer;
let server: RawUpstream;
beforeAll(async () => {
  issuer = await startJwksIssuer({ keys: [rsaKey()] });
  server = await startRawUpstream(json(active()));
});
beforeEach(async () => {
  server.reset();
  await issuer.setMode('ok');
  issuer.introspect = () => active();
  issuer.metadata = {};
  issuer.hits.introspection = 0;
  issuer.hits.metadata = 0;
});
afterAll(() => Promise.all([issuer.stop(), server.stop()]));

describe('the introspection request', () => {
  test.each([
    ['portcullis', 's3cret', 'portcullis:s3cret'],
    ['a:b', 'p%:+ \u00e9&', 'a%3Ab:p%25%3A%2B%20%C3%A9%26'],
  ])('is a form with the token, and Basic of the encoded client: %s (C-80, C-81)', async (clientId, plain, pair) => {
    const received: [string, string | undefined][] = [];
    issuer.introspect = (form, authorization) => {
      received.push([form.toString(), authorization]);
      return active();
    };
    expect(
      await introspecting(issuer, { client: { auth: 'basic', clientId, clientSecret: secret(plain) } }).reason('a+b/c=='),
    ).toBe('ok');
    expect(received).toEqual([
      ['token=a%2Bb%2Fc%3D%3D&token_type_hint=access_token', `Basic ${Buffer.from(pair).toString('base64')}`],
    ]);
  });

  test('has the client in the form with auth: post (C-81)', async () => {
    const received: [Record<string, string>, string | undefined][] = [];
    issuer.introspect = (form, authorization) => {
      received.push([Object.fromEntries(form), authorization]);
      return active();
    };
    expect(
      await introspecting(issuer, { client: { auth: 'post', clientId: 'portcullis', clientSecret: secret('s3cret') } }).reason(
        't',
      ),
    ).toBe('ok');
    expect(received).toEqual([
      [{ token: 't', token_type_hint: 'access_token', client_id: 'portcullis', client_secret: 's3cret' }, undefined],
    ]);
  });

  test('goes to the endpoint in the metadata, which is fetched once', async () => {
    const { reason } = introspecting(issuer, { url: null });
    expect([await reason('a'), await reason('b')]).toEqual(['ok', 'ok']);
    expect(issuer.hits).toMatchObject({ metadata: 1, introspection: 2 });
  });

  test('fetches the metadata once for many tokens (C-86)', async () => {
    const { reason } = introspecting(issuer, { url: null });
    await Promise.all(Array.from({ length: 20 }, (_, i) => reason(`token-${i}`)));
    expect(issuer.hits).toMatchObject({ metadata: 1, introspection: 20 });
  });

  test.each<[string, Record<string, unknown>, number]>([
    ['of another issuer (C-24)', { issuer: 'https://evil.example' }, 1000],
    ['without the endpoint', { introspection_endpoint: undefined }, 500],
    ['with an unsafe endpoint (A-64)', { introspection_endpoint: 'http://auth.example/introspect' }, 500],
  ])('is not sent with metadata %s, until the issuer corrects it', async (_what, metadata, waitMs) => {
    const { ask, reason, clock } = introspecting(issuer, { url: null });
    issuer.metadata = metadata;
    const rejection = { definition: { reason: 'introspection.unavailable' }, detail: expect.stringContaining('metadata') };
    expect(await ask()).toMatchObject(rejection);
    expect(issuer.hits.introspection).toBe(0);
    issuer.metadata = {};
    const { metadata: fetches } = issuer.hits;
    clock.advance(waitMs - 1);
    expect([await reason(), issuer.hits.metadata]).toEqual(['introspection.unavailable', fetches]);
    clock.advance(1);
    expect(await reason()).toBe('ok');
  });
});

describe('an active token (C-82)', () => {
  test('makes a principal', async () => {
    const { ask, clock } = introspecting(issuer);
    const exp = Math.floor(clock.wallMs() / 1000) + 300;
    issuer.introspect = () => active({ exp, iss: issuer.issuer });
    expect(await ask()).toEqual({
      ok: true,
      value: accessToken({
        method: 'introspection',
        evidence: 'scoped',
        issuer: issuer.issuer,
        expiresAt: exp,
        claims: active({ exp, iss: issuer.issuer }),
      }),
    });
  });

  test('without sub is for the client itself (A-53)', async () => {
    issuer.introspect = () => active({ sub: undefined });
    expect(await introspecting(issuer).ask()).toMatchObject({
      ok: true,
      value: { principal: { subject: 'cli', kind: 'token', client: 'cli' } },
    });
  });

  const now = Math.floor(Date.now() / 1000);
  test.each<[string, Record<string, unknown>, string]>([
    ['another issuer', { iss: 'https://other.example' }, 'token.claims'],
    ['exp in the past', { exp: now - 90 }, 'token.expired'],
    ['exp that is not a date', { exp: 'never' }, 'token.claims'],
    ['nbf ahead', { nbf: now + 90 }, 'token.not_yet_valid'],
    ['the type of a refresh token (A-46)', { token_type: 'refresh_token' }, 'token.claims'],
    ['the use of a refresh token (A-46)', { token_use: 'refresh' }, 'token.type'],
    ['the typ of an ID token', { typ: 'ID' }, 'token.type'],
    ['cnf (C-110)', { cnf: { jkt: 'x' } }, 'token.claims'],
    ['neither sub nor client', { sub: undefined, client_id: undefined }, 'token.claims'],
    ['an aud that is not a string', { aud: 5 }, 'token.claims'],
    ['a scope that is not a string', { scope: 5 }, 'token.claims'],
  ])('with %s is rejected all the same (C-84)', async (_what, changes, reason) => {
    expect(await introspecting(issuer).reason()).toBe('ok');
    issuer.introspect = () => active(changes);
    expect(await introspecting(issuer).reason()).toBe(reason);
  });
});

test('an inactive token is bad, whatever else is in the response (C-82)', async () => {
  issuer.introspect = () => active({ active: false });
  expect(await introspecting(issuer).reason()).toBe('token.inactive');
});

describe('no result is 503, and is not cached (C-83, E-05)', () => {
  test.each<[string, unknown]>([
    ['"true"', { ...active(), active: 'true' }],
    ['1', { ...active(), active: 1 }],
    ['null', { ...active(), active: null }],
    ['missing', { ...active(), active: undefined }],
    ['an empty object', {}],
    ['a list', [active()]],
    ['a string', 'active'],
  ])('active is %s (C-82)', async (_what, answer) => {
    const { reason } = introspecting(issuer);
    issuer.introspect = () => answer;
    expect(await reason()).toBe('introspection.unavailable');
    issuer.introspect = () => active();
    expect(await reason()).toBe('ok');
  });

  test.each<[IssuerMode]>([['500'], ['html'], ['redirect'], ['empty'], ['huge'], ['reset'], ['closed'], ['hang']])(
    '%s',
    async (mode) => {
      const { reason } = introspecting(issuer);
      await issuer.setMode(mode);
      const started = performance.now();
      expect(await reason()).toBe('introspection.unavailable');
      expect(performance.now() - started).toBeLessThan(3000);
      expect(issuer.hits.introspection).toBeLessThanOrEqual(1);
      await issuer.setMode('ok');
      expect(await reason()).toBe('ok');
    },
  );

  test.each<[string, Answer, number | undefined]>([
    ['429 with Retry-After', status(429, [['retry-after', '7']]), 7],
    ['503 with Retry-After', status(503, [['retry-after', '20']]), 20],
    ['503 with a date', status(503, [['retry-after', 'Fri, 31 Dec 1999 23:59:59 GMT']]), 1],
    ['502', status(502), 1],
    ['404', status(404), 1],
    ['204', status(204), 1],
  ])('%s', async (_what, answer, retryAfterSeconds) => {
    const { ask } = introspecting(issuer, { url: server.url });
    server.next(answer);
    expect(await ask()).toMatchObject({ ok: false, definition: { reason: 'introspection.unavailable' }, retryAfterSeconds });
    expect((await ask()).ok).toBe(true);
  });
});

describe('a rejected gateway is 503 and an error in the log, never a bad token (C-83)', () => {
  test.each<[string, Answer]>([
    ['401', status(401, [['www-authenticate', 'Basic']])],
    [
      '401 with invalid_token, and a challenge for Basic',
      status(401, [['www-authenticate', 'Basic']], '{"error":"invalid_token"}'),
    ],
    ['403', status(403)],
    ['400 invalid_client', json({ error: 'invalid_client' }, 400)],
    ['400 unauthorized_client', json({ error: 'unauthorized_client' }, 400)],
  ])('%s', async (_what, answer) => {
    const { reason, notices } = introspecting(issuer, { url: server.url });
    server.next(answer);
    expect(await reason()).toBe('introspection.gateway_rejected');
    expect(notices).toMatchObject([{ event: 'introspection.client_rejected', level: 'error', issuer: issuer.issuer }]);
    expect(await reason()).toBe('ok');
  });

  test.each<[string, Answer]>([
    ['in the body', json({ error: 'invalid_token' }, 401)],
    ['in the challenge', status(401, [['www-authenticate', 'Bearer error="invalid_token"']])],
  ])('401 invalid_token is about the token, unless auth is bearer: %s', async (_what, answer) => {
    const { reason, notices } = introspecting(issuer, { url: server.url });
    server.next(answer);
    expect(await reason()).toBe('token.inactive');
    // Not remembered: only active: false is.
    expect([notices, await reason()]).toEqual([[], 'ok']);
    const bearer = introspecting(issuer, { url: server.url, client: { auth: 'bearer', clientSecret: secret('t') } });
    server.next(answer);
    expect([await bearer.reason(), bearer.notices.length, await bearer.reason()]).toEqual([
      'introspection.gateway_rejected',
      1,
      'ok',
    ]);
  });

  test.each<[string, ClientAuthentication, string]>([
    ['basic with a reserved character', { auth: 'basic', clientId: 'gate', clientSecret: secret('p%q') }, 'auth: post'],
    ['basic with a URL as client id', { auth: 'basic', clientId: 'https://a.example', clientSecret: secret('p') }, 'auth: post'],
    ['basic without one', { auth: 'basic', clientId: 'gate', clientSecret: secret('p') }, 'of introspection'],
    ['post', { auth: 'post', clientId: 'gate', clientSecret: secret('p%q') }, 'of introspection'],
  ])('the log says which fields to check, or that the encoding may be the cause: %s', async (_what, client, hint) => {
    const { ask, notices } = introspecting(issuer, { url: server.url, client });
    server.next(status(401));
    const detail = expect.stringMatching(new RegExp(`^status 401; .*${hint}$`));
    expect(await ask()).toMatchObject({ definition: { reason: 'introspection.gateway_rejected' }, detail });
    expect(notices).toMatchObject([{ event: 'introspection.client_rejected', detail }]);
  });

  test.each<[string, Answer]>([
    ['invalid_request', json({ error: 'invalid_request' }, 400)],
    ['invalid_token', json({ error: 'invalid_token' }, 400)],
    ['not JSON', status(400, [], 'bad token')],
  ])('any other 400 is about the token: %s', async (_what, answer) => {
    const { reason, notices } = introspecting(issuer, { url: server.url });
    server.next(answer);
    expect(await reason()).toBe('token.inactive');
    expect([notices, await reason()]).toEqual([[], 'ok']);
  });
});
