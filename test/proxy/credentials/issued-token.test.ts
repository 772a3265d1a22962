// The checks of an issued token, one flaw each, and how long the gateway uses a token.
import { describe, expect, test } from 'vitest';
import { issuedRules, readIssued } from '../../../src/proxy/credentials/issued-token.js';
import { lifeOf } from '../../../src/proxy/credentials/token-life.js';
import { ACCESS_TOKEN, BACKEND, issuedAnswer, issuedJwt } from '../../support/exchanging.js';

const NOW = 1_800_000_000_000;
const SECONDS = NOW / 1000;
const SUBJECT = 'token-of-the-caller';
const expected = { issuedTokenType: ACCESS_TOKEN, audience: [BACKEND, 'https://files.example.com/mcp'], subjectToken: SUBJECT };

const read = (changes: Record<string, unknown> = {}, others: Partial<typeof expected> | { issuedTokenType: null } = {}) => {
  const members = issuedAnswer(changes);
  return readIssued({ accessToken: String(members.access_token), members }, { ...expected, ...others }, NOW - 1000, NOW);
};
const jwt = (claims: Record<string, unknown>) => ({ access_token: issuedJwt(claims) });
const header = (value: Record<string, unknown>) => issuedJwt({ aud: 'other' }, value);

const [TYPE, BEARER, LONG, OWN, AUDIENCE, EXP, EXPIRES_IN, EXPIRED] = issuedRules.map(({ flaw }) => flaw) as string[];

describe('a flaw of an issued token (C-126)', () => {
  test.each<[string | undefined, string, Record<string, unknown>]>([
    [TYPE, 'a refresh token (zitadel)', { issued_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' }],
    [TYPE, 'an ID token', { issued_token_type: 'urn:ietf:params:oauth:token-type:id_token' }],
    [TYPE, 'some JWT', { issued_token_type: 'urn:ietf:params:oauth:token-type:jwt' }],
    [TYPE, 'no type', { issued_token_type: undefined }],
    [TYPE, 'a list', { issued_token_type: [ACCESS_TOKEN] }],
    [BEARER, 'N_A', { token_type: 'N_A' }],
    [BEARER, 'DPoP', { token_type: 'DPoP' }],
    [BEARER, 'no token type', { token_type: undefined }],
    [LONG, 'more than 8 KiB', { access_token: 'a'.repeat(8193) }],
    [OWN, 'the token of the caller', { access_token: SUBJECT }],
    [AUDIENCE, 'another audience', jwt({ aud: 'other' })],
    [AUDIENCE, 'a list without it', jwt({ aud: ['other', `${BACKEND}/`] })],
    [AUDIENCE, 'no audience', jwt({ aud: undefined })],
    [AUDIENCE, 'an object', jwt({ aud: { [BACKEND]: 1 } })],
    [AUDIENCE, 'an unreadable payload', { access_token: `${issuedJwt().split('.')[0]}.e30x.c2ln` }],
    [EXP, 'exp as text', jwt({ exp: String(SECONDS + 60) })],
    [EXPIRES_IN, 'expires_in as words', { expires_in: 'soon' }],
    [EXPIRES_IN, 'expires_in as an object', { expires_in: {} }],
    [EXPIRED, 'expires_in 0', { expires_in: 0 }],
    [EXPIRED, 'expires_in below 0', { expires_in: -1 }],
    [EXPIRED, 'expires_in that ended on the way', { expires_in: 1 }],
    [EXPIRED, 'exp now', jwt({ exp: SECONDS })],
    [EXPIRED, 'exp in the past beside a long expires_in', { ...jwt({ exp: SECONDS - 1 }), expires_in: 3600 }],
  ])('%s: %s', (flaw, _what, changes) => {
    expect(read(changes)).toMatchObject({ ok: false, definition: { reason: 'exchange.unavailable' }, detail: flaw });
  });
});

describe('no flaw', () => {
  test.each<[string, Record<string, unknown>, number | null]>([
    ['a JWT for the upstream', {}, NOW + 299_000],
    ['a JWT for several', jwt({ aud: ['account', BACKEND] }), NOW + 299_000],
    ['a JWT for the resource', jwt({ aud: 'https://files.example.com/mcp' }), NOW + 299_000],
    ['token_type in lower case', { token_type: 'bearer' }, NOW + 299_000],
    ['an opaque token', { access_token: 'opaque' }, NOW + 299_000],
    ['three parts that are not a JWT', { access_token: 'a.b.c' }, NOW + 299_000],
    ['a header without alg', { access_token: header({ typ: 'x' }) }, NOW + 299_000],
    ['a token with five parts', { access_token: `${header({ alg: 'dir' })}.x.y` }, NOW + 299_000],
    ['exp before expires_in', jwt({ exp: SECONDS + 30 }), NOW + 30_000],
    ['exp after expires_in', jwt({ exp: SECONDS + 3600 }), NOW + 299_000],
    ['exp alone', { ...jwt({ exp: SECONDS + 30 }), expires_in: undefined }, NOW + 30_000],
    ['expires_in as digits', { expires_in: '60' }, NOW + 59_000],
    ['no end', { expires_in: null }, null],
  ])('%s', (_what, changes, endsAtMs) => {
    const issued = read(changes);
    expect(issued.ok && issued.value.endsAtMs).toBe(endsAtMs);
  });
  test('without a type, where the grant has none', () => {
    expect(read({ issued_token_type: undefined }, { issuedTokenType: null }).ok).toBe(true);
  });
  test('another audience, where the operator named none', () => {
    expect(read(jwt({ aud: 'other' }), { audience: [] }).ok).toBe(true);
  });
});

describe('the gateway uses a token (C-128)', () => {
  const SECOND = 1000;
  const NEVER = Number.POSITIVE_INFINITY;
  test.each<[string, number | null, number | null, number, number]>([
    // Own end, end of the caller, seconds of use, seconds until the renewal.
    ['until five seconds before its end', 300, 3600, 295, 236],
    ['until five seconds before the end of the caller, without a renewal', 3600, 100, 95, NEVER],
    ['for an unknown end of the caller', 300, null, 295, 236],
    ['for a minute, where it names no end', null, 3600, 55, 44],
    ['less than a minute, where the caller ends', null, 30, 25, NEVER],
    ['for an hour at most', 1e9, null, 3595, 2876],
    ['once, where it ends within five seconds', 5, null, 0, 0],
    ['once, where the caller ends within five seconds', 300, 4, 0, NEVER],
    ['once, where the caller is past its end and within the tolerance', 300, -10, 0, NEVER],
    ['once, where both end together', 5, 5, 0, NEVER],
  ])('%s', (_what, own, caller, usable, renewAfter) => {
    const at = (seconds: number | null): number | null => (seconds === null ? null : NOW + seconds * SECOND);
    const life = lifeOf(at(own), at(caller), NOW);
    expect([life.usableMs / SECOND, life.renewAfterMs / SECOND]).toEqual([usable, renewAfter]);
  });
});
