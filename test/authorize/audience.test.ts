// Was the token made for this endpoint? Exact membership, the same for JWT and introspection.
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
  ['other letters', [RESOURCE.toUpperCase()]],
  ['a space-separated list', [`${RESOURCE} x`]],
  ['the client id', ['cli']],
])('refuses %s (A-40, A-41)', (_what, audience) => {
  expect(aud(RESOURCE)).toBe('ok');
  expect(aud(...audience)).toBe('audience.mismatch');
});

describe('the log says why, and what to write', () => {
  const listed = endpoint({ issuerAudience: new Map([[ISSUER, ['cli']]]) });
  const OTHER = 'https://other.example.com/mcp';
  test.each<[string, Endpoint, TokenOverrides, RegExp]>([
    ['no audience', at, { audience: [] }, /^the token names no audience$/],
    ['somebody else', at, { audience: ['urn:other'] }, /^aud is not in the list of this endpoint$/],
    ['somebody else, no evidence', at, { audience: [OTHER], accessTokenEvidence: false }, /^aud is not in the list/],
    ['an API that is no client', at, { audience: ['my-api'] }, /^aud is not in the list of this endpoint$/],
    ['its client', at, { audience: ['cli'] }, /^aud names the client .* ask for the resource .* preset, or list this value/],
    ['its client, no evidence', at, { audience: ['cli'], accessTokenEvidence: false }, /^aud may name a client, .* ID token: /],
    [
      'a listed client, no evidence',
      listed,
      { audience: ['cli'], accessTokenEvidence: false },
      /typ at\+jwt.* preset.* audience/,
    ],
    ['perhaps a client', at, { audience: ['x1'], client: null, accessTokenEvidence: false }, /^aud may name a client/],
  ])('%s (C-37)', (_what, where, claims, says) => {
    expect(checkAudience(accessToken({ audience: [RESOURCE] }), where)).toBeNull();
    const { detail = '' } = checkAudience(accessToken(claims), where) ?? {};
    expect(detail).toMatch(says);
    // What a terminal is shown of a text.
    expect(detail.length).toBeLessThan(300);
  });
});

test('the list of the endpoint is the list, not the resource beside it (A-41)', () => {
  const listed = endpoint({ audience: ['urn:files', 'urn:more'] });
  expect(reasonOf(checkAudience(accessToken({ audience: ['urn:more'] }), listed))).toBe('ok');
  expect(reasonOf(checkAudience(accessToken({ audience: [RESOURCE] }), listed))).toBe('audience.mismatch');
});

test('a slash at the end is folded only by name: both forms are listed (A-41)', () => {
  const both = endpoint({ audience: [RESOURCE, `${RESOURCE}/`] });
  expect(reasonOf(checkAudience(accessToken({ audience: [`${RESOURCE}/`] }), both))).toBe('ok');
  expect(reasonOf(checkAudience(accessToken({ audience: [RESOURCE] }), both))).toBe('ok');
  expect(reasonOf(checkAudience(accessToken({ audience: [`${RESOURCE}//`] }), both))).toBe('audience.mismatch');
});

test('the audience of one issuer is not that of another (A-45)', () => {
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

test('a client id as audience needs the evidence of an access token (C-37)', () => {
  const cognito = endpoint({ issuerAudience: new Map([[ISSUER, ['cli']]]) });
  expect(reasonOf(checkAudience(accessToken({ audience: ['cli'] }), cognito))).toBe('ok');
  expect(reasonOf(checkAudience(accessToken({ audience: ['cli'], accessTokenEvidence: false }), cognito))).toBe(
    'audience.mismatch',
  );
  const listed = endpoint({ audience: ['cli'] });
  expect(reasonOf(checkAudience(accessToken({ audience: ['cli'] }), listed))).toBe('ok');
  expect(reasonOf(checkAudience(accessToken({ audience: ['cli'], accessTokenEvidence: false }), listed))).toBe(
    'audience.mismatch',
  );
  // An ID token need not name its client twice: whatever is no URL may be a client's id.
  expect(reasonOf(checkAudience(accessToken({ audience: ['cli'], accessTokenEvidence: false, client: null }), listed))).toBe(
    'audience.mismatch',
  );
});

test('a client that asked stands for an audience that is not named, and for no other (C-84)', () => {
  const bound = (...audience: string[]): string => reasonOf(checkAudience(accessToken({ audience, boundToClient: true }), at));
  expect([bound(), bound(RESOURCE)]).toEqual(['ok', 'ok']);
  expect([aud(), bound('https://other.example.com/mcp'), bound('')]).toEqual(Array(3).fill('audience.mismatch'));
});
