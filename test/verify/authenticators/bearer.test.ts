// Which verifier gets which bearer token. A token that one rejects is never tried another way.
import { describe, expect, test, vi } from 'vitest';
import { checkAudience } from '../../../src/authorize/audience.js';
import type { AccessToken } from '../../../src/core/access-token.js';
import type { Endpoint } from '../../../src/core/endpoint.js';
import { introspectionGatewayRejected, introspectionUnavailable, tokenInactive } from '../../../src/core/failures.js';
import type { Caller } from '../../../src/core/principal.js';
import { type Ok, ok, type Result } from '../../../src/core/result.js';
import { createBearerAuthenticator } from '../../../src/verify/authenticators/bearer.js';
import type { JwtPolicy } from '../../../src/verify/authenticators/jwt.js';
import type { IssuerRuntime } from '../../../src/verify/issuer/issuer-runtime.js';
import { type Mint, mintToken, rsaKey } from '../../fixtures/mint.js';
import { testClock } from '../../support/clock.js';
import { accessToken, endpoint, ISSUER, RESOURCE } from '../../support/endpoint.js';
import { issuerRuntime } from '../../support/issuer.js';
import { testKeys } from '../../support/keys.js';
import { reasonOf } from '../../support/kinds.js';

const OTHER = 'https://other-auth.example.com';
const key = rsaKey({ kid: 'k' });
const otherKey = rsaKey({ kid: 'k' });
const mint = (changes: Partial<Mint> = {}): string => mintToken({ issuer: ISSUER, audience: RESOURCE, key, ...changes });

const opaque = accessToken({ subject: 'opaque', method: 'introspection' });

function setting({
  introspects = true,
  at = endpoint(),
  other = {} as Partial<IssuerRuntime>,
  answer = ok(opaque) as Result<AccessToken>,
} = {}) {
  const clock = testClock();
  const policy = (issuer: string): JwtPolicy => ({
    issuer,
    algorithms: ['RS256'],
    typ: 'at+jwt',
    clockToleranceSeconds: 30,
    requiredClaims: { client_id: 'test-client' },
  });
  const mine = testKeys(clock, { published: [key] });
  const theirs = testKeys(clock, { published: [otherKey], issuer: OTHER });
  const introspected: string[] = [];
  const answering = async (token: string): Promise<Result<AccessToken>> => {
    introspected.push(token);
    return answer;
  };
  const introspect = introspects ? answering : null;
  const issuers = new Map<string, IssuerRuntime>([
    [ISSUER, issuerRuntime({ policy: policy(ISSUER), keys: mine.source }, clock)],
    [OTHER, issuerRuntime({ policy: policy(OTHER), keys: theirs.source, introspect, ...other }, clock)],
  ]);
  const bearer = createBearerAuthenticator(issuers, checkAudience, clock);
  const verify = (token: string, where: Endpoint = at) => bearer.authenticate({ kind: 'bearer', token }, where);
  const authenticate = async (token: string, where?: Endpoint) => verify(token, where);
  const reason = async (token: string, where?: Endpoint) => reasonOf(await authenticate(token, where));
  return { clock, mine, theirs, introspected, verify, authenticate, reason };
}

describe('a JWS is verified with the keys of its issuer (C-95, A-55)', () => {
  test('each token by the keys of its own issuer', async () => {
    const { authenticate, introspected } = setting();
    expect(await authenticate(mint())).toMatchObject({ ok: true, value: { kind: 'subject', issuer: ISSUER } });
    expect(await authenticate(mint({ issuer: OTHER, key: otherKey }))).toMatchObject({
      ok: true,
      value: { issuer: OTHER },
    });
    expect(introspected).toEqual([]);
  });

  test('the same kid at two issuers is two keys (C-73, A-45)', async () => {
    const { reason } = setting();
    expect(await reason(mint())).toBe('ok');
    expect(await reason(mint({ issuer: OTHER }))).toBe('token.signature');
    expect(await reason(mint({ key: otherKey }))).toBe('token.signature');
  });

  test.each<[string, unknown]>([
    ['an unknown issuer', 'https://evil.example.com'],
    ['the issuer with a slash (C-35)', `${ISSUER}/`],
    ['no issuer', undefined],
    ['a list', [ISSUER]],
    ['a property of every object', 'constructor'],
  ])('from %s is rejected without a fetch (A-45)', async (_who, iss) => {
    const { reason, mine, theirs, introspected } = setting();
    expect(await reason(mint({ claims: { iss } }))).toBe('token.issuer');
    expect([mine.loads, theirs.loads, introspected]).toEqual([0, 0, []]);
    expect(await reason(mint())).toBe('ok');
  });

  test.each(['[]', '{"iss":', 'null', `"${ISSUER}"`])('whose payload is %s is rejected without a fetch', async (claimsText) => {
    const { reason, mine, introspected } = setting();
    expect(await reason(mint({ claimsText }))).toBe('token.malformed');
    expect([mine.loads, introspected]).toEqual([0, []]);
    expect(await reason(mint())).toBe('ok');
  });

  test.each<[string, Partial<Mint>, string]>([
    ['audience', { audience: 'https://elsewhere.example.com' }, 'audience.mismatch'],
    ['date', { claims: { exp: 1 } }, 'token.expired'],
    ['signature', { signature: Buffer.alloc(256) }, 'token.signature'],
    ['kid', { header: { kid: 'unpublished' } }, 'token.key_unknown'],
    ['algorithm', { header: { alg: 'HS256' } }, 'token.algorithm'],
  ])('with a wrong %s is rejected, and never introspected (C-47, C-95)', async (_what, changes, expected) => {
    const { reason, introspected } = setting();
    expect(await reason(mint({ issuer: OTHER, key: otherKey }))).toBe('ok');
    expect(await reason(mint({ issuer: OTHER, key: otherKey, ...changes }))).toBe(expected);
    expect(introspected).toEqual([]);
  });

  test('without available keys gets 503, and is not introspected (C-47, C-66)', async () => {
    const { reason, theirs, introspected } = setting();
    theirs.fails = 'status 500';
    expect(await reason(mint({ issuer: OTHER, key: otherKey }))).toBe('keys.unavailable');
    expect(await reason(mint())).toBe('ok');
    expect(introspected).toEqual([]);
  });
});

describe('a token that is not a JWS', () => {
  test.each(['5f0c3a0e-0000', 'ory_at_abc', 'a.b.c', 'a.b'])(
    '%s is introspected where that is configured (C-95, C-97)',
    async (token) => {
      const { authenticate, introspected } = setting();
      expect(await authenticate(token)).toMatchObject({ ok: true, value: { kind: 'subject', subject: 'opaque' } });
      expect(introspected).toEqual([token]);
    },
  );

  test('is rejected without introspection (C-96)', async () => {
    const { reason, mine, theirs } = setting({ introspects: false });
    expect(await reason(mint())).toBe('ok');
    expect(await reason('opaque')).toBe('token.malformed');
    expect([mine.loads, theirs.loads]).toEqual([1, 0]);
  });

  test.each<[string, string, string]>([
    ['a JWT after other text', `x.${mint()}`, 'token.malformed'],
    ['a JWT before other text', `${mint()}.x`, 'token.malformed'],
    ['half a JWT', mint().split('.').slice(0, 2).join('.'), 'token.malformed'],
    ['two words', 'opaque opaque', 'credential.malformed'],
    ['nothing', '', 'credential.malformed'],
    ['two credentials on a line', 'opaque, Basic eDp5', 'credential.multiple'],
  ])('%s is sent to no issuer (C-95, C-01)', async (_what, token, rejection) => {
    const { reason, introspected } = setting();
    expect(await reason('opaque')).toBe('ok');
    expect(await reason(token)).toBe(rejection);
    expect(introspected).toEqual(['opaque']);
  });

  test('an encrypted token is rejected and not introspected (C-40, C-44)', async () => {
    const jwe = `${Buffer.from('{"alg":"dir","enc":"A256GCM"}').toString('base64url')}..a.b.c`;
    const { reason, introspected } = setting();
    expect(await reason('opaque')).toBe('ok');
    expect(await reason(jwe)).toBe('token.malformed');
    expect(introspected).toEqual(['opaque']);
  });
});

describe('the issuer of an opaque token', () => {
  const prefixes = (...tokenPrefixes: string[]) => setting({ other: { tokenPrefixes } });

  test.each(['oat_abc', 'oau_abc', 'oat_'])('is the one with the prefix of %s', async (token) => {
    const { reason, introspected } = prefixes('oat_', 'oau_');
    expect([await reason(token), introspected]).toEqual(['ok', [token]]);
  });

  test.each(['ory_abc', 'OAT_abc', 'oat', 'x-oat_abc', 'abc'])('is unknown for %s, which is sent to no issuer', async (token) => {
    const { reason, introspected } = prefixes('oat_', 'oau_');
    expect(await reason('oat_good')).toBe('ok');
    expect([await reason(token), introspected]).toEqual(['token.malformed', ['oat_good']]);
  });

  test('is unknown where tokenPrefixes is empty', async () => {
    const { reason, introspected } = setting({ other: { tokenPrefixes: [], verify: 'introspection' } });
    expect(await reason(mint({ issuer: OTHER, key: otherKey }))).toBe('ok');
    expect([await reason('abc'), introspected.length]).toEqual(['token.malformed', 1]);
  });

  test('is found among several issuers', async () => {
    const clock = testClock();
    const introspected: [string, string][] = [];
    const parts = (issuer: string, tokenPrefixes: string[]): IssuerRuntime =>
      issuerRuntime(
        {
          policy: { issuer, algorithms: ['RS256'], typ: 'lenient', clockToleranceSeconds: 30 },
          keys: testKeys(clock, { issuer }).source,
          tokenPrefixes,
          introspect: (token) => {
            introspected.push([issuer, token]);
            return ok(opaque);
          },
        },
        clock,
      );
    const issuers = new Map([
      [ISSUER, parts(ISSUER, ['ory_'])],
      [OTHER, parts(OTHER, ['oat_'])],
    ]);
    const bearer = createBearerAuthenticator(issuers, checkAudience, clock);
    for (const token of ['oat_1', 'ory_1', 'abc']) await bearer.authenticate({ kind: 'bearer', token }, endpoint());
    expect(introspected).toEqual([
      [OTHER, 'oat_1'],
      [ISSUER, 'ory_1'],
    ]);
  });
});

describe('verify: introspection, where the issuer verifies its JWT', () => {
  const introspecting = (more = {}) => setting({ other: { verify: 'introspection' }, ...more });
  const theirToken = (changes: Partial<Mint> = {}): string => mint({ issuer: OTHER, key: otherKey, ...changes });

  test.each<[string, Partial<Mint>]>([
    ['that the keys verify too', {}],
    ['signed by an unknown key', { key: rsaKey() }],
    ['of an algorithm that is not configured', { header: { alg: 'HS256' } }],
    ['of a typ that is not accepted for a JWT', { header: { typ: 'application/okta-internal-at+jwt' } }],
    ['without exp, which the response may have', { claims: { exp: undefined } }],
    ['of another audience, which the response decides', { audience: 'https://elsewhere.example.com' }],
  ])('a JWT %s is introspected, and no key is fetched', async (_what, changes) => {
    const { authenticate, introspected, theirs } = introspecting();
    const token = theirToken(changes);
    expect(await authenticate(token)).toMatchObject({ ok: true, value: { subject: 'opaque' } });
    expect([introspected, theirs.loads]).toEqual([[token], 0]);
  });

  test.each<[string, Partial<Mint>, string]>([
    ['expired', { ttl: -60 }, 'token.expired'],
    ['not yet valid', { claims: { nbf: 4_000_000_000 } }, 'token.not_yet_valid'],
    ['an ID token', { claims: { nonce: 'n' } }, 'token.type'],
    ['without a required claim', { claims: { client_id: 'other' } }, 'token.type'],
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

describe('the JWT cache', () => {
  test('gives the second result at once, without a promise', async () => {
    const { verify, mine } = setting();
    const token = mint();
    const first = verify(token);
    expect(first).toBeInstanceOf(Promise);
    const { value } = (await first) as Ok<Caller>;
    const second = verify(token) as Ok<Caller>;
    // The same object: the log caches the line of a caller by it.
    expect(second.value).toBe(value);
    expect(mine.loads).toBe(1);
  });

  test('ends with the token and its tolerance (E-03)', async () => {
    const { reason, clock } = setting();
    const token = mint({ ttl: 60 });
    expect(await reason(token)).toBe('ok');
    clock.advance(89_000);
    expect(await reason(token)).toBe('ok');
    clock.advance(2_000);
    expect(await reason(token)).toBe('token.expired');
  });

  test('keeps no failure: a key that is published later is found (E-05)', async () => {
    const { reason, mine, clock } = setting();
    mine.fails = 'status 500';
    const token = mint();
    expect(await reason(token)).toBe('keys.unavailable');
    mine.fails = null;
    clock.advance(31_000);
    expect(await reason(token)).toBe('ok');
  });

  test('does not hold results of introspection', async () => {
    const { reason, introspected } = setting();
    await reason('opaque');
    await reason('opaque');
    expect(introspected).toEqual(['opaque', 'opaque']);
  });

  test('belongs to the issuer, and each endpoint checks the audience of a hit (E-04, A-18)', async () => {
    const { reason, verify, mine } = setting();
    const token = mint();
    expect(await reason(token)).toBe('ok');
    const other = endpoint({ audience: ['https://mcp.example.com/b'] });
    const rejected = verify(token, other);
    expect(rejected).not.toBeInstanceOf(Promise);
    expect(await reason(token, other)).toBe('audience.mismatch');
    expect([await reason(token), mine.loads]).toEqual(['ok', 1]);
  });

  test('a token in many requests at once is verified once', async () => {
    const { reason, mine } = setting();
    const verified = vi.spyOn(globalThis.crypto.subtle, 'verify');
    const token = mint();
    const results = await Promise.all(Array.from({ length: 50 }, () => reason(token)));
    const times = verified.mock.calls.length;
    verified.mockRestore();
    expect([new Set(results), times, mine.loads]).toEqual([new Set(['ok']), 1, 1]);
  });
});
