// The token of the gateway itself: one for all callers.
import { generateKeyPairSync } from 'node:crypto';
import { decodeJwt } from 'jose';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { PrincipalCredential } from '../../../src/core/endpoint-runtime.js';
import type { Principal } from '../../../src/core/principal.js';
import { secret } from '../../../src/core/secret.js';
import { answers, type RawUpstream, startRawUpstream } from '../../fixtures/raw-upstream.js';
import { until } from '../../fixtures/wait.js';
import { keyCaller, keyCredential, principal } from '../../support/endpoint.js';
import { BACKEND, formOf, issuedJwt, ownToken } from '../../support/exchanging.js';

const { json } = answers;
let server: RawUpstream;
let count = 0;
beforeAll(async () => {
  server = await startRawUpstream(async (exchange) => {
    count += 1;
    await json({ access_token: `own-${count}`, token_type: 'bearer', expires_in: 100 })(exchange);
  }, 'issuer');
});
beforeEach(() => {
  server.reset();
  count = 0;
});
afterAll(() => server.stop());

const bearer = { kind: 'bearer', token: 'eyJ.caller.token' } as const;
async function call({ headers }: PrincipalCredential, who: Principal = principal()): Promise<string> {
  const found = await headers(who, who.key === null ? bearer : keyCredential());
  return found.ok ? found.value.join(' ') : found.definition.reason;
}
const own = (number: number): string => `authorization Bearer own-${number}`;

test('the request is that of RFC 6749 section 4.4.2, without a token of the caller', async () => {
  const { credential } = ownToken(server, {
    audience: [BACKEND],
    resource: ['https://files.example.com/mcp'],
    scopes: ['a', 'b'],
    parameters: { organization: 'acme' },
  });
  expect(await call(credential)).toBe(own(1));
  expect(server.requests.map(formOf)).toEqual([
    [
      ['grant_type', 'client_credentials'],
      ['audience', BACKEND],
      ['resource', 'https://files.example.com/mcp'],
      ['scope', 'a b'],
      ['organization', 'acme'],
    ],
  ]);
});

test('all callers share one token, and 50 calls at once one request', async () => {
  const { credential } = ownToken(server);
  const callers = Array.from({ length: 50 }, (_value, at) => (at % 2 === 0 ? principal({ subject: `user-${at}` }) : keyCaller()));
  expect(new Set(await Promise.all(callers.map((who) => call(credential, who))))).toEqual(new Set([own(1)]));
  expect(server.hits).toBe(1);
});

test('the end of a caller does not end it, and it is renewed ahead', async () => {
  const { credential, clock } = ownToken(server);
  await call(credential, principal({ expiresAt: clock.wallMs() / 1000 + 5 }));
  clock.advance(76_000);
  expect(await call(credential)).toBe(own(1));
  await until('the renewed token', async () => (await call(credential)) === own(2));
  expect(server.hits).toBe(2);
});

test('an assertion is for the token endpoint, because the operator wrote no issuer (RFC 7523)', async () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = secret(String(privateKey.export({ type: 'pkcs8', format: 'pem' })));
  const client = { auth: 'private_key_jwt', clientId: 'gateway', privateKey: pem, algorithm: 'RS256' } as const;
  expect(await call(ownToken(server, { client }).credential)).toBe(own(1));
  const [assertion] = server.requests.map((request) => String(new Map(formOf(request)).get('client_assertion')));
  expect(decodeJwt(String(assertion)).aud).toBe(`${server.url}/token`);
});

test.each([400, 401, 403])('a %i is about the gateway: one alarm, one request in five seconds', async (status) => {
  const { credential, clock, notices } = ownToken(server);
  server.answer(json({ error: 'invalid_client' }, status));
  const reasons = [await call(credential), await call(credential), await call(credential)];
  expect(new Set(reasons)).toEqual(new Set(['exchange.gateway_rejected']));
  expect([server.hits, notices.map(({ event }) => event)]).toEqual([1, ['exchange.client_rejected']]);
  server.reset();
  clock.advance(5_000);
  expect(await call(credential)).toMatch(/own-/);
});

test('a JWT for another audience is not used', async () => {
  server.next(json({ access_token: issuedJwt({ aud: 'other' }), token_type: 'Bearer' }));
  expect(await call(ownToken(server).credential)).toBe('exchange.unavailable');
});

test('a token that the upstream rejects is replaced, once within five seconds', async () => {
  const { credential } = ownToken(server);
  await call(credential);
  credential.rejected?.(principal(), bearer);
  credential.rejected?.(principal({ subject: 'bob' }), bearer);
  expect(await call(credential)).toBe(own(2));
  credential.rejected?.(principal(), bearer);
  expect(await call(credential)).toBe(own(2));
});
