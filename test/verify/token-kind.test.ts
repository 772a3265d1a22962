// The table of token kinds: what marks another kind of token, for JWTs and introspection alike.
import { describe, expect, test } from 'vitest';
import {
  type RequiredClaims,
  rejectIntrospectedTyp,
  rejectMissingClaims,
  rejectOtherKind,
  rejectTyp,
} from '../../src/verify/token-kind.js';
import { reasonOf } from '../support/kinds.js';

describe('marks of another kind (C-37)', () => {
  test.each<[Record<string, unknown>]>([
    [{ token_use: 'id' }],
    [{ token_use: 'id_token' }],
    [{ token_use: 'refresh' }],
    [{ token_use: 'refresh_token' }],
    [{ token_use: 'ID' }],
    [{ token_use: '' }],
    [{ token_use: ['access'] }],
    [{ typ: 'Refresh' }],
    [{ typ: 'refresh_token' }],
    [{ typ: 'Offline' }],
    [{ typ: 'ID' }],
    [{ typ: 'id_token' }],
    [{ typ: 'Logout' }],
    [{ at_hash: 'x' }],
    [{ c_hash: '' }],
    [{ events: {} }],
    [{ token_use: 'access', at_hash: 'x' }],
  ])('%j', (claims) => {
    expect(rejectOtherKind({ sub: 'alice' })).toBeNull();
    expect(reasonOf(rejectOtherKind(claims))).toBe('token.type');
  });

  test.each<[Record<string, unknown>]>([
    [{ token_use: 'access' }],
    [{ token_use: 'Access_Token' }],
    [{ token_use: null, typ: null, at_hash: null, events: null }],
    [{ typ: 'Bearer' }],
    [{ typ: 'anything' }],
    [{ typ: 5 }],
    [{ nonce: 'n' }],
  ])('none in %j', (claims) => expect(rejectOtherKind(claims)).toBeNull());
});

describe('required claims', () => {
  const missing = (claims: Record<string, unknown>): string =>
    reasonOf(rejectMissingClaims(claims, { gty: true, kind: 'access' }));

  test.each<[string, Record<string, unknown>, string]>([
    ['all', { gty: 'x', kind: 'access' }, 'ok'],
    ['any value', { gty: [], kind: 'access' }, 'ok'],
    ['false is a value', { gty: false, kind: 'access' }, 'ok'],
    ['none', {}, 'token.type'],
    ['null', { gty: null, kind: 'access' }, 'token.type'],
    ['another value', { gty: 'x', kind: 'id' }, 'token.type'],
    ['a list with the value', { gty: 'x', kind: ['access'] }, 'token.type'],
    ['the value true, where a text is required', { gty: 'x', kind: true }, 'token.type'],
  ])('%s', (_what, claims, expected) => expect(missing(claims)).toBe(expected));

  test('a name of the prototype is not a claim', () => {
    expect(reasonOf(rejectMissingClaims({}, { constructor: true } as unknown as RequiredClaims))).toBe('token.type');
  });

  test.each<[Record<string, unknown>, RequiredClaims, RegExp]>([
    [{}, { scope: true }, /^the token lacks scope, .*may be an ID token, or its client requested no scope/],
    [{ typ: 'x' }, { typ: 'Bearer' }, /^the token lacks typ "Bearer", .*may be an ID token\.$/],
  ])('the detail names the claim that %j lacks (%j), and the likely cause', (claims, required, says) => {
    expect(rejectMissingClaims(claims, required)?.detail).toMatch(says);
  });

  test('the detail names the binding of a DPoP token of Keycloak, whose claim typ is DPoP', () => {
    const bound = rejectMissingClaims({ typ: 'DPoP', cnf: { jkt: 'x' } }, { typ: 'Bearer' });
    expect([reasonOf(bound), bound?.detail]).toEqual(['token.claims', expect.stringMatching(/^a DPoP token/)]);
  });
});

describe('the typ header (C-30): strict, lenient, and introspected where typ is lenient', () => {
  test.each<[unknown, string]>([
    ['at+jwt', 'yyy'],
    ['application/at+jwt', 'yyy'],
    ['JWT', 'nyy'],
    [undefined, 'nyy'],
    ['okta-internal-at+jwt', 'nny'],
    ['', 'nny'],
    ['logout+jwt', 'nnn'],
    ['Logout+JWT', 'nnn'],
    ['application/logout+jwt', 'nnn'],
    ['dpop+jwt', 'nnn'],
    ['secevent+jwt', 'nnn'],
    ['oauth-id-jag+jwt', 'nnn'],
    ['token-introspection+jwt', 'nnn'],
    ['id_token+jwt', 'nnn'],
    ['rt+jwt', 'nnn'],
    [null, 'nnn'],
    [['at+jwt'], 'nnn'],
  ])('%j', (typ, expected) => {
    const found = [rejectTyp(typ, 'at+jwt'), rejectTyp(typ, 'lenient'), rejectIntrospectedTyp(typ, 'lenient')];
    expect(found.map((failure) => (failure === null ? 'y' : 'n')).join('')).toBe(expected);
    expect(rejectIntrospectedTyp(typ, 'at+jwt')).toEqual(found[0]);
  });
});
