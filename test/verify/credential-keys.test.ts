// API keys among the credentials of a request: a configured header, scheme or prefix, and no other.
import { describe, expect, test } from 'vitest';
import { readCredential } from '../../src/verify/credential.js';
import { endpoint, KEY, keyBearer, keyHeader, keyScheme, tokenRule } from '../support/endpoint.js';
import { exchange, type Lines } from '../support/exchange.js';
import { reasonOf } from '../support/kinds.js';

const T = 'eyJhbGciOiJSUzI1NiJ9.e30.c2ln';
const all = endpoint({ apiKeys: [keyHeader, keyScheme, keyBearer] });
const headerOnly = endpoint({ apiKeys: [keyHeader] });
const none = endpoint();
const authorization = (value: string): Lines => [['Authorization', value]];
const present = (lines: Lines, at = all, target = '/mcp') =>
  readCredential(exchange({ target, lines: [['Host', 'mcp.example.com'], ...lines] }), at);

describe('an API key', () => {
  test.each<[string, Lines, string, object]>([
    ['in its header', [['X-Api-Key', KEY]], KEY, keyHeader],
    ['in its header, with a space inside', [['x-api-key', 'k 1']], 'k 1', keyHeader],
    ['under its scheme', authorization(`Token ${KEY}`), KEY, keyScheme],
    ['under its scheme in other case', authorization(`TOKEN   ${KEY}`), KEY, keyScheme],
    ['with its prefix', authorization(`Bearer ${KEY}`), KEY, keyBearer],
    ['with its prefix and bearer in other case', authorization(`bEARER   ${KEY}`), KEY, keyBearer],
    ['that is the prefix alone', authorization('Bearer sk_live_'), 'sk_live_', keyBearer],
    ['with a comma in it', authorization('Bearer sk_live_a,b'), 'sk_live_a,b', keyBearer],
    ['that is a JWT, which the registry cannot know', [['X-Api-Key', T]], T, keyHeader],
  ])('is read %s', (_where, lines, key, carrier) => {
    expect(present(lines)).toEqual({ ok: true, value: { kind: 'api-key', key, carrier } });
  });

  test('goes to the carrier with its prefix, where there are two', () => {
    const testing = { ...keyBearer, bearerPrefix: 'sk_testing' };
    const at = endpoint({ apiKeys: [keyBearer, testing] });
    expect(present(authorization('Bearer sk_testing1'), at)).toMatchObject({ value: { kind: 'api-key', carrier: testing } });
    expect(present(authorization('Bearer sk_live_1'), at)).toMatchObject({ value: { kind: 'api-key', carrier: keyBearer } });
  });
});

describe('any other Bearer stays a token', () => {
  test.each([T, 'sk_live', 'SK_LIVE_abc', 'xsk_live_abc', 'opaque', '"sk_live_abc"'])('%s', (token) => {
    expect(present(authorization(`Bearer ${token}`))).toEqual({ ok: true, value: { kind: 'bearer', token } });
  });
  test('also one with the prefix of a key, where no carrier has it', () => {
    for (const at of [headerOnly, none])
      expect(present(authorization(`Bearer ${KEY}`), at)).toEqual({ ok: true, value: { kind: 'bearer', token: KEY } });
  });
});

describe('no credential yet (C-02)', () => {
  test.each<[string, Lines]>([
    ['an empty key header', [['X-Api-Key', '']]],
    ['a scheme without a key', authorization('Token')],
    ['a scheme and a space', authorization('token ')],
    ['Bearer without a token', authorization('Bearer')],
    ['nothing', []],
  ])('%s', (_what, lines) => {
    expect(reasonOf(present([['X-Api-Key', KEY]]))).toBe('ok');
    expect(reasonOf(present(lines))).toBe('credential.missing');
  });

  test('a scheme or a header that is not configured here', () => {
    expect(reasonOf(present(authorization(`Token ${KEY}`), headerOnly))).toBe('credential.scheme');
    expect(reasonOf(present([['X-Api-Key', KEY]], endpoint({ apiKeys: [keyScheme] })))).toBe('credential.missing');
    expect(reasonOf(present(authorization(`Basic ${KEY}`)))).toBe('credential.scheme');
  });
});

describe('two credentials (C-05, C-109)', () => {
  test.each<[string, Lines]>([
    [
      'two key headers',
      [
        ['X-Api-Key', KEY],
        ['x-api-key', KEY],
      ],
    ],
    ['a key header and a token', [['X-Api-Key', KEY], ...authorization(`Bearer ${T}`)]],
    ['a key header and a scheme', [...authorization(`Token ${KEY}`), ['X-Api-Key', KEY]]],
    ['an empty key header and a token', [['X-Api-Key', ''], ...authorization(`Bearer ${T}`)]],
    ['a key and a token on one line', authorization(`Bearer ${KEY}, Token abc`)],
    ['a token and a key on one line', authorization(`Token abc, Bearer ${KEY}`)],
  ])('%s', (_how, lines) => {
    expect(reasonOf(present([['X-Api-Key', KEY]]))).toBe('ok');
    expect(reasonOf(present(lines))).toBe('credential.multiple');
  });

  test('a key and a pass-through credential', () => {
    const at = endpoint({ apiKeys: [keyHeader], passThrough: [tokenRule] });
    const [key, token]: Lines[] = [[['X-Api-Key', KEY]], authorization('Token abc')];
    expect(present(key as Lines, at)).toMatchObject({ value: { kind: 'api-key' } });
    expect(present(token as Lines, at)).toMatchObject({ value: { kind: 'pass-through' } });
    expect(reasonOf(present([...(key as Lines), ...(token as Lines)], at))).toBe('credential.multiple');
  });
});

test('the name of a key header counts in the query, a scheme or a prefix does not (A-48)', () => {
  const own = endpoint({ apiKeys: [{ ...keyHeader, header: 'x-partner-pass' }, keyScheme, keyBearer] });
  const asked = (query: string, at = own): string => reasonOf(present([['X-Partner-Pass', KEY]], at, `/mcp${query}`));
  expect([asked('?x=1'), asked('?sk_live_=x'), asked('?X_Partner_Pass=x'), asked('?xPartnerPass')]).toEqual([
    'ok',
    'ok',
    'credential.in_query',
    'credential.in_query',
  ]);
  expect(asked('?X_Partner_Pass=x', none)).toBe('credential.missing');
});

test('a key of 32 KiB is read, and one more character gets 431 (C-88)', () => {
  expect(reasonOf(present([['X-Api-Key', 'k'.repeat(32 * 1024)]]))).toBe('ok');
  expect(reasonOf(present([['X-Api-Key', 'k'.repeat(32 * 1024 + 1)]]))).toBe('connection.headers_too_large');
});
