// Tokens of a facade in mode issued at an endpoint: one good token, and one flaw for each case.
import { UnsecuredJWT } from 'jose';
import { expect, test } from 'vitest';
import { checkAudience } from '../../../src/authorize/audience.js';
import type { Secret } from '../../../src/core/secret.js';
import { fixedMetadata } from '../../../src/idp/fixed-metadata.js';
import { createSigningRing } from '../../../src/oauth/signing-keys.js';
import { createBearerAuthenticator } from '../../../src/verify/authenticators/bearer.js';
import { createOwnIssuer } from '../../../src/verify/issuer/own-issuer.js';
import { testClock } from '../../support/clock.js';
import { endpoint } from '../../support/endpoint.js';
import { ringKey } from '../../support/grants.js';

type Fields = Record<string, unknown>;

const FACADE = 'https://mcp.example.com/oauth/main';
const RESOURCE = 'https://mcp.example.com/mcp';
const clock = testClock();
const now = Math.floor(clock.wallMs() / 1000);
const [newest, older] = [ringKey(), ringKey('P-256')];

const ringOf = (keys: Secret[], typ = 'at+jwt') => createSigningRing<{ iss: string }>(keys, typ);
const issuer = createOwnIssuer(
  { issuer: FACADE, clockToleranceSeconds: 30 },
  ringOf([newest, older]).verificationKeys,
  fixedMetadata(FACADE, null),
  clock,
);
const authenticator = createBearerAuthenticator(new Map([[FACADE, issuer]]), checkAudience, clock);
const here = endpoint({ resource: RESOURCE, audience: [RESOURCE], issuers: [FACADE] });

const good = {
  iss: FACADE,
  sub: 'https://login.example.org|alice',
  aud: RESOURCE,
  client_id: 'c',
  scope: 'a b',
  iat: now,
  exp: now + 60,
};

async function reasonOf(token: string): Promise<string> {
  const result = await authenticator.authenticate({ kind: 'bearer', token }, here, { clientAddress: '192.0.2.1' });
  return result.ok ? 'ok' : result.definition.reason;
}

test('a token of each key of the ring is good, and is the person', async () => {
  for (const key of [newest, older]) {
    const token = await ringOf([key]).sign(good);
    const result = await authenticator.authenticate({ kind: 'bearer', token }, here, { clientAddress: '192.0.2.1' });
    const { sub: subject, client_id: client } = good;
    const principal = { kind: 'subject', issuer: FACADE, subject, client, scopes: ['a', 'b'], expiresAt: now + 60 };
    expect(result).toMatchObject({ ok: true, value: principal });
  }
});

test.each<[string, Fields, string]>([
  ['of another endpoint', { aud: 'https://mcp.example.com/other' }, 'audience.mismatch'],
  ['without an audience', { aud: undefined }, 'audience.mismatch'],
  ['of another facade', { iss: 'https://mcp.example.com/oauth/second' }, 'token.issuer'],
  ['past its end', { exp: now - 30 }, 'token.expired'],
  ['without an end', { exp: undefined }, 'token.claims'],
  ['without a subject', { sub: undefined }, 'token.claims'],
])('a token %s is rejected', async (_name, changes, reason) => {
  expect(await reasonOf(await ringOf([newest]).sign({ ...good, ...changes }))).toBe(reason);
});

test('a token of another ring, another type or another algorithm is rejected at once', async () => {
  expect(await reasonOf(await ringOf([ringKey()]).sign(good))).toBe('token.key_unknown');
  for (const typ of ['JWT', 'identity+jwt', 'id_token+jwt'])
    expect(await reasonOf(await ringOf([newest], typ).sign(good))).toBe('token.type');
  expect(await reasonOf(new UnsecuredJWT(good).encode())).toBe('token.algorithm');
  const [, body, signature] = (await ringOf([newest]).sign(good)).split('.');
  for (const alg of ['HS256', 'RS256']) {
    const header = Buffer.from(JSON.stringify({ alg, typ: 'at+jwt', kid: issuer.keys.peekKeySet()?.keys[0]?.kid })).toString(
      'base64url',
    );
    expect(await reasonOf(`${header}.${body}.${signature}`)).toBe('token.algorithm');
  }
  const swapped = await ringOf([older]).sign(good);
  expect(await reasonOf(`${swapped.split('.')[0]}.${body}.${signature}`)).toBe('token.signature');
});

test('a good token ends with its life, also from the cache', async () => {
  const token = await ringOf([newest]).sign(good);
  expect([await reasonOf(token), await reasonOf(token)]).toEqual(['ok', 'ok']);
  clock.advance(91_000);
  expect(await reasonOf(token)).toBe('token.expired');
});

test('the keys are always there, and there are no others', async () => {
  const { keys } = issuer;
  expect([keys.isUp(), keys.hasAttemptedLoad(), keys.ageMs(), issuer.lastError()]).toEqual([true, true, 0, null]);
  expect(await keys.find(undefined, undefined)).toMatchObject({ ok: true, value: { length: 2 } });
  expect(await keys.find('another', undefined)).toMatchObject({ ok: false, definition: { reason: 'token.key_unknown' } });
  expect(await keys.findNewer([], undefined)).toBeNull();
});
