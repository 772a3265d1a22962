// The credential of a request: for each case, one good value and one flaw.
import { describe, expect, test } from 'vitest';
import { checkTokenSyntax } from '../../src/core/credential.js';
import { readCredential } from '../../src/verify/credential.js';
import { endpoint, keyRule, tokenRule } from '../support/endpoint.js';
import { exchange, type Lines } from '../support/exchange.js';
import { reasonOf } from '../support/kinds.js';

const T = 'eyJhbGciOiJSUzI1NiJ9.e30.c2ln';
const oauth = endpoint();
const mixed = endpoint({ passThrough: [tokenRule, keyRule] });
const authorization = (value: string): Lines => [['Authorization', value]];
/** As in the corridor: a token with a flaw is rejected before an authenticator verifies it. */
const present = (lines: Lines, at = oauth) => {
  const found = readCredential(exchange({ lines: [['Host', 'mcp.example.com'], ...lines] }), at);
  return (found.ok && found.value.kind === 'bearer' ? checkTokenSyntax(found.value.token) : null) ?? found;
};
const tokenOf = (value: string): string => {
  const found = present(authorization(value));
  return found.ok && found.value.kind === 'bearer' ? found.value.token : reasonOf(found);
};

describe('Bearer', () => {
  test.each([
    ['capital', `Bearer ${T}`],
    ['lower case', `bearer ${T}`],
    ['upper case', `BEARER ${T}`],
    ['several spaces', `Bearer    ${T}`],
  ])('is read in %s (C-01)', (_how, value) => {
    expect(tokenOf(value)).toBe(T);
  });

  test.each(['a', 'a.b.c', 'ory_at_0-9._~+/', 'dG9rZW4==', '-._~+/'])('keeps the whole token %s (C-01)', (token) => {
    expect(tokenOf(`Bearer ${token}`)).toBe(token);
  });

  test.each([
    ['two tokens', `Bearer ${T} ${T}`],
    ['a comma at the end', `Bearer ${T},`],
    ['quotes', `Bearer "${T}"`],
    ['= before the end', 'Bearer a=b'],
    ['only =', 'Bearer =='],
    ['a colon', 'Bearer a:b'],
    ['a character outside ASCII', 'Bearer t\u00f6ken'],
    ['a parameter', `Bearer token="${T}"`],
    ['white space at the end', `Bearer ${T}\t`],
  ])('followed by %s is malformed, 400 (C-01, A-24)', (_what, value) => {
    expect(tokenOf(`Bearer ${T}`)).toBe(T);
    expect(tokenOf(value)).toBe('credential.malformed');
  });
});

test.each(['Bearer', 'bearer', 'Bearer ', 'BEARER   '])('%j lacks a token, so that the login starts (C-01, C-02)', (value) => {
  expect(tokenOf(`${value.trim()} ${T}`)).toBe(T);
  for (const at of [oauth, mixed]) expect(reasonOf(present(authorization(value), at))).toBe('credential.missing');
});

describe('a credential in the query (A-48, C-06)', () => {
  const sent = (query: string, lines = authorization(`Bearer ${T}`), at = mixed): string =>
    reasonOf(readCredential(exchange({ target: `/mcp${query}`, lines: [['Host', 'mcp.example.com'], ...lines] }), at));

  test.each(['', '?', '?x=1', '?profile=a&session=b', '?x=access_token', '?/access_token=x', '?tokens=2'])(
    '%s is not a credential',
    (query) => {
      expect(sent(query)).toBe('ok');
    },
  );

  test.each([
    '?access_token=x',
    '?access_token',
    '?a=b&access_token=x',
    '?ACCESS_TOKEN=x',
    '?access%5Ftoken=x',
    '?accessToken=x',
    '?token=x',
    '?authorization=Bearer+x',
    '?api_key=x',
    '?api-key=x',
    '?apiKey=x',
    '?x-api-key=x',
    '?x.api.key=x',
    '?key=x',
  ])('%s is rejected, with and without a credential in a header', (query) => {
    expect([sent(query), sent(query, [])]).toEqual(['credential.in_query', 'credential.in_query']);
  });

  test('the name of a key header counts, a configured scheme does not', () => {
    const own = endpoint({ passThrough: [tokenRule, { ...keyRule, header: 'x-partner-pass' }] });
    expect([sent('?X_Partner_Pass=x'), sent('?X_Partner_Pass=x', undefined, own)]).toEqual(['ok', 'credential.in_query']);
  });
});

describe('no known credential', () => {
  test('a request without one lacks it (C-02)', () => {
    expect(reasonOf(present(authorization(`Bearer ${T}`)))).toBe('ok');
    expect(reasonOf(present([]))).toBe('credential.missing');
  });

  test.each([
    ['Basic', 'Basic dXNlcjpwYXNz'],
    ['DPoP', `DPoP ${T}`],
    ['Token, which is not configured (C-100)', 'Token abc'],
    ['a scheme that begins with Bearer', `Bearerx ${T}`],
    ['a token without a scheme', T],
    ['nothing', ''],
    ['a tab instead of the space', `Bearer\t${T}`],
    ['a scheme in quotes', `"Bearer" ${T}`],
  ])('%s has an unknown scheme (C-02)', (_what, value) => {
    expect(tokenOf(value)).toBe('credential.scheme');
  });

  test.each(['X-Api-Key', 'Cookie', 'Proxy-Authorization', 'Authorization2'])(
    '%s is ignored unless it is configured (C-95)',
    (name) => {
      expect(reasonOf(present([[name, 'abc']]))).toBe('credential.missing');
      expect(reasonOf(present([[name, 'abc'], ...authorization(`Bearer ${T}`)]))).toBe('ok');
    },
  );
});

describe('two credentials', () => {
  test.each<[string, Lines]>([
    ['two Authorization lines (B-58, A-24)', [...authorization(`Bearer ${T}`), ...authorization(`Bearer ${T}`)]],
    [
      'two lines in different case (B-58)',
      [
        ['authorization', `Bearer ${T}`],
        ['AUTHORIZATION', `Bearer ${T}`],
      ],
    ],
    ['two lines, the second empty (B-58)', [...authorization(`Bearer ${T}`), ...authorization('')]],
    ['two lines, the first empty (B-58)', [...authorization(''), ...authorization(`Bearer ${T}`)]],
    ['Bearer and Token on one line (C-109)', authorization(`Bearer ${T}, Token abc`)],
    ['Token and Bearer on one line (C-109)', authorization(`Token abc, Bearer ${T}`)],
    ['Bearer twice on one line (C-109)', authorization(`Bearer ${T},Bearer ${T}`)],
    ['Bearer and a bare scheme on one line (C-109)', authorization(`Bearer ${T}, negotiate`)],
    ['Authorization and a key header (C-05)', [...authorization(`Bearer ${T}`), ['X-Api-Key', 'abc']]],
    [
      'two key headers (C-05)',
      [
        ['X-Api-Key', 'abc'],
        ['x-api-key', 'abc'],
      ],
    ],
  ])('are rejected: %s', (_how, lines) => {
    expect(reasonOf(present(authorization(`Bearer ${T}`), mixed))).toBe('ok');
    expect(reasonOf(present(lines, mixed))).toBe('credential.multiple');
  });

  test('a comma in a pass-through key does not make two (C-101)', () => {
    const found = present(authorization('Token a,b'), mixed);
    expect(found).toMatchObject({ ok: true, value: { kind: 'pass-through', key: 'a,b' } });
  });
});

describe('a pass-through credential', () => {
  test.each([
    ['Token abc', 'abc'],
    ['token abc', 'abc'],
    ['TOKEN   abc', 'abc'],
    ['Token token="a b"', 'token="a b"'],
  ])('%s is kept byte for byte beside its key (C-101)', (value, key) => {
    expect(present(authorization(value), mixed)).toEqual({
      ok: true,
      value: { kind: 'pass-through', header: 'authorization', value, key, rule: tokenRule },
    });
  });

  test('a key header is the key (C-101)', () => {
    expect(present([['X-Api-Key', 'k 1']], mixed)).toEqual({
      ok: true,
      value: { kind: 'pass-through', header: 'x-api-key', value: 'k 1', key: 'k 1', rule: keyRule },
    });
  });

  test.each<[string, Lines]>([
    ['a scheme without a key', authorization('Token')],
    ['a scheme and a space', authorization('Token ')],
    ['an empty key header', [['X-Api-Key', '']]],
  ])('%s is not a credential yet (C-02)', (_how, lines) => {
    expect(reasonOf(present(authorization('Token abc'), mixed))).toBe('ok');
    expect(reasonOf(present(lines, mixed))).toBe('credential.missing');
  });

  test('Bearer stays Bearer beside it, and Basic stays unknown (C-95, C-103)', () => {
    expect(present(authorization(`Bearer ${T}`), mixed)).toEqual({ ok: true, value: { kind: 'bearer', token: T } });
    expect(reasonOf(present(authorization('Basic abc'), mixed))).toBe('credential.scheme');
  });
});

describe('length', () => {
  test('a token of 12 KiB is accepted (C-12)', () => expect(tokenOf(`Bearer ${'a'.repeat(12 * 1024)}`)).toHaveLength(12 * 1024));

  test.each([
    [32 * 1024, 'ok'],
    [32 * 1024 + 1, 'connection.headers_too_large'],
  ])('a header value of %d characters is %s (C-88)', (characters, reason) => {
    expect(reasonOf(present(authorization(`Bearer ${'a'.repeat(characters - 'Bearer '.length)}`)))).toBe(reason);
    expect(reasonOf(present([['X-Api-Key', 'a'.repeat(characters)]], mixed))).toBe(reason);
  });

  test('a long hostile value is read quickly', () => {
    const started = performance.now();
    for (const value of [`Bearer ${' '.repeat(30_000)}!`, `Bearer ${'='.repeat(30_000)}!`, `Token ${','.repeat(30_000)}`])
      present(authorization(value), mixed);
    expect(performance.now() - started).toBeLessThan(500);
  });
});
