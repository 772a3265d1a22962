// The cookies of the facade: sealed, of one issuer, and bounded.
import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { secret } from '../../../src/core/secret.js';
import { consentKey, createCookies } from '../../../src/oauth/facade/cookies.js';
import { createFacadeTexts } from '../../../src/oauth/facade/texts.js';
import { testClock } from '../../support/clock.js';
import { head } from '../../support/exchange.js';

const keys = [secret(JSON.stringify(generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })))];
const clock = testClock();
const cookiesOf = (name: string) => createCookies(createFacadeTexts(keys, `https://mcp.example.com/oauth/${name}`, clock), name);
const cookies = cookiesOf('main');
const read = (...values: string[]) => cookies.read(head({ method: 'GET', lines: values.map((value) => ['Cookie', value]) }));
const pairOf = (header: readonly string[]): string => (header[1] as string).split(';')[0] as string;

test('each has the prefix that keeps other hosts out, and no script reads it', () => {
  for (const header of [cookies.setBrowser('a'), cookies.setConsent('k', [])])
    expect(header).toEqual([
      'set-cookie',
      expect.stringMatching(/^__Host-(login|consent)-main=[\w-]+; Path=\/; Max-Age=\d+; Secure; HttpOnly; SameSite=Lax$/),
    ]);
});

describe('reading', () => {
  test('both, in one header or in two, beside others', () => {
    const [login, consent] = [pairOf(cookies.setBrowser('a')), pairOf(cookies.setConsent('k', ['older']))];
    const both = { id: 'a', consents: ['k', 'older'] };
    expect(read(`x=1; ${login}; ${consent}`)).toEqual(both);
    expect(read(login, consent)).toEqual(both);
  });
  test.each([
    ['nothing', () => ''],
    ['a text that is not sealed', () => '__Host-login-main=a; __Host-consent-main=k'],
    ['those of another issuer', () => pairOf(cookiesOf('other').setBrowser('a')).replace('other', 'main')],
    ['a consent as a login', () => pairOf(cookies.setConsent('k', [])).replace('consent', 'login')],
  ])('%s', (_name, value) => expect(read(value())).toEqual({ id: null, consents: [] }));
});

test('20 consents remain, the newest first and each once', () => {
  let consents: readonly string[] = [];
  for (let i = 0; i < 30; i += 1) ({ consents } = read(pairOf(cookies.setConsent(String(i), consents))));
  expect(consents).toEqual(Array.from({ length: 20 }, (_, i) => String(29 - i)));
  ({ consents } = read(pairOf(cookies.setConsent('20', consents))));
  expect([consents.length, consents[0], consents.filter((one) => one === '20').length]).toEqual([20, '20', 1]);
});

test('a consent is for client, redirect URI, resource and scopes, in any order of these', () => {
  const key = consentKey('c', 'u', 'r', ['a', 'b']);
  expect(consentKey('c', 'u', 'r', ['b', 'a'])).toBe(key);
  const others = [
    consentKey('c2', 'u', 'r', ['a', 'b']),
    consentKey('c', 'u2', 'r', ['a', 'b']),
    consentKey('c', 'u', 'r2', ['a', 'b']),
    consentKey('c', 'u', 'r', ['a']),
  ];
  expect(new Set([key, ...others]).size).toBe(5);
});
