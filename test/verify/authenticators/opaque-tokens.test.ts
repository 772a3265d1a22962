// Which issuer of an endpoint introspects an opaque token.
import { describe, expect, test } from 'vitest';
import { checkAudience } from '../../../src/authorize/audience.js';
import { ok } from '../../../src/core/result.js';
import { createBearerAuthenticator } from '../../../src/verify/authenticators/bearer.js';
import type { IssuerRuntime } from '../../../src/verify/issuer/issuer-runtime.js';
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
