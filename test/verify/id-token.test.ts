// Verifies ID tokens as a facade gets them: one good token, and one flaw for each case.
import { expect, test } from 'vitest';
import { fixedMetadata } from '../../src/idp/fixed-metadata.js';
import { createSigningRing } from '../../src/oauth/signing-keys.js';
import type { JwtPolicy } from '../../src/verify/authenticators/jwt.js';
import { createIdTokenVerifier } from '../../src/verify/id-token.js';
import { createOwnIssuer } from '../../src/verify/issuer/own-issuer.js';
import { testClock } from '../support/clock.js';
import { ringKey } from '../support/grants.js';

type Fields = Record<string, unknown>;

const IDP = 'https://login.example.org';
const clock = testClock();
const now = Math.floor(clock.wallMs() / 1000);
const keys = [ringKey()];
const ring = createSigningRing<{ iss: string }>(keys, 'JWT');
const own = createOwnIssuer({ issuer: IDP, clockToleranceSeconds: 0 }, ring.verificationKeys, fixedMetadata(IDP, null), clock);
// Its typ and its required claims are for access tokens.
const policy: JwtPolicy = { ...own.policy, typ: 'at+jwt', requiredClaims: { typ: 'Bearer' } };
const verify = createIdTokenVerifier({ policy, keys: own.keys, clientId: 'gateway', clock });

const good = {
  iss: IDP,
  sub: 'alice',
  aud: 'gateway',
  iat: now,
  exp: now + 60,
  nonce: 'n',
  at_hash: 'h',
  email: 'a@example.org',
};
const LOGIN = { nonce: 'n', isRefreshed: false };
const REFRESH = { nonce: 'n', isRefreshed: true };

async function reasonOf(changes: Fields, expected = LOGIN, typ = 'JWT', signers = keys): Promise<string> {
  const token = await createSigningRing<{ iss: string }>(signers, typ).sign({ ...good, ...changes });
  const verified = await verify(token, expected);
  return verified.ok ? `ok ${verified.value.subject}` : `${verified.definition.reason}: ${verified.detail}`;
}

test('a good ID token names the person and has its claims', async () => {
  const verified = await verify(await ring.sign(good), LOGIN);
  expect(verified).toMatchObject({ ok: true, value: { subject: 'alice', claims: { email: 'a@example.org' } } });
});

test.each<[string, Fields]>([
  ['a list with the client, and azp', { aud: ['gateway', 'api'], azp: 'gateway' }],
  ['azp beside one audience', { azp: 'gateway' }],
  ['token_use of Cognito', { token_use: 'id' }],
  ['typ of Keycloak', { typ: 'ID' }],
])('passes: %s', async (_name, changes) => expect(await reasonOf(changes)).toBe('ok alice'));

test.each<[string, Fields, string]>([
  ['another issuer', { iss: 'https://evil.example' }, 'token.claims: iss'],
  ['another client', { aud: 'another' }, 'token.claims: aud'],
  ['no client', { aud: undefined }, 'token.claims: aud'],
  ['several audiences without azp', { aud: ['gateway', 'api'] }, 'token.claims: azp'],
  ['azp of another client', { azp: 'another' }, 'token.claims: azp'],
  ['another nonce', { nonce: 'm' }, 'token.claims: nonce'],
  ['no nonce', { nonce: undefined }, 'token.claims: nonce'],
  ['past its end', { exp: now }, 'token.expired'],
  ['no end', { exp: undefined }, 'token.claims: exp'],
  ['issued in the future', { iat: now + 60 }, 'token.not_yet_valid'],
  ['no iat', { iat: undefined }, 'token.claims: iat'],
  ['no subject', { sub: undefined }, 'token.claims: sub'],
  ['an empty subject', { sub: '' }, 'token.claims: sub'],
  ['a subject that is a number', { sub: 7 }, 'token.claims: sub'],
  ['a subject that is too long', { sub: 'a'.repeat(256) }, 'token.claims: sub'],
  ['an access token of Cognito', { token_use: 'access' }, 'token.type: token_use'],
  ['an access token of Keycloak', { typ: 'Bearer' }, 'token.type: the claim typ'],
  ['a logout token', { events: {} }, 'token.type: events'],
])('rejects: %s', async (_name, changes, reason) => expect(await reasonOf(changes)).toContain(reason));

test('rejects another header type', async () => {
  for (const typ of ['at+jwt', 'logout+jwt', 'dpop+jwt']) expect(await reasonOf({}, LOGIN, typ)).toContain('token.type: typ');
  expect(await reasonOf({}, LOGIN, 'jwt')).toBe('ok alice');
});

test('rejects another key, a changed text and other texts', async () => {
  expect(await reasonOf({}, LOGIN, 'JWT', [ringKey()])).toContain('token.key_unknown');
  const token = await ring.sign(good);
  const [head, , signature] = token.split('.');
  const changed = Buffer.from(JSON.stringify({ ...good, sub: 'bob' })).toString('base64url');
  expect(await verify(`${head}.${changed}.${signature}`, LOGIN)).toMatchObject({
    ok: false,
    definition: { reason: 'token.signature' },
  });
  const header = (alg: string): string => Buffer.from(JSON.stringify({ alg })).toString('base64url');
  for (const alg of ['none', 'HS256', 'RS256'])
    expect(await verify(`${header(alg)}.${token.split('.')[1]}.${signature}`, LOGIN)).toMatchObject({ ok: false });
  for (const text of ['', 'opaque', 'a.b.c', 'a.b.c.d.e'])
    expect(await verify(text, LOGIN)).toMatchObject({ ok: false, definition: { reason: 'token.malformed' } });
});

test('a refresh may leave the nonce out, and may not change it', async () => {
  expect(await reasonOf({ nonce: undefined }, REFRESH)).toBe('ok alice');
  expect(await reasonOf({}, REFRESH)).toBe('ok alice');
  expect(await reasonOf({ nonce: 'm' }, REFRESH)).toContain('token.claims: nonce');
});
