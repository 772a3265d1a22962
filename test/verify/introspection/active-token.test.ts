// Whether an active token may serve as an access token now, and which principal it gives.
import { describe, expect, test } from 'vitest';
import { USUAL_CLAIMS } from '../../../src/core/claim-rules.js';
import type { Claims } from '../../../src/verify/claims.js';
import { type ActivePolicy, activeChecks, activeToken, rejectActive } from '../../../src/verify/introspection/active-token.js';
import { ISSUER } from '../../support/endpoint.js';
import { reasonOf } from '../../support/kinds.js';

const NOW = 1_800_000_000;
const rules = { claims: USUAL_CLAIMS, requireTenant: false, clientOfIssuer: null, audienceIsClient: false };
const policy: ActivePolicy = { issuer: ISSUER, clockToleranceSeconds: 30, ...rules };
const good: Claims = { active: true, iss: ISSUER, sub: 'alice', client_id: 'cli', token_type: 'Bearer', exp: NOW + 60 };
const reason = (changes: Claims): string => reasonOf(rejectActive({ ...good, ...changes }, policy, NOW));

/** Check, changed claims, expected reason. */
const flaws: [string, Claims, string][] = [
  ['issuer', { iss: 'https://other.example.com' }, 'token.claims'],
  ['issuer', { iss: `${ISSUER}/` }, 'token.claims'],
  ['issuer', { iss: [ISSUER] }, 'token.claims'],
  ['token_type', { token_type: 'refresh_token' }, 'token.claims'],
  ['token_type', { token_type: 'DPoP' }, 'token.claims'],
  ['token_type', { token_type: 'N_A' }, 'token.claims'],
  ['token_type', { token_type: 5 }, 'token.claims'],
  ['other kinds of token', { token_use: 'refresh_token' }, 'token.type'],
  ['other kinds of token', { token_use: 'refresh' }, 'token.type'],
  ['other kinds of token', { token_use: 'id' }, 'token.type'],
  ['other kinds of token', { typ: 'Refresh' }, 'token.type'],
  ['other kinds of token', { at_hash: 'x' }, 'token.type'],
  ['dates', { exp: NOW - 30 }, 'token.expired'],
  ['dates', { exp: 'never' }, 'token.claims'],
  ['dates', { nbf: NOW + 31 }, 'token.not_yet_valid'],
];

describe('an active token is rejected all the same (C-84, A-46, C-110)', () => {
  test('every check has a flaw in this table', () => {
    expect([...new Set(flaws.map(([name]) => name))]).toEqual(activeChecks.map(({ name }) => name));
  });

  test.each(flaws)('by %s: %j', (name, changes, expected) => {
    expect(reason({})).toBe('ok');
    expect(reason(changes)).toBe(expected);
    const others = activeChecks.filter((check) => check.name !== name);
    expect(others.map((check) => check.reject({ ...good, ...changes }, policy, NOW))).toEqual(others.map(() => null));
  });
});

test.each<[string, Claims]>([
  ['no issuer', { iss: undefined }],
  ['null for all that is optional', { iss: null, token_type: null, token_use: null, typ: null, exp: null, nbf: null }],
  ['no type', { token_type: undefined }],
  ['bearer in lower case', { token_type: 'bearer' }],
  ['the type access_token', { token_type: 'access_token' }],
  ['the use access_token', { token_use: 'access_token' }],
  ['the typ of an access token', { typ: 'Bearer' }],
  ['no exp (C-85)', { exp: undefined }],
  ['an exp within the tolerance', { exp: NOW - 29 }],
])('an active token passes with %s', (_what, changes) => expect(reason(changes)).toBe('ok'));

describe('the principal (A-53)', () => {
  const principal = (changes: Claims, rules: Partial<ActivePolicy> = {}) => {
    const claims = Object.entries({ ...good, ...changes }).filter(([, value]) => value !== undefined);
    const made = activeToken(Object.fromEntries(claims), { ...policy, ...rules }, 'key');
    return made.ok ? made.value.principal : reasonOf(made);
  };

  test.each<[string, Claims, object]>([
    ['a user', {}, { subject: 'alice', kind: 'subject', client: 'cli' }],
    ['a user by name', { sub: undefined, username: 'bob' }, { subject: 'bob', kind: 'user', client: 'cli' }],
    ['a user whose sub is null', { sub: null, username: 'bob' }, { subject: 'bob', kind: 'user' }],
    ['a user with a sub and a name', { username: 'bob' }, { subject: 'alice', kind: 'subject' }],
    ['a user with the name of the client', { sub: undefined, username: 'cli' }, { subject: 'cli', kind: 'user' }],
    ['a client without sub', { sub: undefined }, { subject: 'cli', kind: 'token', client: 'cli' }],
    ['a client whose sub is its id', { sub: 'cli' }, { subject: 'cli', kind: 'client' }],
    ['a user with the name of a client', { sub: 'other' }, { subject: 'other', kind: 'subject' }],
    ['a client with the name of a user', { sub: undefined, client_id: 'alice' }, { subject: 'alice', kind: 'token' }],
  ])('%s', (_who, changes, expected) => expect(principal(changes)).toMatchObject(expected));

  test('is read from configured claim names, and keeps all claims', () => {
    const claims = { ...USUAL_CLAIMS, subject: ['user_id'], tenant: ['account_id'] };
    const answer = { active: true, user_id: 'u1', account_id: 'acme' };
    const named = activeToken(answer, { ...policy, claims }, 'key');
    expect(named).toMatchObject({
      ok: true,
      value: { principal: { subject: 'u1', kind: 'subject', tenant: 'acme', client: null } },
    });
    expect(named.ok && named.value.principal.claims).toEqual(answer);
  });

  test.each<[string, Claims]>([
    ['neither sub nor client', { sub: undefined, client_id: undefined }],
    ['a sub that is not a string, beside a good client', { sub: 5 }],
    ['a username that is not a string, beside a good client', { sub: undefined, username: 5 }],
    ['an empty username, beside a good client', { sub: undefined, username: '' }],
    ['a key-bound token', { cnf: { jkt: 'x' } }],
  ])('%s is rejected', (_who, changes) => {
    expect(principal({})).toMatchObject({ subject: 'alice' });
    expect(principal(changes)).toBe('token.claims');
  });

  test('the same text from another claim, client or token is another principal', () => {
    const ids = [
      [{ sub: 'bob' }, 'k1'],
      [{ username: 'bob', client_id: 'a' }, 'k1'],
      [{ sub: 'bob', client_id: 'bob' }, 'k1'],
      [{ client_id: 'bob' }, 'k1'],
      [{ client_id: 'bob' }, 'k2'],
    ] as const;
    const idOf = ([claims, key]: (typeof ids)[number]) => {
      const made = activeToken({ active: true, ...claims }, policy, key);
      return made.ok && made.value.principal.id;
    };
    expect(new Set(ids.map(idOf)).size).toBe(5);
    expect(ids.map(idOf)).toEqual(ids.map(idOf));
  });

  test('a user has one id whatever the token', () => {
    const ids = ['k1', 'k2'].map((key) => activeToken({ active: true, username: 'bob' }, policy, key));
    expect(ids[0]).toEqual(ids[1]);
  });

  test('a tenant can be required', () => {
    expect(principal({ org_id: 'acme' }, { requireTenant: true })).toMatchObject({ tenant: 'acme' });
    expect(principal({}, { requireTenant: true })).toBe('token.claims');
  });
});
