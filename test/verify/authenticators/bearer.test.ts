// Which verifier gets which bearer token. A token that one rejects is never tried another way.
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { describe, expect, test, vi } from 'vitest';
import type { Caller } from '../../../src/core/principal.js';
import type { Ok } from '../../../src/core/result.js';
import type { Mint } from '../../fixtures/mint.js';
import { mint, OTHER, otherKey, setting } from '../../support/bearer-setting.js';
import { endpoint, ISSUER } from '../../support/endpoint.js';

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

  test('a flood from one address waits in bounds, and known tokens and other addresses pass (verify.busy)', async () => {
    const { bearer, reason } = setting();
    const at = endpoint();
    const send = (token: string, clientAddress: string) => bearer.authenticate({ kind: 'bearer', token }, at, { clientAddress });
    const known = mint();
    expect(await reason(known)).toBe('ok');
    const flood = Array.from({ length: 2_100 }, () => send('not a token', '203.0.113.1'));
    expect(send(known, '203.0.113.1')).toMatchObject({ ok: true });
    const another = send(mint({ claims: { sub: 'bob' } }), '198.51.100.2');
    const results = await Promise.all(flood);
    const busy = results.filter((one) => !one.ok && one.definition.reason === 'verify.busy');
    expect(busy.length).toBeGreaterThan(0);
    expect(busy.length).toBeLessThan(100);
    expect(busy[0]).toMatchObject({ retryAfterSeconds: 1 });
    expect(await another).toMatchObject({ ok: true });
  });

  test('a token in many requests at once is verified once', async () => {
    const { reason, mine } = setting();
    const verified = vi.spyOn(crypto, 'verify');
    syncBuiltinESMExports();
    const token = mint();
    const results = await Promise.all(Array.from({ length: 50 }, () => reason(token)));
    const times = verified.mock.calls.length;
    verified.mockRestore();
    syncBuiltinESMExports();
    expect([new Set(results), times, mine.loads]).toEqual([new Set(['ok']), 1, 1]);
  });
});
