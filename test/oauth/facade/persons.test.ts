// Which persons may log in at a facade in mode issued, by the claims that the operator requires.
import { expect, test } from 'vitest';
import { createPersons, missingClaim } from '../../../src/oauth/facade/persons.js';

const negative = { textual: 'False', none: [], blank: ' ', nested: [['admins']], odd: { toString: 1 } };
const person = {
  hd: 'example.com',
  groups: ['readers', 'writers'],
  email_verified: true,
  age: 7,
  empty: null,
  off: false,
  ...negative,
};

test.each<[string, Record<string, readonly string[] | true>]>([
  ['nothing', {}],
  ['a value', { hd: ['example.com'] }],
  ['one of several values', { hd: ['example.org', 'example.com'] }],
  ['a value of a list', { groups: ['writers'] }],
  ['any value', { hd: true, email_verified: true, groups: true }],
  ['a number by its text', { age: ['7'] }],
])('passes: %s', (_name, required) => expect(missingClaim(person, required)).toBeUndefined());

test.each<[string, Record<string, readonly string[] | true>, string]>([
  ['another value', { hd: ['example.org'] }, 'hd'],
  ['a part of a value', { hd: ['example'] }, 'hd'],
  ['a value that is in no list', { groups: ['admins'] }, 'groups'],
  ['an absent claim', { login: ['alice'] }, 'login'],
  ['an absent claim of any value', { login: true }, 'login'],
  ['null', { empty: true }, 'empty'],
  ['false, where any value is required', { off: true }, 'off'],
  ['the text false, where any value is required', { textual: true }, 'textual'],
  ['an empty list, where any value is required', { none: true }, 'none'],
  ['an empty text, where any value is required', { blank: true }, 'blank'],
  ['a list in a list', { nested: ['admins'] }, 'nested'],
  ['an object without a text', { odd: ['x'] }, 'odd'],
  ['a member that every object has', { valueOf: ['x'] } as never, 'valueOf'],
  ['the second of two', { hd: true, groups: ['admins'] }, 'groups'],
])('rejects: %s', (_name, required, missing) => expect(missingClaim(person, required)).toBe(missing));

test('a login at a user endpoint is not refreshed once the issuer has none', async () => {
  const issued = { claims: [], requiredClaims: {}, userUrl: null, tokenSeconds: 60 };
  const persons = createPersons(issued, () => Promise.reject(new Error('not asked')), null);
  const tokens = { accessToken: 'a', refreshToken: null, idToken: null, expiresIn: null, scope: null };
  const login = { person: { subject: '7', claims: {} }, nonce: '', isAccess: false };
  expect(await persons.find(tokens, '', login)).toEqual({ ok: true, value: login.person });
  const found = await persons.find(tokens, '', { ...login, isAccess: true });
  expect(found).toMatchObject({ ok: true, value: { error: 'invalid_grant', detail: expect.stringContaining('user endpoint') } });
});
