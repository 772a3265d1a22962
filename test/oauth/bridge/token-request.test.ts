// The form of a token request (RFC 6749 section 4.4.2), before any client is looked up.
import { describe, expect, test } from 'vitest';
import { readTokenRequest } from '../../../src/oauth/bridge/token-request.js';
import { head, type Lines } from '../../support/exchange.js';
import { CLIENT_CREDENTIALS, encoded, FORM, type Form, posted } from '../../support/grants.js';

const GOOD = posted('a', 'b');
const read = (form: Form | string, { lines = [FORM] as Lines, target = '/oauth/token' } = {}) =>
  readTokenRequest(head({ method: 'POST', target, lines }), Buffer.from(encoded(form)));
const good = { clients: [{ id: 'a', secret: 'b' }], resources: [] };

describe('a good request', () => {
  test.each<[string, Form]>([
    ['without more', GOOD],
    ['with unknown parameters', [...GOOD, ['audience', 'x'], ['x', '1']]],
    ['with empty parameters, which count as absent', [...GOOD, ['scope', ''], ['resource', ''], ['client_id', '']]],
    ['with scopes', [...GOOD, ['scope', 'files:read openid https://x/y']]],
    ['with spaces around scopes', [...GOOD, ['scope', ' a  b ']]],
  ])('%s', (_name, form) => expect(read(form)).toEqual(good));

  test('with resources, each once', () => {
    const form: Form = [...GOOD, ['resource', 'https://a/'], ['resource', 'https://b/'], ['resource', 'https://a/']];
    expect(read(form)).toEqual({ ...good, resources: ['https://a/', 'https://b/'] });
  });

  test.each([
    'application/x-www-form-urlencoded; charset=UTF-8',
    'APPLICATION/X-WWW-FORM-URLENCODED',
    'application/x-www-form-urlencoded ;charset=utf-8',
  ])('as %s', (type) => expect(read(GOOD, { lines: [['Content-Type', type]] })).toEqual(good));

  test('with a query in the URL', () => expect(read(GOOD, { target: '/oauth/token?tenant=a' })).toEqual(good));
});

describe('a bad request', () => {
  test.each<[string, Form | string]>([
    ['no grant type', GOOD.slice(1)],
    ['an empty grant type', [['grant_type', ''], ...GOOD.slice(1)]],
    ['nothing', ''],
    ['a repeated grant type', [CLIENT_CREDENTIALS, ...GOOD]],
    ['a repeated secret', [...GOOD, ['client_secret', 'c']]],
    ['a repeated scope', [...GOOD, ['scope', 'a'], ['scope', 'b']]],
    ['a repeated unknown parameter', [...GOOD, ['x', '1'], ['x', '2']]],
    ['JSON', '{"grant_type":"client_credentials"}'],
  ])('with %s is invalid_request', (_name, form) => expect(read(form)).toMatchObject({ error: 'invalid_request' }));

  test.each<[string, Lines]>([
    ['no media type', []],
    ['JSON', [['Content-Type', 'application/json']]],
    ['multipart', [['Content-Type', 'multipart/form-data; boundary=x']]],
    ['another type with the same beginning', [['Content-Type', 'application/x-www-form-urlencoded2']]],
    ['two types', [FORM, FORM]],
    ['a coding', [FORM, ['Content-Encoding', 'gzip']]],
  ])('with %s is invalid_request', (_name, lines) => expect(read(GOOD, { lines })).toMatchObject({ error: 'invalid_request' }));

  test('with the secret in the URL is invalid_request, also where the body has it', () => {
    for (const query of ['client_id=a&client_secret=b', 'client%5Fsecret=b', 'client_secret'])
      expect(read(GOOD, { target: `/oauth/token?${query}` })).toMatchObject({ error: 'invalid_request' });
  });

  test.each(['authorization_code', 'refresh_token', 'password', 'CLIENT_CREDENTIALS', 'client_credentials '])(
    'with the grant type "%s" is unsupported_grant_type',
    (grantType) => expect(read([['grant_type', grantType]])).toMatchObject({ error: 'unsupported_grant_type' }),
  );

  test.each(['a"b', 'a\\b', 'a\tb', 'ä', 'a\nb'])('with the scope %j is invalid_scope', (scope) =>
    expect(read([...GOOD, ['scope', scope]])).toMatchObject({ error: 'invalid_scope' }),
  );
});
