// How JWTs and introspection go together, by `verify` of the issuer.
import { describe, expect, test } from 'vitest';
import { introspectionGatewayRejected, introspectionUnavailable, tokenInactive } from '../../../src/core/failures.js';
import { ok } from '../../../src/core/result.js';
import { type Mint, rsaKey } from '../../fixtures/mint.js';
import { mint, OTHER, opaque, otherKey, setting } from '../../support/bearer-setting.js';
import { accessToken } from '../../support/endpoint.js';

describe('verify: introspection, where the issuer verifies its JWT', () => {
  const introspecting = (more = {}) => setting({ other: { verify: 'introspection' }, ...more });
  const theirToken = (changes: Partial<Mint> = {}): string => mint({ issuer: OTHER, key: otherKey, ...changes });

  test.each<[string, Partial<Mint>]>([
    ['that the keys verify too', {}],
    ['signed by an unknown key', { key: rsaKey() }],
    ['of an algorithm that is not configured', { header: { alg: 'HS256' } }],
    ['without exp, which the response may have', { claims: { exp: undefined } }],
    ['without an audience, which the response names', { claims: { aud: undefined } }],
    ['with a nonce, which the response outweighs', { claims: { nonce: 'n' } }],
  ])('a JWT %s is introspected, and no key is fetched', async (_what, changes) => {
    const { authenticate, introspected, theirs } = introspecting();
    const token = theirToken(changes);
    expect(await authenticate(token)).toMatchObject({ ok: true, value: { subject: 'opaque' } });
    expect([introspected, theirs.loads]).toEqual([[token], 0]);
  });

  test.each<[string, Partial<Mint>, string]>([
    ['expired', { ttl: -60 }, 'token.expired'],
    ['not yet valid', { claims: { nbf: 4_000_000_000 } }, 'token.not_yet_valid'],
    ['an ID token', { claims: { at_hash: 'x' } }, 'token.type'],
    ['a refresh token', { claims: { typ: 'Refresh' } }, 'token.type'],
    ['narrowed to another server', { audience: 'https://elsewhere.example.com' }, 'audience.mismatch'],
    ['narrowed to two others', { audience: ['https://elsewhere.example.com', 'up1'] }, 'audience.mismatch'],
    ['of an aud that is no text', { claims: { aud: 5 } }, 'token.claims'],
    ['without a required claim', { claims: { client_id: 'other' } }, 'token.type'],
    ['bound to a key, which the response need not say', { claims: { cnf: { jkt: 'x' } } }, 'token.claims'],
    ['bound to a certificate', { claims: { cnf: { 'x5t#S256': 'x' } } }, 'token.claims'],
    ['not of the one typ that the issuer may use', { header: { typ: 'JWT' } }, 'token.type'],
    ['of no typ, where the issuer may use one only', { header: { typ: undefined } }, 'token.type'],
    ['unsigned', { header: { alg: 'none' } }, 'token.algorithm'],
    ['unsigned, in mixed case', { header: { alg: 'NoNe' } }, 'token.algorithm'],
    ['of an alg that is not a string', { header: { alg: 1 } }, 'token.algorithm'],
    ['of no issuer', { claims: { iss: undefined } }, 'token.issuer'],
    ['of an unknown issuer', { claims: { iss: 'https://evil.example.com' } }, 'token.issuer'],
  ])('a JWT that is %s is rejected before introspection', async (_what, changes, expected) => {
    const { reason, introspected } = introspecting();
    expect(await reason(theirToken())).toBe('ok');
    expect([await reason(theirToken(changes)), introspected.length]).toEqual([expected, 1]);
  });

  test.each<[string, unknown, string]>([
    ['of another profile', 'application/okta-internal-at+jwt', 'ok'],
    ['JWT', 'JWT', 'ok'],
    ['no typ', undefined, 'ok'],
    ['an ID-JAG (A-52)', 'oauth-id-jag+jwt', 'token.type'],
    ['a DPoP proof', 'application/DPoP+jwt', 'token.type'],
    ['an identity JWT of a gateway', 'identity+jwt', 'token.type'],
    ['a logout token', 'logout+jwt', 'token.type'],
    ['a list', ['at+jwt'], 'token.type'],
  ])('a header typ where typ is lenient: %s', async (_what, typ, expected) => {
    const { reason, introspected } = introspecting({ typ: 'lenient' });
    expect(await reason(theirToken({ header: { typ } }))).toBe(expected);
    expect(introspected).toHaveLength(expected === 'ok' ? 1 : 0);
  });

  test.each<[string, number | null, number | undefined, number | null]>([
    ['of the JWT, where the response names none', null, 3_900_000_000, 3_900_000_000],
    ['of the response', 3_800_000_000, 3_900_000_000, 3_800_000_000],
    ['of nothing, where both name none', null, undefined, null],
  ])('a stream of the caller ends by the exp %s', async (_what, expiresAt, exp, expected) => {
    const { authenticate } = introspecting({ answer: ok(accessToken({ expiresAt, claims: { client_id: 'test-client' } })) });
    expect(await authenticate(theirToken({ claims: { exp } }))).toMatchObject({ ok: true, value: { expiresAt: expected } });
  });

  test('each use of a remembered answer gives the same object, also with the end that the JWT states', async () => {
    const answer = ok(accessToken({ expiresAt: null, claims: { client_id: 'test-client' } }));
    for (const exp of [undefined, 3_900_000_000]) {
      const { authenticate } = introspecting({ answer });
      const [first, again] = [
        await authenticate(theirToken({ claims: { exp } })),
        await authenticate(theirToken({ claims: { exp } })),
      ];
      expect(first.ok && again.ok && first.value === again.value).toBe(true);
    }
  });

  test('a JWT is rejected without introspection', async () => {
    expect(await introspecting().reason(theirToken())).toBe('ok');
    expect(await introspecting({ introspects: false }).reason(theirToken())).toBe('token.malformed');
  });

  test('the result is final, and this step does not cache it', async () => {
    const { reason, introspected } = introspecting({ answer: tokenInactive() });
    const token = theirToken();
    expect([await reason(token), await reason(token), introspected.length]).toEqual(['token.inactive', 'token.inactive', 2]);
  });

  test('a JWT of the other issuer is still verified with its keys', async () => {
    const { reason, introspected } = introspecting();
    expect([await reason(mint()), introspected]).toEqual(['ok', []]);
    expect([await reason(mint({ signature: Buffer.alloc(256) })), introspected]).toEqual(['token.signature', []]);
  });
});

describe('verify: jwt-then-introspection', () => {
  const both = (more = {}) => setting({ other: { verify: 'jwt-then-introspection' }, ...more });
  const theirToken = (changes: Partial<Mint> = {}): string => mint({ issuer: OTHER, key: otherKey, ...changes });

  test('a JWT that the keys verify is not introspected', async () => {
    const { authenticate, introspected } = both();
    expect(await authenticate(theirToken())).toMatchObject({ ok: true, value: { subject: 'alice' } });
    expect(introspected).toEqual([]);
  });

  test.each<[string, Partial<Mint>]>([
    ['token.key_unknown', { header: { kid: 'unpublished' } }],
    ['token.signature', { key: rsaKey({ kid: 'k' }) }],
  ])('after %s the token is introspected, and the principal is that of the response alone', async (rejection, changes) => {
    const token = theirToken(changes);
    expect(await setting().reason(token)).toBe(rejection);
    const { authenticate, introspected } = both();
    expect(await authenticate(token)).toEqual({ ok: true, value: opaque.principal });
    expect(introspected).toEqual([token]);
  });

  test('after keys.unavailable too', async () => {
    const { authenticate, theirs, introspected } = both();
    theirs.fails = 'status 500';
    expect(await authenticate(theirToken())).toMatchObject({ ok: true, value: opaque.principal });
    expect(introspected).toHaveLength(1);
  });

  test('after keys.refetch_limited too', async () => {
    const { authenticate, theirs, introspected } = both();
    const unknown = (): string => theirToken({ header: { kid: 'unpublished' } });
    for (let i = 0; i < 6; i++) {
      expect(await authenticate(unknown())).toMatchObject({ ok: true, value: opaque.principal });
    }
    expect([theirs.loads, introspected.length]).toEqual([3, 6]);
    const jwtOnly = setting();
    const reasons = [];
    for (let i = 0; i < 4; i++) reasons.push(await jwtOnly.reason(unknown()));
    expect(reasons).toEqual([...Array(3).fill('token.key_unknown'), 'keys.refetch_limited']);
  });

  test.each<[string, Partial<Mint>]>([
    ['audience.mismatch', { audience: 'https://elsewhere.example.com' }],
    ['token.expired', { ttl: -60 }],
    ['token.not_yet_valid', { claims: { nbf: 4_000_000_000 } }],
    ['token.algorithm', { header: { alg: 'HS256' } }],
    ['token.type', { header: { typ: 'dpop+jwt' } }],
    ['token.claims', { claims: { sub: undefined } }],
    ['token.malformed', { header: { crit: ['x'] } }],
    ['token.issuer', { claims: { iss: 'https://evil.example.com' } }],
  ])('every other rejection is final: %s', async (expected, changes) => {
    const { reason, theirs, introspected } = both();
    expect(await reason(theirToken({ key: rsaKey({ kid: 'k' }) }))).toBe('ok');
    theirs.fails = 'status 500';
    expect([await reason(theirToken({ key: rsaKey({ kid: 'k' }), ...changes })), introspected.length]).toEqual([expected, 1]);
  });

  test.each([tokenInactive(), introspectionUnavailable(), introspectionGatewayRejected()])(
    'and so is the result of the introspection (%#)',
    async (rejection) => {
      const { reason } = both({ answer: rejection });
      expect(await reason(theirToken())).toBe('ok');
      expect(await reason(theirToken({ signature: Buffer.alloc(256) }))).toBe(rejection.definition.reason);
    },
  );

  test('no introspected token gets into the JWT cache', async () => {
    const { reason, introspected } = both();
    const token = theirToken({ signature: Buffer.alloc(256) });
    expect([await reason(token), await reason(token), introspected.length]).toEqual(['ok', 'ok', 2]);
  });
});
