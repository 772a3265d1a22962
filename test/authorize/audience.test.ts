// A token is for this endpoint by exact membership, the same for JWT and introspection.
import { describe, expect, test } from 'vitest';
import { checkAudience } from '../../src/authorize/audience.js';
import type { Endpoint } from '../../src/core/endpoint.js';
import { accessToken, endpoint, ISSUER, RESOURCE, type TokenOverrides } from '../support/endpoint.js';
import { reasonOf } from '../support/kinds.js';

const at = endpoint();
const aud = (...audience: string[]): string => reasonOf(checkAudience(accessToken({ audience }), at));

test.each([
  ['the resource', [RESOURCE]],
  ['the resource among others (C-27)', ['https://other.example.com', RESOURCE]],
  ['the resource twice', [RESOURCE, RESOURCE]],
])('passes %s (A-40)', (_what, audience) => expect(aud(...audience)).toBe('ok'));

test.each([
  ['no audience', []],
  ['an empty name', ['']],
  ['the issuer', [ISSUER]],
  ['another server', ['https://other.example.com/mcp']],
  ['another endpoint of the same host (A-18)', ['https://mcp.example.com/other']],
  ['the origin alone', ['https://mcp.example.com']],
  ['a slash at the end', [`${RESOURCE}/`]],
  ['a longer name', [`${RESOURCE}.evil.example`]],
  ['a shorter name', [RESOURCE.slice(0, -1)]],
  ['a query', [`${RESOURCE}?x=1`]],
  ['another scheme', [RESOURCE.replace('https', 'http')]],
  ['another case', [RESOURCE.toUpperCase()]],
  ['a space-separated list', [`${RESOURCE} x`]],
  ['the client id', ['cli']],
])('rejects %s (A-40, A-41)', (_what, audience) => {
  expect(aud(RESOURCE)).toBe('ok');
  expect(aud(...audience)).toBe('audience.mismatch');
});

describe('the detail has the cause and the fix', () => {
  const listed = endpoint({ issuerAudience: new Map([[ISSUER, ['cli']]]) });
  const OTHER = 'https://other.example.com/mcp';
  test.each<[string, Endpoint, TokenOverrides, RegExp]>([
    ['no audience', at, { audience: [] }, /^the token names no audience: .* resource .* aud$/],
    ['another audience', at, { audience: ['urn:other'] }, /^aud "urn:other" is not an audience of this endpoint.* in audience/],
    ['another audience, no evidence', at, { audience: [OTHER], evidence: 'none' }, /^aud "https:.*" is not an audience/],
    ['an API that is not a client', at, { audience: ['my-api'] }, /^aud "my-api" is not an audience of this endpoint/],
    ['its client', at, { audience: ['cli'] }, /^aud names the client "cli" .* resource .* needs audience: \["cli"\]/],
    ['its client, no evidence', at, { audience: ['cli'], evidence: 'none' }, /^aud names the client .* audience: \["cli"\]/],
    [
      'a listed client, no evidence',
      listed,
      { audience: ['cli'], evidence: 'none' },
      /^aud "cli" may be a client.* idtyp app .* requiredClaims/,
    ],
    ['a possible client', at, { audience: ['x1'], client: null, evidence: 'none' }, /^aud "x1" is not an audience/],
    ['a long name', at, { audience: ['x'.repeat(5000)] }, /^aud "x{80}" is not an audience/],
  ])('%s (C-37)', (_what, where, claims, says) => {
    expect(checkAudience(accessToken({ audience: [RESOURCE] }), where)).toBeNull();
    const { detail = '' } = checkAudience(accessToken(claims), where) ?? {};
    expect(detail).toMatch(says);
    // explain and doctor cut longer texts.
    expect(detail.length).toBeLessThan(300);
  });
});

test('a configured list replaces the resource (A-41)', () => {
  const listed = endpoint({ audience: ['urn:files', 'urn:more'] });
  expect(reasonOf(checkAudience(accessToken({ audience: ['urn:more'] }), listed))).toBe('ok');
  expect(reasonOf(checkAudience(accessToken({ audience: [RESOURCE] }), listed))).toBe('audience.mismatch');
});

test('a slash at the end matters: the operator has to list both forms (A-41)', () => {
  const both = endpoint({ audience: [RESOURCE, `${RESOURCE}/`] });
  expect(reasonOf(checkAudience(accessToken({ audience: [`${RESOURCE}/`] }), both))).toBe('ok');
  expect(reasonOf(checkAudience(accessToken({ audience: [RESOURCE] }), both))).toBe('ok');
  expect(reasonOf(checkAudience(accessToken({ audience: [`${RESOURCE}//`] }), both))).toBe('audience.mismatch');
});

test('the audience of one issuer does not count for another (A-45)', () => {
  const other = 'https://other-auth.example.com';
  const shared = endpoint({
    issuerAudience: new Map([
      [ISSUER, ['app-guid']],
      [other, []],
    ]),
  });
  expect(reasonOf(checkAudience(accessToken({ audience: ['app-guid'] }), shared))).toBe('ok');
  expect(reasonOf(checkAudience(accessToken({ audience: ['app-guid'], issuer: other }), shared))).toBe('audience.mismatch');
  expect(reasonOf(checkAudience(accessToken({ audience: ['app-guid'], issuer: 'https://unknown.example.com' }), shared))).toBe(
    'audience.mismatch',
  );
});

test('a client id as audience needs evidence of an access token (C-37)', () => {
  const cognito = endpoint({ issuerAudience: new Map([[ISSUER, ['cli']]]) });
  expect(reasonOf(checkAudience(accessToken({ audience: ['cli'] }), cognito))).toBe('ok');
  expect(reasonOf(checkAudience(accessToken({ audience: ['cli'], evidence: 'none' }), cognito))).toBe('audience.mismatch');
  const listed = endpoint({ audience: ['cli'] });
  expect(reasonOf(checkAudience(accessToken({ audience: ['cli'] }), listed))).toBe('ok');
  expect(reasonOf(checkAudience(accessToken({ audience: ['cli'], evidence: 'none' }), listed))).toBe('audience.mismatch');
  // An ID token may name its client only in aud. Any text that is not a URL may be a client id.
  expect(reasonOf(checkAudience(accessToken({ audience: ['cli'], evidence: 'none', client: null }), listed))).toBe(
    'audience.mismatch',
  );
});

test('a bound client replaces an absent audience, but not another audience (C-84)', () => {
  const bound = (...audience: string[]): string => reasonOf(checkAudience(accessToken({ audience, boundToClient: true }), at));
  expect([bound(), bound(RESOURCE)]).toEqual(['ok', 'ok']);
  expect([aud(), bound('https://other.example.com/mcp'), bound('')]).toEqual(Array(3).fill('audience.mismatch'));
});

describe('a nonce marks an ID token only where nothing shows an access token (C-37)', () => {
  const listed = endpoint({ audience: [RESOURCE, 'cli'] });
  test.each<[string, TokenOverrides, string]>([
    ['its mark, for the resource', { evidence: 'marked' }, 'ok'],
    ['its mark, for its client', { evidence: 'marked', audience: ['cli'] }, 'ok'],
    ['scopes, for the resource', { evidence: 'scoped' }, 'ok'],
    ['scopes, for its client', { evidence: 'scoped', audience: ['cli'] }, 'token.type'],
    ['scopes, for a name that may be a client', { evidence: 'scoped', audience: ['cli'], client: null }, 'token.type'],
    ['nothing, for the resource', { evidence: 'none' }, 'token.type'],
    ['nothing, for its client', { evidence: 'none', audience: ['cli'] }, 'token.type'],
    ['its mark, for another server', { evidence: 'marked', audience: ['urn:other'] }, 'audience.mismatch'],
    ['nothing, for another server', { evidence: 'none', audience: ['urn:other'] }, 'audience.mismatch'],
  ])('with %s', (_what, token, expected) => {
    expect(reasonOf(checkAudience(accessToken({ ...token, hasNonce: true }), listed))).toBe(expected);
  });

  test('a token that is bound to its client', () => {
    const bound = { audience: [], boundToClient: true, evidence: 'none' } as const;
    const reasons = [bound, { ...bound, hasNonce: true }, { ...bound, hasNonce: true, evidence: 'scoped' as const }];
    expect(reasons.map((token) => reasonOf(checkAudience(accessToken(token), listed)))).toEqual(['ok', 'token.type', 'ok']);
  });

  test('without a nonce scopes are enough, and the resource needs no sign', () => {
    const all = [{ evidence: 'scoped', audience: ['cli'] }, { evidence: 'none' }] as const;
    expect(all.map((token) => checkAudience(accessToken(token), listed))).toEqual([null, null]);
  });
});
