// Which verifier judges which credential; what one rejected is never tried another way.
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
import { kindOf } from '../../support/kinds.js';

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
  const asked: string[] = [];
  const introspect = async (token: string): Promise<Result<AccessToken>> => {
    asked.push(token);
    return answer;
  };
  const ask = introspects ? introspect : null;
  const issuers = new Map<string, IssuerRuntime>([
    [ISSUER, issuerRuntime({ policy: policy(ISSUER), keys: mine.source }, clock)],
    [OTHER, issuerRuntime({ policy: policy(OTHER), keys: theirs.source, introspect: ask, ...other }, clock)],
  ]);
  const bearer = createBearerAuthenticator(issuers, checkAudience, clock);
  const verify = (token: string, where: Endpoint = at) => bearer.authenticate({ kind: 'bearer', token }, where);
  const judge = async (token: string, where?: Endpoint) => verify(token, where);
  const kind = async (token: string, where?: Endpoint) => kindOf(await judge(token, where));
  return { clock, mine, theirs, asked, verify, judge, kind };
}

describe('a JWS goes to the keys of its issuer (C-95, A-55)', () => {
  test('each issuer verifies its own', async () => {
    const { judge, asked } = setting();
    expect(await judge(mint())).toMatchObject({ ok: true, value: { kind: 'subject', issuer: ISSUER } });
    expect(await judge(mint({ issuer: OTHER, key: otherKey }))).toMatchObject({
      ok: true,
      value: { issuer: OTHER },
    });
    expect(asked).toEqual([]);
  });

  test('the same kid at two issuers is two keys (C-73, A-45)', async () => {
    const { kind } = setting();
    expect(await kind(mint())).toBe('ok');
    expect(await kind(mint({ issuer: OTHER }))).toBe('token.signature');
    expect(await kind(mint({ key: otherKey }))).toBe('token.signature');
  });

  test.each<[string, unknown]>([
    ['a stranger', 'https://evil.example.com'],
    ['the issuer with a slash (C-35)', `${ISSUER}/`],
    ['nobody', undefined],
    ['a list', [ISSUER]],
    ['a name of every object', 'constructor'],
  ])('from %s is refused without a fetch (A-45)', async (_who, iss) => {
    const { kind, mine, theirs, asked } = setting();
    expect(await kind(mint({ claims: { iss } }))).toBe('token.issuer');
    expect([mine.loads, theirs.loads, asked]).toEqual([0, 0, []]);
    expect(await kind(mint())).toBe('ok');
  });

  test.each(['[]', '{"iss":', 'null', `"${ISSUER}"`])('whose payload is %s is refused without a fetch', async (claimsText) => {
    const { kind, mine, asked } = setting();
    expect(await kind(mint({ claimsText }))).toBe('token.malformed');
    expect([mine.loads, asked]).toEqual([0, []]);
    expect(await kind(mint())).toBe('ok');
  });

  test.each<[string, Partial<Mint>, string]>([
    ['audience', { audience: 'https://elsewhere.example.com' }, 'audience.mismatch'],
    ['date', { claims: { exp: 1 } }, 'token.expired'],
    ['signature', { signature: Buffer.alloc(256) }, 'token.signature'],
    ['kid', { header: { kid: 'nobody' } }, 'token.key_unknown'],
    ['algorithm', { header: { alg: 'HS256' } }, 'token.algorithm'],
  ])('with a wrong %s is refused for good: introspection is never asked (C-47, C-95)', async (_what, changes, expected) => {
    const { kind, asked } = setting();
    expect(await kind(mint({ issuer: OTHER, key: otherKey }))).toBe('ok');
    expect(await kind(mint({ issuer: OTHER, key: otherKey, ...changes }))).toBe(expected);
    expect(asked).toEqual([]);
  });

  test('whose keys are down is 503, and introspection is not asked (C-47, C-66)', async () => {
    const { kind, theirs, asked } = setting();
    theirs.fails = 'status 500';
    expect(await kind(mint({ issuer: OTHER, key: otherKey }))).toBe('keys.unavailable');
    expect(await kind(mint())).toBe('ok');
    expect(asked).toEqual([]);
  });
});

describe('what is no JWS', () => {
  test.each(['5f0c3a0e-0000', 'ory_at_abc', 'a.b.c', 'a.b'])(
    '%s is asked about where that is configured (C-95, C-97)',
    async (token) => {
      const { judge, asked } = setting();
      expect(await judge(token)).toMatchObject({ ok: true, value: { kind: 'subject', subject: 'opaque' } });
      expect(asked).toEqual([token]);
    },
  );

  test('is refused where it is not (C-96)', async () => {
    const { kind, mine, theirs } = setting({ introspects: false });
    expect(await kind(mint())).toBe('ok');
    expect(await kind('opaque')).toBe('token.malformed');
    expect([mine.loads, theirs.loads]).toEqual([1, 0]);
  });

  test.each<[string, string, string]>([
    ['a JWT behind something', `x.${mint()}`, 'token.malformed'],
    ['a JWT before something', `${mint()}.x`, 'token.malformed'],
    ['half a JWT', mint().split('.').slice(0, 2).join('.'), 'token.malformed'],
    ['two words', 'opaque opaque', 'credential.malformed'],
    ['nothing', '', 'credential.malformed'],
    ['two credentials on a line', 'opaque, Basic eDp5', 'credential.multiple'],
  ])('%s is shown to nobody (C-95, C-01)', async (_what, token, refusal) => {
    const { kind, asked } = setting();
    expect(await kind('opaque')).toBe('ok');
    expect(await kind(token)).toBe(refusal);
    expect(asked).toEqual(['opaque']);
  });

  test('an encrypted token is refused in either case (C-40, C-44)', async () => {
    const jwe = `${Buffer.from('{"alg":"dir","enc":"A256GCM"}').toString('base64url')}..a.b.c`;
    const { kind, asked } = setting();
    expect(await kind('opaque')).toBe('ok');
    expect(await kind(jwe)).toBe('token.malformed');
    expect(asked).toEqual(['opaque']);
  });
});

describe('the one issuer that an opaque token goes to', () => {
  const prefixes = (...tokenPrefixes: string[]) => setting({ other: { tokenPrefixes } });

  test.each(['oat_abc', 'oau_abc', 'oat_'])('is the one whose tokens begin like %s', async (token) => {
    const { kind, asked } = prefixes('oat_', 'oau_');
    expect([await kind(token), asked]).toEqual(['ok', [token]]);
  });

  test.each(['ory_abc', 'OAT_abc', 'oat', 'x-oat_abc', 'abc'])('is none for %s, which nobody gets to see', async (token) => {
    const { kind, asked } = prefixes('oat_', 'oau_');
    expect(await kind('oat_good')).toBe('ok');
    expect([await kind(token), asked]).toEqual(['token.malformed', ['oat_good']]);
  });

  test('is none where the issuer takes no opaque tokens at all', async () => {
    const { kind, asked } = setting({ other: { tokenPrefixes: [], verify: 'introspection' } });
    expect(await kind(mint({ issuer: OTHER, key: otherKey }))).toBe('ok');
    expect([await kind('abc'), asked.length]).toEqual(['token.malformed', 1]);
  });

  test('is found among several', async () => {
    const clock = testClock();
    const asked: [string, string][] = [];
    const parts = (issuer: string, tokenPrefixes: string[]): IssuerRuntime =>
      issuerRuntime(
        {
          policy: { issuer, algorithms: ['RS256'], typ: 'lenient', clockToleranceSeconds: 30 },
          keys: testKeys(clock, { issuer }).source,
          tokenPrefixes,
          introspect: (token) => {
            asked.push([issuer, token]);
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
    expect(asked).toEqual([
      [OTHER, 'oat_1'],
      [ISSUER, 'ory_1'],
    ]);
  });
});

describe('verify: introspection, where the issuer judges its JWT itself', () => {
  const asking = (more = {}) => setting({ other: { verify: 'introspection' }, ...more });
  const theirToken = (changes: Partial<Mint> = {}): string => mint({ issuer: OTHER, key: otherKey, ...changes });

  test.each<[string, Partial<Mint>]>([
    ['good here too', {}],
    ['signed by whom we do not know', { key: rsaKey() }],
    ['of an algorithm that is not ours', { header: { alg: 'HS256' } }],
    ['of a typ that is not ours', { header: { typ: 'application/okta-internal-at+jwt' } }],
    ['without exp, which the answer may name', { claims: { exp: undefined } }],
    ['of another audience, which the answer decides', { audience: 'https://elsewhere.example.com' }],
  ])('a JWT %s is asked about, and no key is fetched', async (_what, changes) => {
    const { judge, asked, theirs } = asking();
    const token = theirToken(changes);
    expect(await judge(token)).toMatchObject({ ok: true, value: { subject: 'opaque' } });
    expect([asked, theirs.loads]).toEqual([[token], 0]);
  });

  test.each<[string, Partial<Mint>, string]>([
    ['expired', { ttl: -60 }, 'token.expired'],
    ['not good yet', { claims: { nbf: 4_000_000_000 } }, 'token.not_yet_valid'],
    ['an ID token', { claims: { nonce: 'n' } }, 'token.type'],
    ['without the mark of an access token', { claims: { client_id: 'other' } }, 'token.type'],
    ['unsigned', { header: { alg: 'none' } }, 'token.algorithm'],
    ['unsigned, spelled otherwise', { header: { alg: 'NoNe' } }, 'token.algorithm'],
    ['of an alg that is no text', { header: { alg: 1 } }, 'token.algorithm'],
    ['of nobody', { claims: { iss: undefined } }, 'token.issuer'],
    ['of an issuer of others', { claims: { iss: 'https://evil.example.com' } }, 'token.issuer'],
  ])('a JWT that is %s is refused without a question', async (_what, changes, expected) => {
    const { kind, asked } = asking();
    expect(await kind(theirToken())).toBe('ok');
    expect([await kind(theirToken(changes)), asked.length]).toEqual([expected, 1]);
  });

  test('is refused where there is nobody to ask', async () => {
    expect(await asking().kind(theirToken())).toBe('ok');
    expect(await asking({ introspects: false }).kind(theirToken())).toBe('token.malformed');
  });

  test('what the issuer says is final, and is asked each time anew by this step', async () => {
    const { kind, asked } = asking({ answer: tokenInactive() });
    const token = theirToken();
    expect([await kind(token), await kind(token), asked.length]).toEqual(['token.inactive', 'token.inactive', 2]);
  });

  test('a JWT of the other issuer is verified here as ever', async () => {
    const { kind, asked } = asking();
    expect([await kind(mint()), asked]).toEqual(['ok', []]);
    expect([await kind(mint({ signature: Buffer.alloc(256) })), asked]).toEqual(['token.signature', []]);
  });
});

describe('verify: jwt-then-introspection', () => {
  const both = (more = {}) => setting({ other: { verify: 'jwt-then-introspection' }, ...more });
  const theirToken = (changes: Partial<Mint> = {}): string => mint({ issuer: OTHER, key: otherKey, ...changes });

  test('a JWT that is good here is not asked about', async () => {
    const { judge, asked } = both();
    expect(await judge(theirToken())).toMatchObject({ ok: true, value: { subject: 'alice' } });
    expect(asked).toEqual([]);
  });

  test.each<[string, Partial<Mint>]>([
    ['token.key_unknown', { header: { kid: 'nobody' } }],
    ['token.signature', { key: rsaKey({ kid: 'k' }) }],
  ])('after %s the issuer is asked, and the principal is that of its answer alone', async (refusal, changes) => {
    const token = theirToken(changes);
    expect(await setting().kind(token)).toBe(refusal);
    const { judge, asked } = both();
    expect(await judge(token)).toEqual({ ok: true, value: opaque.principal });
    expect(asked).toEqual([token]);
  });

  test('after keys.unavailable too', async () => {
    const { judge, theirs, asked } = both();
    theirs.fails = 'status 500';
    expect(await judge(theirToken())).toMatchObject({ ok: true, value: opaque.principal });
    expect(asked).toHaveLength(1);
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
  ])('every other refusal is final: %s', async (expected, changes) => {
    const { kind, theirs, asked } = both();
    expect(await kind(theirToken({ key: rsaKey({ kid: 'k' }) }))).toBe('ok');
    theirs.fails = 'status 500';
    expect([await kind(theirToken({ key: rsaKey({ kid: 'k' }), ...changes })), asked.length]).toEqual([expected, 1]);
  });

  test.each([tokenInactive(), introspectionUnavailable(), introspectionGatewayRejected()])(
    'and so is what the issuer says',
    async (no) => {
      const { kind } = both({ answer: no });
      expect(await kind(theirToken())).toBe('ok');
      expect(await kind(theirToken({ signature: Buffer.alloc(256) }))).toBe(no.definition.reason);
    },
  );

  test('nothing that was asked about gets into the cache of verdicts', async () => {
    const { kind, asked } = both();
    const token = theirToken({ signature: Buffer.alloc(256) });
    expect([await kind(token), await kind(token), asked.length]).toEqual(['ok', 'ok', 2]);
  });
});

describe('the cache of verified tokens', () => {
  test('answers at once the second time, without a promise', async () => {
    const { verify, mine } = setting();
    const token = mint();
    const first = verify(token);
    expect(first).toBeInstanceOf(Promise);
    const { value } = (await first) as Ok<Caller>;
    const second = verify(token) as Ok<Caller>;
    // The same object: the log remembers the line of a caller by it.
    expect(second.value).toBe(value);
    expect(mine.loads).toBe(1);
  });

  test('ends with the token and its tolerance (E-03)', async () => {
    const { kind, clock } = setting();
    const token = mint({ ttl: 60 });
    expect(await kind(token)).toBe('ok');
    clock.advance(89_000);
    expect(await kind(token)).toBe('ok');
    clock.advance(2_000);
    expect(await kind(token)).toBe('token.expired');
  });

  test('keeps no refusal: a key that comes later is found (E-05)', async () => {
    const { kind, mine, clock } = setting();
    mine.fails = 'status 500';
    const token = mint();
    expect(await kind(token)).toBe('keys.unavailable');
    mine.fails = null;
    clock.advance(31_000);
    expect(await kind(token)).toBe('ok');
  });

  test('does not hold what introspection said', async () => {
    const { kind, asked } = setting();
    await kind('opaque');
    await kind('opaque');
    expect(asked).toEqual(['opaque', 'opaque']);
  });

  test('belongs to the issuer, and each endpoint checks the audience of a hit (E-04, A-18)', async () => {
    const { kind, verify, mine } = setting();
    const token = mint();
    expect(await kind(token)).toBe('ok');
    const other = endpoint({ audience: ['https://mcp.example.com/b'] });
    const rejected = verify(token, other);
    expect(rejected).not.toBeInstanceOf(Promise);
    expect(await kind(token, other)).toBe('audience.mismatch');
    expect([await kind(token), mine.loads]).toEqual(['ok', 1]);
  });

  test('a token that comes many times at once is verified once', async () => {
    const { kind, mine } = setting();
    const verified = vi.spyOn(globalThis.crypto.subtle, 'verify');
    const token = mint();
    const kinds = await Promise.all(Array.from({ length: 50 }, () => kind(token)));
    const times = verified.mock.calls.length;
    verified.mockRestore();
    expect([new Set(kinds), times, mine.loads]).toEqual([new Set(['ok']), 1, 1]);
  });
});
