// Registrations as real clients send them, and those that are rejected (RFC 7591).
import { describe, expect, test } from 'vitest';
import { readRegistration, registrationAnswer } from '../../../src/oauth/facade/registration.js';

const ENTRIES = ['http://127.0.0.1', 'https://claude.ai/api/mcp/auth_callback'];
const URI = 'http://127.0.0.1:3000/callback';
const read = (fields: Record<string, unknown>) => readRegistration({ redirect_uris: [URI], ...fields }, ENTRIES, 1_700_000_000);

function answerTo(fields: Record<string, unknown>) {
  const read_ = read(fields);
  if ('error' in read_) throw new Error(read_.description);
  return registrationAnswer(read_, 'the-id', read_.facts.method === 'none' ? null : 'the-secret');
}

const ALWAYS = {
  client_id: 'the-id',
  client_id_issued_at: 1_700_000_000,
  redirect_uris: [URI],
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
};
const BASIC = {
  ...ALWAYS,
  token_endpoint_auth_method: 'client_secret_basic',
  client_secret: 'the-secret',
  client_secret_expires_at: 0,
};
const NONE = { ...ALWAYS, token_endpoint_auth_method: 'none' };

describe('a good registration', () => {
  test.each<[string, Record<string, unknown>, Record<string, unknown>]>([
    ['redirect URIs alone', {}, BASIC],
    [
      'FastMCP, without a method',
      { client_name: 'FastMCP', scope: 'files:read' },
      { ...BASIC, client_name: 'FastMCP', scope: 'files:read' },
    ],
    [
      'mcp-go, with an empty scope',
      { client_name: 'go', scope: '', token_endpoint_auth_method: 'none' },
      { ...NONE, client_name: 'go' },
    ],
    [
      'rmcp, with every scope',
      { scope: 'a b offline_access', token_endpoint_auth_method: 'none', grant_types: ['authorization_code', 'refresh_token'] },
      { ...NONE, scope: 'a b offline_access' },
    ],
    [
      'nulls, which are absent',
      { client_name: null, scope: null, token_endpoint_auth_method: null, contacts: null, client_uri: '' },
      BASIC,
    ],
    [
      'a secret in the body',
      { token_endpoint_auth_method: 'client_secret_post' },
      { ...BASIC, token_endpoint_auth_method: 'client_secret_post' },
    ],
    ['an empty name', { client_name: ' \n ', token_endpoint_auth_method: 'none' }, NONE],
    [
      'a name with line feeds and marks',
      { client_name: 'a\n\u202Eb\u0000c', token_endpoint_auth_method: 'none' },
      { ...NONE, client_name: 'a b c' },
    ],
    [
      'a name that ends its quotes',
      { client_name: 'A” of Example, checked. “It', token_endpoint_auth_method: 'none' },
      { ...NONE, client_name: 'A of Example, checked. It' },
    ],
    ...['”', '″', '＂', '❞', '〞', '»', '\u{1F677}', '״', "''", '’’', '´`'].map(
      (end): [string, Record<string, unknown>, Record<string, unknown>] => [
        `a name that ends its quotes with ${end}`,
        { client_name: `A${end} of Example`, token_endpoint_auth_method: 'none' },
        { ...NONE, client_name: 'A of Example' },
      ],
    ),
    [
      'a name with an apostrophe',
      { client_name: "Ann's \u05D0\u05B8 app", token_endpoint_auth_method: 'none' },
      { ...NONE, client_name: "Ann's \u05D0\u05B8 app" },
    ],
    [
      'a name that covers the lines around it',
      { client_name: `A${'\u0336\u0301'.repeat(20)}b`, token_endpoint_auth_method: 'none' },
      { ...NONE, client_name: 'A\u0336\u0301\u0336b' },
    ],
    ['a name that nobody sees', { client_name: '\u3164\u2800\u115f', token_endpoint_auth_method: 'none' }, NONE],
    ['other members', { software_id: 'x', logo_uri: 'javascript:x', token_endpoint_auth_method: 'none' }, NONE],
  ])('%s', (_name, fields, answer) => expect(answerTo(fields)).toEqual(answer));

  test('a long name is cut', () => expect(answerTo({ client_name: 'é'.repeat(500) }).client_name).toBe('é'.repeat(100)));
});

describe('rejected', () => {
  test.each<[string, Record<string, unknown>, string]>([
    ['no redirect URIs', { redirect_uris: undefined }, 'invalid_redirect_uri'],
    ['an empty list', { redirect_uris: [] }, 'invalid_redirect_uri'],
    ['a text', { redirect_uris: URI }, 'invalid_redirect_uri'],
    ['a number among them', { redirect_uris: [URI, 1] }, 'invalid_redirect_uri'],
    ['a foreign one among them', { redirect_uris: [URI, 'https://evil.example/'] }, 'invalid_redirect_uri'],
    ['eleven', { redirect_uris: Array(11).fill(URI) }, 'invalid_redirect_uri'],
    ['too long together', { redirect_uris: Array(3).fill(`${URI}/${'a'.repeat(900)}`) }, 'invalid_redirect_uri'],
    ['a method with a key', { token_endpoint_auth_method: 'private_key_jwt' }, 'invalid_client_metadata'],
    ['a method that is no text', { token_endpoint_auth_method: ['none'] }, 'invalid_client_metadata'],
    ['another grant only', { grant_types: ['client_credentials'] }, 'invalid_client_metadata'],
    ['the implicit flow', { response_types: ['token'] }, 'invalid_client_metadata'],
    ['a name that is no text', { client_name: {} }, 'invalid_client_metadata'],
    ['a scope that is no text', { scope: ['a'] }, 'invalid_client_metadata'],
  ])('%s', (_name, fields, error) => {
    expect(read({})).toHaveProperty('facts');
    expect(read(fields)).toMatchObject({ error });
  });
  test.each([null, [], 'x', 1])('%j', (json) =>
    expect(readRegistration(json, ENTRIES, 0)).toMatchObject({ error: 'invalid_client_metadata' }),
  );
});
