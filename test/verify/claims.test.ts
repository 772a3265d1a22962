// The claims that make a principal, and the checks of their dates.
import { describe, expect, test } from 'vitest';
import { type ClaimRules, USUAL_CLAIMS } from '../../src/core/claim-rules.js';
import { type Claims, checkDates, toAccessToken } from '../../src/verify/claims.js';
import type { RequiredClaims } from '../../src/verify/token-kind.js';
import { flat } from '../support/endpoint.js';
import { reasonOf } from '../support/kinds.js';

const NOW = 1_800_000_000;
const checked = (claims: Claims, tolerance = 30, expRequired = true): string =>
  reasonOf(checkDates(claims, NOW, tolerance, expRequired));

describe('exp (C-31, C-38)', () => {
  test.each([
    [1, 'ok'],
    [3600, 'ok'],
    [0, 'ok'],
    [-29, 'ok'],
    [-30, 'token.expired'],
    [-31, 'token.expired'],
    [-1e9, 'token.expired'],
  ])('%d s from now, with 30 s of tolerance: %s', (distance, reason) => {
    expect(checked({ exp: NOW + distance })).toBe(reason);
  });

  test.each([
    [0, 'ok', 'token.expired'],
    [300, 'ok', 'token.expired'],
  ])('with a tolerance of %d s', (tolerance, inside, outside) => {
    expect(checked({ exp: NOW - tolerance + 1 }, tolerance)).toBe(inside);
    expect(checked({ exp: NOW - tolerance }, tolerance)).toBe(outside);
  });

  test('may be a fraction (RFC 7519 section 2)', () => expect(checked({ exp: NOW + 0.5 }, 0)).toBe('ok'));

  test('may be missing in an introspection response, never in a JWT', () => {
    expect(checked({}, 30, false)).toBe('ok');
    expect(checked({}, 30, true)).toBe('token.claims');
  });
});

describe.each(['exp', 'nbf', 'iat'])('%s', (name) => {
  test.each([
    ['a string', String(NOW + 60)],
    ['true', true],
    ['an array', [NOW + 60]],
    ['negative', -1],
    ['NaN', Number.NaN],
    ['infinity, from 1e999', JSON.parse('1e999')],
    ['milliseconds', NOW * 1000],
    ['too large', 1e11],
  ])('that is %s is rejected (C-31, C-38)', (_what, value) => {
    expect(checked({ exp: NOW + 60, nbf: NOW, iat: NOW })).toBe('ok');
    expect(checked({ exp: NOW + 60, nbf: NOW, iat: NOW, [name]: value })).toBe('token.claims');
    expect(checked({ [name]: value }, 30, false)).toBe('token.claims');
  });
});

describe.each(['nbf', 'iat'])('%s in the future (C-38, C-39)', (name) => {
  test.each([
    [-3600, 'ok'],
    [0, 'ok'],
    [30, 'ok'],
    [31, 'token.not_yet_valid'],
    [3600, 'token.not_yet_valid'],
  ])('by %d s, with 30 s of tolerance: %s', (distance, reason) => {
    expect(checked({ exp: NOW + 7200, [name]: NOW + distance })).toBe(reason);
  });
});

const good = { iss: 'i', sub: 'alice', aud: 'a', exp: NOW, client_id: 'cli', scope: 'x y' };
const made = (changes: Claims = {}, typ = true, rules: Partial<ClaimRules> = {}, requiredClaims: RequiredClaims = {}) => {
  const claims = Object.fromEntries(Object.entries({ ...good, ...changes }).filter(([, value]) => value !== undefined));
  const headerTyp = typ ? 'at+jwt' : undefined;
  const result = toAccessToken(claims, { issuer: 'i', method: 'jwt', headerTyp, requiredClaims }, rules);
  return result.ok ? flat(result.value) : reasonOf(result);
};

describe('a principal', () => {
  test('has the shape of all principals', () => {
    expect(made()).toEqual({
      issuer: 'i',
      subject: 'alice',
      kind: 'subject',
      id: '1:i - sub:alice',
      method: 'jwt',
      tenant: null,
      client: 'cli',
      scopes: ['x', 'y'],
      audience: ['a'],
      expiresAt: NOW,
      evidence: 'marked',
      hasNonce: false,
      boundToClient: false,
      claims: good,
    });
  });

  test.each<[string, Claims, object]>([
    ['azp instead of client_id', { client_id: undefined, azp: 'app' }, { client: 'app' }],
    ['client_id before azp', { azp: 'app' }, { client: 'cli' }],
    ['no client', { client_id: undefined }, { client: null }],
    [
      'a client id that is a URL (A-50)',
      { client_id: 'https://app.example/meta.json?x=1' },
      { client: 'https://app.example/meta.json?x=1' },
    ],
    ['a tenant in org_id', { org_id: 'acme' }, { tenant: 'acme' }],
    ['a tenant in tid', { tid: 'acme' }, { tenant: 'acme' }],
    ['org_id before tid', { tid: 'other', org_id: 'acme' }, { tenant: 'acme' }],
    ['equal sub and client_id (A-53)', { sub: 'cli' }, { subject: 'cli', kind: 'client', client: 'cli' }],
    ['a sub that equals the id of another client (A-53)', { sub: 'cli', client_id: 'app' }, { subject: 'cli', kind: 'subject' }],
    ['an unused claim, which is kept', { roles: ['admin'] }, { claims: { ...good, roles: ['admin'] } }],
    ['several audiences (C-27)', { aud: ['a', 'b'] }, { audience: ['a', 'b'] }],
    ['no audience, which a later step rejects (A-40)', { aud: undefined }, { audience: [] }],
    ['one audience with a space (A-41)', { aud: 'a b' }, { audience: ['a b'] }],
    ['scp as a string (A-36)', { scope: undefined, scp: 'x y' }, { scopes: ['x', 'y'] }],
    ['scp as a list (A-36)', { scope: undefined, scp: ['x', 'y'] }, { scopes: ['x', 'y'] }],
    ['scope as a list', { scope: ['x', 'y z'] }, { scopes: ['x', 'y z'] }],
    ['scope and scp', { scp: ['z'] }, { scopes: ['x', 'y', 'z'] }],
    ['no scope', { scope: undefined }, { scopes: [] }],
    ['an empty scope', { scope: '' }, { scopes: [] }],
    ['two spaces between scopes', { scope: ' x  y ' }, { scopes: ['x', 'y'] }],
    ['a tab, which is not a separator (A-36)', { scope: 'x\ty' }, { scopes: ['x\ty'] }],
    ['no exp, from introspection', { exp: undefined }, { expiresAt: null }],
  ])('with %s', (_what, changes, expected) => {
    expect(made(changes)).toMatchObject(expected);
  });

  test.each<[string, Claims]>([
    ['no sub', { sub: undefined }],
    ['an empty sub', { sub: '' }],
    ['a sub that is not a string', { sub: 5 }],
    ['a client id that is not a string', { client_id: 5 }],
    ['an azp that is not a string, beside a good client_id', { azp: ['cli'] }],
    ['an empty client id', { client_id: '' }],
    ['a tenant that is not a string', { org_id: 5 }],
    ['a tid that is not a string, beside a good org_id', { org_id: 'acme', tid: {} }],
    ['aud a number', { aud: 5 }],
    ['aud an object', { aud: { a: true } }],
    ['aud a list with a number', { aud: ['a', 5] }],
    ['scope a number', { scope: 5 }],
    ['scope an object', { scope: { x: true } }],
    ['scp a list with null', { scp: [null] }],
    ['cnf with a key (C-110)', { cnf: { jkt: 'x' } }],
    ['cnf with a certificate (C-120)', { cnf: { 'x5t#S256': 'x' } }],
    ['cnf with an unknown member (C-122)', { cnf: { foo: 1 } }],
    ['cnf null (C-122)', { cnf: null }],
  ])('is not made from claims with %s (C-31)', (_what, changes) => {
    expect(made()).toMatchObject({ subject: 'alice' });
    expect(made(changes)).toBe('token.claims');
  });
});

describe('with configured claim names (A-55, C-92)', () => {
  const url = 'https://acme.example/scopes';
  const claims = {
    scopes: ['scp', 'permissions', url, 'a.b'],
    subject: ['uid', 'sub'],
    tenant: ['account'],
    client: ['cid', 'appid'],
  };
  test.each<[string, Claims, object]>([
    ['only sub is present', {}, { subject: 'alice', tenant: null, client: null, scopes: [] }],
    ['the first subject wins', { uid: 'u1' }, { subject: 'u1' }],
    ['the first client wins', { cid: 'c1', appid: 'c2' }, { client: 'c1' }],
    ['the second client where the first is absent', { appid: 'c2' }, { client: 'c2' }],
    ['the configured tenant claim alone', { account: 'acme', org_id: 'other' }, { tenant: 'acme' }],
    ['all scope claims are joined', { scp: ['x'], permissions: ['y', 'z'], [url]: 'u v' }, { scopes: ['x', 'y', 'z', 'u', 'v'] }],
    ['a name may be a URL or contain a dot', { 'a.b': 'in', a: { b: 'out' } }, { scopes: ['in'] }],
  ])('%s', (_what, changes, expected) => expect(made(changes, true, { claims })).toMatchObject(expected));

  test.each<[string, Claims]>([
    ['no subject at all', { sub: undefined }],
    ['a first subject that is not a string, beside a good second', { uid: 5 }],
    ['a second subject that is not a string, beside a good first', { uid: 'u1', sub: 5 }],
    ['an empty first subject', { uid: '' }],
    ['a scope claim of a wrong type, beside good ones', { scp: ['x'], permissions: { admin: true } }],
    ['a tenant that is an object', { account: { acme: {} } }],
    ['a client that is a list', { appid: ['c2'] }],
  ])('%s is rejected', (_what, changes) => {
    expect(made({ uid: 'u1', account: 'acme', cid: 'c1' }, true, { claims })).toMatchObject({ subject: 'u1' });
    expect(made(changes, true, { claims })).toBe('token.claims');
  });

  test('the type of a claim that is not configured does not matter', () => {
    expect(made({ org_id: 5, azp: 5, scope: 5 }, true, { claims })).toMatchObject({ subject: 'alice' });
  });
});

test('a token without a required tenant is rejected', () => {
  expect(made({ org_id: 'acme' }, true, { requireTenant: true })).toMatchObject({ tenant: 'acme' });
  expect(made({}, true, { requireTenant: true })).toBe('token.claims');
  expect(made({}, true, { requireTenant: false })).toMatchObject({ tenant: null });
  const claims = { ...USUAL_CLAIMS, tenant: ['account'] };
  expect(made({ account: 'acme' }, true, { claims, requireTenant: true })).toMatchObject({ tenant: 'acme' });
  expect(made({ org_id: 'acme' }, true, { claims, requireTenant: true })).toBe('token.claims');
});

describe('a token of an issuer that omits aud (C-26)', () => {
  const rules = { audienceIsClient: true };
  const none = { aud: undefined, scope: undefined };
  test.each<[string, Claims, Partial<ClaimRules>, object]>([
    ['is for its client, and is not an ID token', none, rules, { audience: ['cli'], evidence: 'marked' }],
    ['has no audience without a client', { ...none, client_id: undefined }, rules, { audience: [], evidence: 'none' }],
    ['has the audience that it names', { ...none, aud: 'a' }, rules, { audience: ['a'], evidence: 'none' }],
    ['has no audience with an empty list', { ...none, aud: [] }, rules, { audience: [], evidence: 'none' }],
    ['has no audience without audienceIsClient', none, {}, { audience: [], evidence: 'none' }],
    [
      'is for the client of the issuer, even if it names another',
      none,
      { ...rules, clientOfIssuer: 'own' },
      { audience: ['own'], client: 'own' },
    ],
    ['has no audience from clientOfIssuer alone', none, { clientOfIssuer: 'own' }, { audience: [], client: 'own' }],
  ])('%s', (_what, changes, given, expected) => expect(made(changes, false, given)).toMatchObject(expected));
});

describe('evidence of an access token (C-37)', () => {
  const none = { scope: undefined };
  test.each<[string, Claims, boolean, string]>([
    ['nothing', none, false, 'none'],
    ['typ', none, true, 'marked'],
    ['scope', { scope: '' }, false, 'scoped'],
    ['scp', { ...none, scp: [] }, false, 'scoped'],
    ['permissions', { ...none, permissions: [] }, false, 'scoped'],
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

test('the / of Entra is no scope', () => {
  expect(made({ scope: undefined, scp: '/' })).toMatchObject({ scopes: [] });
  expect(made({ scope: 'x / /y' })).toMatchObject({ scopes: ['x', '/y'] });
});

test('a bound token is told as such (C-110)', () => {
  const detailOf = (cnf: unknown) =>
    toAccessToken({ ...good, cnf }, { issuer: 'i', method: 'jwt', headerTyp: 'at+jwt' }) as { detail?: string };
  expect(detailOf({ jkt: 'x' }).detail).toMatch(/^a DPoP token/);
  expect(detailOf({ 'x5t#S256': 'x' }).detail).toMatch(/^bound to a key/);
});
