// Checks that a caller has the required scopes.
import { describe, expect, test } from 'vitest';
import { checkScope } from '../../src/authorize/scope.js';
import { endpoint, passThroughCaller, principal, tokenRule } from '../support/endpoint.js';
import { reasonOf } from '../support/kinds.js';

const at = endpoint({ scopes: ['files:read', 'files:list'] });
const held = (...scopes: string[]): string => reasonOf(checkScope(principal({ scopes }), at, at.scopes));

test.each([
  ['exactly those', ['files:read', 'files:list']],
  ['those in another order, and more', ['x', 'files:list', 'openid', 'files:read']],
])('passes %s (A-30)', (_what, scopes) => expect(held(...scopes)).toBe('ok'));

test.each([
  ['none', []],
  ['one of two', ['files:read']],
  ['a longer name (A-36)', ['files:readx', 'files:list']],
  ['a shorter name (A-36)', ['files:rea', 'files:list']],
  ['another case (A-36)', ['Files:Read', 'files:list']],
  ['an undefined wildcard (A-36)', ['files:*', '*']],
  ['both in one name', ['files:read files:list']],
])('rejects %s (A-30)', (_what, scopes) => {
  expect(held('files:read', 'files:list')).toBe('ok');
  expect(held(...scopes)).toBe('scope.insufficient');
});

test('names every required scope, the same for all callers (A-31)', () => {
  const none = checkScope(principal({ scopes: [] }), at, at.scopes);
  const some = checkScope(principal({ scopes: ['files:read'] }), at, at.scopes);
  expect(none?.scopes).toEqual(['files:read', 'files:list']);
  expect(some?.scopes).toEqual(none?.scopes);
});

describe('the scopes that the caller has already', () => {
  const ownScopes = ['files:read', 'files:list', 'a', 'b', 'c', 'files:*'];
  const ruled = endpoint({ scopes: ['files:read'], ownScopes });
  const named = (scopes: readonly string[], required: readonly string[]) =>
    checkScope(principal({ scopes }), ruled, required)?.scopes;

  test.each([
    ['of the endpoint', ['files:read', 'a'], ['files:read', 'b'], ['files:read', 'a', 'b']],
    ['in the order of the file, not of the token', ['c', 'a', 'files:read', 'c'], ['b'], ['files:read', 'a', 'b', 'c']],
    ['that include others', ['files:*'], ['b'], ['b', 'files:*']],
    ['but none that the endpoint does not name', ['openid', 'offline_access', 'A', 'b '], ['b'], ['b']],
    ['and the required ones where it has none', [], ['files:read', 'a'], ['files:read', 'a']],
  ])('are named: %s (A-31)', (_what, scopes, required, expected) => {
    expect(named(scopes, required)).toEqual(expected);
  });

  test('are named up to 2048 characters with the required ones, which are always named', () => {
    const own = Array.from({ length: 30 }, (_, i) => `${i}`.padEnd(99, 'x'));
    const long = endpoint({ scopes: [], ownScopes: own });
    const scopesFor = (held: string[], required: string[]) => checkScope(principal({ scopes: held }), long, required)?.scopes;
    const [first = '', ...others] = own;
    expect(scopesFor(others, [first])).toEqual(own.slice(0, 20));
    expect(scopesFor(own.slice(0, -1), own.slice(-1))).toEqual([...own.slice(0, 19), own[29]]);
    expect(scopesFor([first], others)).toEqual(others);
    expect(scopesFor(others, [first])?.join(' ').length).toBeLessThanOrEqual(2048);
  });
});

test('an endpoint without scopes requires no scope', () => {
  expect(checkScope(principal({ scopes: [] }), endpoint(), [])).toBeNull();
});

test('a pass-through caller has the scopes that its rule grants (C-105)', () => {
  const granted = passThroughCaller('k', { ...tokenRule, scopes: ['files:list', 'files:read'] });
  expect(checkScope(granted, at, at.scopes)).toBeNull();
  expect(reasonOf(checkScope(passThroughCaller(), at, at.scopes))).toBe('scope.insufficient');
});

test('a scope includes others only if the configuration says so (A-32)', () => {
  const broad = principal({ scopes: ['files:*'] });
  const implies = endpoint({ scopeImplies: new Map([['files:*', ['files:read', 'files:list']]]) });
  expect(reasonOf(checkScope(broad, at, at.scopes))).toBe('scope.insufficient');
  expect(checkScope(broad, implies, at.scopes)).toBeNull();
  expect(reasonOf(checkScope(broad, implies, [...at.scopes, 'files:write']))).toBe('scope.insufficient');
});
