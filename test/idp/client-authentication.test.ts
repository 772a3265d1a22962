// Client authentication at an introspection endpoint.
import { createPublicKey } from 'node:crypto';
import { decodeProtectedHeader, jwtVerify } from 'jose';
import { describe, expect, test } from 'vitest';
import type { ClientAuthentication } from '../../src/core/client-authentication.js';
import { secret } from '../../src/core/secret.js';
import { createClientAuthentication, isEncodedForBasic } from '../../src/idp/client-authentication.js';
import { ecKey, rsaKey } from '../fixtures/mint.js';
import { testClock } from '../support/clock.js';
import { ISSUER } from '../support/endpoint.js';

const clock = testClock();
async function authenticated(client: ClientAuthentication) {
  const form = new URLSearchParams({ token: 't' });
  const headers = await createClientAuthentication(client, ISSUER, clock)(form);
  return { headers, form: Object.fromEntries(form) };
}

const clientId = 'gate:way';
const clientSecret = secret('p%:+ \u00e9&');

describe('headers and form (C-81)', () => {
  const pair = Buffer.from('gate%3Away:p%25%3A%2B%20%C3%A9%26').toString('base64');
  test.each<[string, ClientAuthentication, object, object]>([
    [
      'basic: id and secret encoded before they are joined (RFC 6749 section 2.3.1)',
      { auth: 'basic', clientId, clientSecret },
      { authorization: `Basic ${pair}` },
      {},
    ],
    [
      'post: id and secret in the form',
      { auth: 'post', clientId, clientSecret },
      {},
      { client_id: clientId, client_secret: 'p%:+ \u00e9&' },
    ],
    ['bearer: only the token', { auth: 'bearer', clientSecret: secret('t.0-k') }, { authorization: 'Bearer t.0-k' }, {}],
    ['none: nothing', { auth: 'none', clientId: null }, {}, {}],
    ['none with a client id: only the id', { auth: 'none', clientId }, {}, { client_id: clientId }],
  ])('%s', async (_what, client, headers, form) => {
    expect(await authenticated(client)).toEqual({ headers, form: { token: 't', ...form } });
  });
});

describe('private_key_jwt (RFC 7523 section 2.2)', () => {
  const rsa = rsaKey().privateKey;
  const ec = ecKey().privateKey;
  test.each([
    ['RS256 in PKCS #8', rsa, 'RS256', 'pkcs8'],
    ['RS256 in PKCS #1', rsa, 'RS256', 'pkcs1'],
    ['ES256 in PKCS #8', ec, 'ES256', 'pkcs8'],
    ['ES256 in SEC 1', ec, 'ES256', 'sec1'],
  ] as const)('%s: a new assertion for the issuer, valid for a minute', async (_what, key, algorithm, type) => {
    const privateKey = secret(String(key.export({ type, format: 'pem' } as { type: 'pkcs8'; format: 'pem' })));
    const client: ClientAuthentication = { auth: 'private_key_jwt', clientId, privateKey, algorithm };
    const { headers, form } = await authenticated(client);
    const { client_assertion: assertion = '', ...rest } = form;
    expect([headers, rest]).toEqual([
      {},
      {
        token: 't',
        client_id: clientId,
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      },
    ]);
    const { payload } = await jwtVerify(assertion, createPublicKey(key), { currentDate: new Date(clock.wallMs()) });
    const iat = Math.floor(clock.wallMs() / 1000);
    expect(payload).toEqual({ iss: clientId, sub: clientId, aud: ISSUER, iat, exp: iat + 60, jti: expect.any(String) });
    expect(decodeProtectedHeader(assertion)).toEqual({ alg: algorithm });
    const again = await jwtVerify((await authenticated(client)).form.client_assertion ?? '', createPublicKey(key));
    expect(again.payload.jti).not.toBe(payload.jti);
  });
});

describe('credentials that Basic must encode', () => {
  const basic = (id: string, plain: string): ClientAuthentication => ({
    auth: 'basic',
    clientId: id,
    clientSecret: secret(plain),
  });
  test.each([
    ['a b', 's'],
    ['gate:way', 's'],
    ['https://mcp.example.com', 's'],
    ['id', 'p+q'],
    ['id', 'p%q'],
    ['id', '\u00e9'],
  ])('are known: %s %s', (id, plain) => expect(isEncodedForBasic(basic(id, plain))).toBe(true));

  test('are not those of letters, digits and -._*, nor those of other methods', () => {
    expect(isEncodedForBasic(basic('gate-way_1.0', 'aB9*'))).toBe(false);
    expect(isEncodedForBasic({ auth: 'post', clientId, clientSecret })).toBe(false);
    expect(isEncodedForBasic({ auth: 'none', clientId })).toBe(false);
  });
});
