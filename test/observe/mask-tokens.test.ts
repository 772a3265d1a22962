// Tokens in texts that a caller chose do not reach the log, and other texts are unchanged.
import { describe, expect, test } from 'vitest';
import { maskTokens } from '../../src/observe/mask-tokens.js';
import { KEY, keyBearer, keyHeader } from '../support/endpoint.js';

const b64 = (text: string): string => Buffer.from(text).toString('base64url');
const HEADER = b64('{"alg":"RS256","kid":"k"}');
const CLAIMS = b64('{"iss":"https://auth.example.com","sub":"alice"}');
const SIGNATURE = 'c2lnbmF0dXJlLXNpZ25hdHVyZQ';
const JWT = `${HEADER}.${CLAIMS}.${SIGNATURE}`;

describe('a token is masked (C-153)', () => {
  test.each<[string, string, string]>([
    ['alone', JWT, '[token]'],
    ['unsigned', `${HEADER}.${CLAIMS}.`, '[token]'],
    ['encrypted', `${HEADER}.a.b.c.d`, '[token]'],
    ['cut within the claims', JWT.slice(0, HEADER.length + 20), '[token]'],
    ['cut within the header', JWT.slice(0, 20), '[token]'],
    ['its claims alone', CLAIMS, '[token]'],
    ['within other text', `user <${JWT}> of x`, 'user <[token]> of x'],
    ['in a URI', `file://h/a?access_token=${JWT}&b=1`, 'file://h/a?access_token=[token]&b=1'],
    ['directly behind other text', `token${JWT}`, 'token[token]'],
    ['behind a dot', `survey-12345.${JWT}`, 'survey-12345.[token]'],
    ['two of them', `${JWT} ${JWT}`, '[token] [token]'],
    ['with white space in its header', `${b64('{ "alg" : "RS256" }')}.${CLAIMS}.x`, '[token]'],
    ['with a line feed in its header', `${b64('{\n"alg":"RS256"}')}.${CLAIMS}.x`, '[token]'],
    ['behind Bearer', 'Bearer opaque-1234567', 'Bearer [token]'],
    ['behind bearer and %20', 'x=bearer%20opaque-1234567', 'x=bearer [token]'],
    ['behind Basic', 'Basic dXNlcjpwYXNzd29yZA==', 'Basic [token]'],
    ['behind DPoP', `DPoP ${JWT}`, 'DPoP [token]'],
  ])('%s', (_what, text, masked) => {
    expect(maskTokens(text)).toBe(masked);
  });

  test('a text with more starts of tokens than any useful one is masked from there on', () => {
    const masked = maskTokens('eyJ'.repeat(60));
    expect(masked).toMatch(/^(eyJ)+\[token\]$/);
    expect(masked.length).toBeLessThan(30);
    expect(maskTokens(`${'eyJ-/'.repeat(3)} ${JWT}`)).not.toContain(CLAIMS.slice(0, 12));
  });
});

describe('other texts are unchanged', () => {
  test.each([
    'https://authentication.company-name.example.com/realms/production',
    'https://eyewitness-service-1.example.com/mcp',
    'urn:keyLookupByName:surveyJobsOfTheWeek',
    'auth0|5f7c8ec7c33c6c004bbafe82',
    'bearer of good news',
    'basic plan',
    'a'.repeat(200),
    'ewwwwwwwwwwwwwwwwwwwwwwww',
    'not a JWT, and no introspection is configured',
    'eyJ',
    '',
  ])('%j', (text) => {
    expect(maskTokens(text)).toBe(text);
  });
});

describe('an API key with a configured prefix is masked', () => {
  const carriers = [keyHeader, keyBearer];
  test.each<[string, string, string]>([
    ['alone', KEY, '[token]'],
    ['in a URI', `file://h/a?key=${KEY}&b=1`, 'file://h/a?key=[token]&b=1'],
    ['in quotes', `the key "${KEY}" is wrong`, 'the key "[token]" is wrong'],
    ['two of them', `${KEY} ${KEY}`, '[token] [token]'],
    ['directly behind other text', `key${KEY}`, 'key[token]'],
    ['cut off', KEY.slice(0, 20), '[token]'],
    ['the prefix twice', `sk_live_${KEY}`, '[token]'],
    ['beside a JWT', `${JWT} ${KEY}`, '[token] [token]'],
    ['behind Bearer', `Bearer ${KEY}`, 'Bearer [token]'],
  ])('%s', (_what, text, masked) => {
    expect(maskTokens(text, carriers)).toBe(masked);
    expect(maskTokens(text, [keyHeader])).toBe(maskTokens(text));
  });

  test.each(['sk_live_ keys begin so', 'sk_live_abc is short', 'SK_LIVE_Zm9yIHRlc3Rz is another', 'no key in here at all'])(
    'and %j is unchanged',
    (text) => expect(maskTokens(text, carriers)).toBe(text),
  );

  test('a text of nothing but prefixes is masked quickly', () => {
    const started = performance.now();
    expect(maskTokens('sk_live_'.repeat(4_000), carriers)).toBe('[token]');
    expect(maskTokens('sk_live_ '.repeat(4_000), carriers)).toBe('sk_live_ '.repeat(4_000));
    expect(performance.now() - started).toBeLessThan(200);
  });
});
