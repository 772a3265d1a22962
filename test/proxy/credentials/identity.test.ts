// The identity JWT as the upstream gets it: one signature for a caller, for most of its life.
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from 'jose';
import { describe, expect, test } from 'vitest';
import { IDENTITY_TYP, type IdentityClaims } from '../../../src/core/identity-token.js';
import type { Principal } from '../../../src/core/principal.js';
import { createSigningRing } from '../../../src/oauth/signing-keys.js';
import { identityCredential } from '../../../src/proxy/credentials/identity.js';
import { testClock } from '../../support/clock.js';
import { keyCaller, principal } from '../../support/endpoint.js';
import { ringKey } from '../../support/grants.js';
import { reasonOf } from '../../support/kinds.js';

const issuer = 'https://mcp.example.com';
const presented = { kind: 'bearer', token: 'eyJ.caller.token' } as const;

/** A credential whose signatures are counted. */
function signing(audience = 'files-backend', key = ringKey()) {
  const clock = testClock();
  const ring = createSigningRing<IdentityClaims>([key], IDENTITY_TYP);
  const state = { signatures: 0, failures: 0 };
  const sign = async (claims: IdentityClaims): Promise<string> => {
    state.signatures += 1;
    if (state.failures-- > 0) throw new Error('no entropy');
    return ring.sign(claims);
  };
  const credential = identityCredential({ kind: 'identity', audience }, { issuer, sign, clock });
  const headers = (of: Principal) => credential.headers(of, presented);
  const jwt = async (of: Principal): Promise<string> => {
    const found = await headers(of);
    if (!found.ok) throw new Error(found.detail);
    expect(found.value).toEqual(['authorization', expect.stringMatching(/^Bearer [\w-]+\.[\w-]+\.[\w-]+$/)]);
    return String(found.value[1]).slice('Bearer '.length);
  };
  return { clock, ring, state, headers, jwt };
}

test.each(['P-256', 'Ed25519'] as const)('a %s JWT that the published keys verify', async (curve) => {
  const { jwt, ring, clock } = signing('files-backend', ringKey(curve));
  const token = await jwt(principal());
  const keys = createLocalJWKSet(JSON.parse(ring.jwks.toString()));
  const { payload } = await jwtVerify(token, keys, { issuer, audience: 'files-backend', typ: IDENTITY_TYP });
  expect(payload).toMatchObject({ sub: 'alice', iat: Math.floor(clock.wallMs() / 1000) });
  expect(decodeProtectedHeader(token).kid).toBe(ring.verificationKeys[0]?.kid);
  expect(token).not.toContain('caller');
});

describe('one signature', () => {
  test('serves calls at the same time, and later ones without a promise', async () => {
    const { jwt, headers, state } = signing();
    const alice = principal();
    const tokens = await Promise.all(Array.from({ length: 200 }, () => jwt(alice)));
    expect([new Set(tokens).size, state.signatures]).toEqual([1, 1]);
    expect(headers(alice)).not.toBeInstanceOf(Promise);
    expect([await jwt(alice), state.signatures]).toEqual([tokens[0], 1]);
  });

  test('serves 45 of 60 seconds, for a caller with an API key too', async () => {
    for (const caller of [principal(), keyCaller()]) {
      const { jwt, clock, state } = signing();
      const first = await jwt(caller);
      clock.advance(44_999);
      expect([await jwt(caller), state.signatures]).toEqual([first, 1]);
      clock.advance(1);
      const second = decodeJwt(await jwt(caller));
      expect([second.iat, state.signatures]).toEqual([Math.floor(clock.wallMs() / 1000), 2]);
    }
  });

  test('serves one caller only: two objects of one user get one each (E-07)', async () => {
    const { jwt, state } = signing();
    const [alice, bob, again] = [principal(), principal({ subject: 'bob' }), principal()];
    const tokens = await Promise.all([alice, bob, again, alice, bob].map(jwt));
    expect(tokens.map((token) => decodeJwt(token).sub)).toEqual(['alice', 'bob', 'alice', 'alice', 'bob']);
    expect(state.signatures).toBe(3);
  });

  test('serves one audience only (A-43)', async () => {
    const alice = principal();
    const [files, notes] = [signing(), signing('notes-backend')];
    expect(decodeJwt(await files.jwt(alice)).aud).toBe('files-backend');
    expect(decodeJwt(await notes.jwt(alice)).aud).toBe('notes-backend');
  });

  test('has less use near the end of the token of the caller', async () => {
    const { jwt, clock, state } = signing();
    const ending = principal({ expiresAt: Math.floor(clock.wallMs() / 1000) + 20 });
    const first = decodeJwt(await jwt(ending));
    expect(first.exp).toBe(ending.expiresAt);
    clock.advance(16_000);
    expect(Number(decodeJwt(await jwt(ending)).iat)).toBeGreaterThan(Number(first.iat));
    expect(state.signatures).toBe(2);
  });
});

describe('the clock', () => {
  test.each([-3_600_000, -50, 45_000, 3_600_000])('set by %i ms: the next call gets a new JWT', async (ms) => {
    const { jwt, clock, state } = signing();
    const alice = principal();
    await jwt(alice);
    clock.setWall(clock.wallMs() + ms);
    expect([decodeJwt(await jwt(alice)).iat, state.signatures]).toEqual([Math.floor(clock.wallMs() / 1000), 2]);
  });

  test('set back a little: the time of use ends by the monotonic clock', async () => {
    const { jwt, clock, state } = signing();
    const alice = principal();
    await jwt(alice);
    clock.advance(44_000);
    clock.setWall(clock.wallMs() - 43_000);
    await jwt(alice);
    expect(state.signatures).toBe(1);
    clock.advance(1_000);
    await jwt(alice);
    expect(state.signatures).toBe(2);
  });
});

test('a failed signature fails the calls that wait for it, and no later one', async () => {
  const { headers, jwt, state } = signing();
  const alice = principal();
  state.failures = 1;
  const failed = await Promise.allSettled([headers(alice), headers(alice)]);
  expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(decodeJwt(await jwt(alice)).sub).toBe('alice');
  expect(state.signatures).toBe(2);
});

test('a caller whose claims cannot be sent costs no signature', () => {
  const { headers, state } = signing();
  const bad = headers(principal({ claims: { act: 'agent' } }));
  expect(bad).not.toBeInstanceOf(Promise);
  expect([reasonOf(bad as Awaited<typeof bad>), state.signatures]).toEqual(['claim.missing', 0]);
});

test('the longest JWT fits a header line of 8190 bytes', async () => {
  for (const curve of ['P-256', 'Ed25519'] as const) {
    const { headers, jwt } = signing('files-backend', ringKey(curve));
    let longest = 0;
    for (let size = 5_500; size < 6_000; size += 1) {
      const caller = principal({ claims: { act: { sub: 'x'.repeat(size) } } });
      if (!(await headers(caller)).ok) break;
      longest = (await jwt(caller)).length;
    }
    const line = `authorization: Bearer ${'x'.repeat(longest)}\r\n`.length;
    expect([line < 8190, line > 7900]).toEqual([true, true]);
  }
});
