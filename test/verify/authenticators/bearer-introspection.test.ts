// Which tokens an issuer introspects, and how JWTs and introspection go together.
import { describe, expect, test } from 'vitest';
import { checkAudience } from '../../../src/authorize/audience.js';
import { introspectionGatewayRejected, introspectionUnavailable, tokenInactive } from '../../../src/core/failures.js';
import { ok } from '../../../src/core/result.js';
import { createBearerAuthenticator } from '../../../src/verify/authenticators/bearer.js';
import type { IssuerRuntime } from '../../../src/verify/issuer/issuer-runtime.js';
import { type Mint, rsaKey } from '../../fixtures/mint.js';
import { mint, OTHER, opaque, otherKey, setting } from '../../support/bearer-setting.js';
import { testClock } from '../../support/clock.js';
import { endpoint, ISSUER } from '../../support/endpoint.js';
import { issuerRuntime } from '../../support/issuer.js';
import { testKeys } from '../../support/keys.js';

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

describe('a token of five parts, as some issuers encrypt their opaque tokens', () => {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const JWE = `${part({ alg: 'A256GCMKW', enc: 'A256GCM' })}.a.b.c.d`;
  const introspecting = { other: { verify: 'introspection' } } as const;
  const prefixed = (...tokenPrefixes: string[]) => ({ other: { tokenPrefixes } });

  test.each<[string, string, Parameters<typeof setting>[0]]>([
    ['with verify: introspection', JWE, introspecting],
    ['with direct encryption', `${part({ alg: 'dir', enc: 'A256GCM' })}..b.c.d`, introspecting],
    ['without a readable header', 'v1.a.b.c.d', introspecting],
    ['with a prefix of the issuer', JWE, prefixed('oat_', 'eyJ')],
    ['with a prefix of its own', 'oat_1.a.b.c.d', prefixed('oat_')],
    ['that repeats the issuer in the header', `${part({ alg: 'dir', enc: 'A256GCM', iss: OTHER })}..b.c.d`, introspecting],
  ])('%s is introspected by the one issuer that can take it', async (_what, token, changes) => {
    const { authenticate, introspected } = setting(changes);
    expect(await authenticate(token)).toMatchObject({ ok: true, value: { subject: 'opaque' } });
    expect(introspected).toEqual([token]);
  });

  test.each<[string, string, Parameters<typeof setting>[0], string]>([
    ['with verify: jwt and no prefix', JWE, {}, 'verify: introspection, or tokenPrefixes'],
    ['with verify: jwt-then-introspection', JWE, { other: { verify: 'jwt-then-introspection' } }, 'encrypted'],
    ['with another prefix', JWE, prefixed('oat_'), 'encrypted'],
    ['where the issuer has no opaque tokens', JWE, { other: { verify: 'introspection', tokenPrefixes: [] } }, 'encrypted'],
    ['without introspection', JWE, { introspects: false }, 'encrypted (JWE): the client probably requested no audience'],
    ['that is a JWT with two more parts', `${mint()}.x.y`, introspecting, 'a JWT with other text around it'],
    ['with a JWT in its other parts', `${part({ alg: 'dir', enc: 'A256GCM' })}.${mint()}.x`, introspecting, 'a JWT with'],
    ['with a JWT after a word', `x.${mint()}.y`, introspecting, 'a JWT with other text around it'],
  ])('%s is sent to no issuer', async (_what, token, changes, detail) => {
    const { authenticate, introspected } = setting(changes);
    expect(await authenticate(token)).toMatchObject({
      definition: { reason: 'token.malformed' },
      detail: expect.stringContaining(detail),
    });
    expect(introspected).toEqual([]);
  });

  test('that names another issuer in its header is sent to no issuer (RFC 7519 section 5.3)', async () => {
    const { reason, introspected } = setting(introspecting);
    for (const iss of [ISSUER, 'https://evil.example', null, 7])
      expect(await reason(`${part({ alg: 'dir', enc: 'A256GCM', iss })}..b.c.d`)).toBe('token.issuer');
    expect(introspected).toEqual([]);
  });

  test('that two issuers can take is sent to neither', async () => {
    const clock = testClock();
    const introspected: string[] = [];
    const parts = (issuer: string): IssuerRuntime =>
      issuerRuntime(
        {
          policy: { issuer, algorithms: ['RS256'], typ: 'lenient', clockToleranceSeconds: 30 },
          keys: testKeys(clock, { issuer }).source,
          verify: 'introspection',
          introspect: (token) => {
            introspected.push(token);
            return ok(opaque);
          },
        },
        clock,
      );
    const issuers = new Map([ISSUER, OTHER].map((issuer) => [issuer, parts(issuer)]));
    const bearer = createBearerAuthenticator(issuers, checkAudience, clock);
    const result = await bearer.authenticate({ kind: 'bearer', token: JWE }, endpoint());
    expect([result.ok, introspected]).toEqual([false, []]);
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
    ['without an audience, which the response names', { claims: { aud: undefined } }],
    ['with a nonce, which the response outweighs', { header: { typ: 'JWT' }, claims: { nonce: 'n' } }],
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
