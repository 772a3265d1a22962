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
const cookiesOf = (name: string) =>
  createCookies(
    createFacadeTexts(keys, `https://mcp.example.com/oauth/${name}`, clock, { behind: 'https://idp.example.com', issues: false }),
    name,
    clock,
  );
const cookies = cookiesOf('main');
const DAY_MS = 86_400_000;
const end = () => Math.floor(clock.wallMs() / 1_000) + 30 * 86_400;
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
    const [login, consent] = [pairOf(cookies.setBrowser('a')), pairOf(cookies.setConsent('k', [{ key: 'older', end: end() }]))];
    const both = { id: 'a', consents: ['k', 'older'].map((key) => ({ key, end: end() })) };
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
  let { consents } = read('');
  for (let i = 0; i < 30; i += 1) ({ consents } = read(pairOf(cookies.setConsent(String(i), consents))));
  const keysOf = () => consents.map(({ key }) => key);
  expect(keysOf()).toEqual(Array.from({ length: 20 }, (_, i) => String(29 - i)));
  ({ consents } = read(pairOf(cookies.setConsent('20', consents))));
  expect([consents.length, keysOf()[0], keysOf().filter((one) => one === '20').length]).toEqual([20, '20', 1]);
});

test('a consent ends after 30 days, also beside a newer one', () => {
  let pair = pairOf(cookies.setConsent('first', []));
  const keysOf = () => read(pair).consents.map(({ key }) => key);
  clock.advance(29 * DAY_MS);
  pair = pairOf(cookies.setConsent('second', read(pair).consents));
  expect(keysOf()).toEqual(['second', 'first']);
  clock.advance(DAY_MS);
  expect(keysOf()).toEqual(['second']);
});

// Browsers see no prefix in such a name, so a neighbour host can set it for the whole domain.
test.each(['\u00a0', '\u000b', '\u000c', '\ufeff'])('a name after the space %j is another name', (space) => {
  const pair = pairOf(cookies.setBrowser('a'));
  expect(read(`x=1; \t${pair} \t`).id).toBe('a');
  expect(read(`x=1; ${space}${pair}`).id).toBeNull();
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
