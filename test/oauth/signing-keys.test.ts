// A ring of signing keys: the newest key signs, all are published, and no private member is.
import { calculateJwkThumbprint, createLocalJWKSet, decodeProtectedHeader, importJWK, jwtVerify } from 'jose';
import { describe, expect, test } from 'vitest';
import { BRIDGE_TYP, type BridgeClaims } from '../../src/core/bridge-token.js';
import { secret } from '../../src/core/secret.js';
import { createSigningRing } from '../../src/oauth/signing-keys.js';
import { BRIDGE, FILES, ringKey } from '../support/grants.js';

const iat = Math.floor(Date.now() / 1000);
const claims: BridgeClaims = {
  iss: BRIDGE,
  sub: 'partner-a',
  aud: [FILES],
  client_id: 'partner-a',
  key: '0123abcd',
  iat,
  exp: iat + 60,
  jti: 'j-1',
};

describe.each([
  ['Ed25519', 'EdDSA', 'OKP', ['crv', 'kty', 'x']],
  ['P-256', 'ES256', 'EC', ['crv', 'kty', 'x', 'y']],
] as const)('%s', (curve, algorithm, kty, members) => {
  test('signs an access token that the published keys verify (RFC 9068)', async () => {
    const ring = createSigningRing<BridgeClaims>([ringKey(curve)], BRIDGE_TYP);
    const token = await ring.sign(claims);
    const [key] = ring.verificationKeys;
    expect(decodeProtectedHeader(token)).toEqual({ alg: algorithm, kid: key?.kid, typ: 'at+jwt' });
    const published = createLocalJWKSet(JSON.parse(ring.jwks.toString()));
    const { payload } = await jwtVerify(token, published, { issuer: BRIDGE, audience: FILES, typ: 'at+jwt' });
    expect(payload).toEqual(claims);
    const imported = await importJWK(key?.jwk ?? {}, algorithm);
    expect((await jwtVerify(token, imported)).payload).toEqual(claims);
  });

  test('shows only the public members, with the thumbprint as kid (RFC 7638)', async () => {
    const ring = createSigningRing<BridgeClaims>([ringKey(curve)], BRIDGE_TYP);
    const [key] = ring.verificationKeys;
    expect(Object.keys(key?.jwk ?? {}).sort()).toEqual(members);
    expect(key?.jwk.kty).toBe(kty);
    expect(key?.kid).toBe(await calculateJwkThumbprint(key?.jwk ?? {}, 'sha256'));
    const { keys } = JSON.parse(ring.jwks.toString()) as { keys: Record<string, string>[] };
    expect(keys).toEqual([{ ...key?.jwk, kid: key?.kid, alg: algorithm, use: 'sig' }]);
  });
});

test('the newest key signs, and the older ones stay published in their order', async () => {
  const [older, newer] = [ringKey('P-256'), ringKey()];
  const before = createSigningRing<BridgeClaims>([older], BRIDGE_TYP);
  const after = createSigningRing<BridgeClaims>([newer, older], BRIDGE_TYP);
  expect(after.verificationKeys.map(({ algorithm }) => algorithm)).toEqual(['EdDSA', 'ES256']);
  expect(after.verificationKeys[1]).toEqual(before.verificationKeys[0]);
  expect(decodeProtectedHeader(await after.sign(claims)).kid).toBe(after.verificationKeys[0]?.kid);
  const published = createLocalJWKSet(JSON.parse(after.jwks.toString()));
  for (const ring of [before, after]) await expect(jwtVerify(await ring.sign(claims), published)).resolves.toBeDefined();
  await expect(jwtVerify(await after.sign(claims), createLocalJWKSet(JSON.parse(before.jwks.toString())))).rejects.toMatchObject({
    code: 'ERR_JWKS_NO_MATCHING_KEY',
  });
});

test('one key twice is one key', () => {
  const key = ringKey();
  expect(createSigningRing<BridgeClaims>([key, key], BRIDGE_TYP).verificationKeys).toHaveLength(1);
});

test('a ring without a key and a key of another curve are errors', () => {
  expect(() => createSigningRing<BridgeClaims>([], BRIDGE_TYP)).toThrow('no key');
  const p384 = JSON.stringify({ kty: 'EC', crv: 'P-384', x: 'AA', y: 'AA', d: 'AA' });
  expect(() => createSigningRing<BridgeClaims>([secret(p384)], BRIDGE_TYP)).toThrow();
});
