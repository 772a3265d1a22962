// Claims that tell access tokens from other kinds, and optional claims as providers write them.
import { describe, expect, test } from 'vitest';
import { type Claims, toAccessToken } from '../../src/verify/claims.js';
import { checked, good, made, NOW } from '../support/claims.js';

describe('evidence of an access token (C-37)', () => {
  const none = { scope: undefined };
  test.each<[string, Claims, boolean, string]>([
    ['nothing', none, false, 'none'],
    ['typ', none, true, 'marked'],
    ['scope', { scope: '' }, false, 'scoped'],
    ['scp', { ...none, scp: [] }, false, 'scoped'],
    ['permissions', { ...none, permissions: [] }, false, 'scoped'],
    ['permissions that are no list', { ...none, permissions: {} }, false, 'none'],
    ['permissions: false', { ...none, permissions: false }, false, 'none'],
    ['scope: null', { scope: null }, false, 'none'],
    ['scp: / of Entra, which is no scope', { ...none, scp: '/' }, false, 'none'],
    ['token_use: access', { ...none, token_use: 'access' }, false, 'marked'],
    ['token_use: id', { ...none, token_use: 'id' }, false, 'none'],
    ['the claim typ of Keycloak', { ...none, typ: 'Bearer' }, false, 'marked'],
    ['the claim typ of an ID token', { ...none, typ: 'ID' }, false, 'none'],
    ['idtyp: app of Entra', { ...none, idtyp: 'app' }, false, 'marked'],
    ['idtyp: user', { ...none, idtyp: 'user' }, false, 'none'],
    ['token_type: Bearer, which proves nothing', { ...none, token_type: 'Bearer' }, false, 'none'],
  ])('%s', (_what, changes, typ, evidence) => {
    expect(made(changes, typ)).toMatchObject({ evidence });
  });

  test('is a required claim, which was checked before', () => {
    expect(made(none, false)).toMatchObject({ evidence: 'none' });
    expect(made({ ...none, gty: 'x' }, false, {}, { gty: true })).toMatchObject({ evidence: 'marked' });
  });

  test('a nonce is reported', () => {
    expect([made({ nonce: 'n' }), made({ nonce: '' }), made({ nonce: null })]).toMatchObject([
      { hasNonce: true },
      { hasNonce: true },
      { hasNonce: false },
    ]);
  });
});

describe('null in an optional claim is absent', () => {
  test.each<[string, Claims, object]>([
    ['client_id', { client_id: null, azp: 'app' }, { client: 'app' }],
    ['azp', { azp: null }, { client: 'cli' }],
    ['tenant', { org_id: null, tid: 'acme' }, { tenant: 'acme' }],
    ['every tenant claim', { org_id: null, tid: null }, { tenant: null }],
    ['aud', { aud: null }, { audience: [] }],
    ['scope', { scope: null, scp: ['x'] }, { scopes: ['x'] }],
    ['exp of an answer', { exp: null }, { expiresAt: null }],
  ])('%s', (_what, changes, expected) => expect(made(changes)).toMatchObject(expected));

  test('but a subject is required', () => expect(made({ sub: null })).toBe('token.claims'));
  test('as is cnf, whose meaning is unknown', () => expect(made({ cnf: null })).toBe('token.claims'));

  test('so are dates, except the exp of a JWT', () => {
    expect(checked({ exp: NOW + 60, nbf: null, iat: null })).toBe('ok');
    expect(checked({ exp: null, nbf: null, iat: null }, 30, false)).toBe('ok');
    expect(checked({ exp: null })).toBe('token.claims');
  });
});

test('0 is a date in 1970 (RFC 7519 section 2)', () => {
  expect(checked({ exp: NOW + 60, nbf: 0, iat: 0 })).toBe('ok');
  expect(checked({ exp: 0 })).toBe('token.expired');
});

test('the / of Entra is not a scope', () => {
  expect(made({ scope: undefined, scp: '/' })).toMatchObject({ scopes: [] });
  expect(made({ scope: 'x / /y' })).toMatchObject({ scopes: ['x', '/y'] });
});

test('the detail names the binding (C-110)', () => {
  const detailOf = (cnf: unknown) =>
    toAccessToken({ ...good, cnf }, { issuer: 'i', method: 'jwt', headerTyp: 'at+jwt' }) as { detail?: string };
  expect(detailOf({ jkt: 'x' }).detail).toMatch(/^a DPoP token/);
  expect(detailOf({ 'x5t#S256': 'x' }).detail).toMatch(/^bound to a key/);
});
