// The claims that make a principal, and the checks of their dates.
import { describe, expect, test } from 'vitest';
import { type ClaimRules, USUAL_CLAIMS } from '../../src/core/claim-rules.js';
import type { Claims } from '../../src/verify/claims.js';
import { checked, good, made, NOW } from '../support/claims.js';

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

describe('a principal', () => {
  test('has the shape of all principals', () => {
    expect(made()).toEqual({
      issuer: 'i',
      subject: 'alice',
      key: null,
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
