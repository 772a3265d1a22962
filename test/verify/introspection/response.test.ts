// The result of an introspection response, rule by rule.
import { describe, expect, test } from 'vitest';
import type { Fetched } from '../../../src/idp/fetch-json.js';
import { readResponse, responseRules } from '../../../src/verify/introspection/response.js';
import { reasonOf } from '../../support/kinds.js';

/**
 * Every response has an active token, unless its row says otherwise: without its rule it would
 * pass.
 */
const ACTIVE = { active: true, sub: 'alice' };
const answer = (status: number, json: unknown = ACTIVE, headers = {}): Fetched => ({
  kind: 'answer',
  status,
  json,
  headers,
  body: Buffer.alloc(1),
});
const BEARER = 'Bearer error="invalid_token", error_description="Invalid"';
const challenged = (challenge: string | string[], json: unknown = ACTIVE, status = 401): Fetched =>
  answer(status, json, { 'www-authenticate': challenge });
const noJson = (status: number): Fetched => ({ kind: 'answer', status, json: undefined, headers: {}, body: Buffer.alloc(1) });

const UNAVAILABLE = 'introspection.unavailable';
const GATEWAY_REJECTED = 'introspection.gateway_rejected';
const INACTIVE = 'token.inactive';
const BAD_CLIENT = '400 invalid_client or unauthorized_client rejects the gateway';

type Auth = Parameters<typeof readResponse>[1];

/** Rule, response, expected result, cached as inactive, counted by the breaker, authentication. */
const rows: [string, Fetched, string, boolean, boolean, Auth?][] = [
  ['no response', { kind: 'transport', detail: 'ECONNRESET' }, UNAVAILABLE, false, true],
  ['401 invalid_token is about this token', answer(401, { error: 'invalid_token' }), INACTIVE, false, false],
  ['401 invalid_token is about this token', answer(401, { error: 'invalid_token' }), INACTIVE, false, false, 'post'],
  ['401 invalid_token is about this token', challenged(BEARER), INACTIVE, false, false],
  ['401 invalid_token is about this token', challenged(BEARER, undefined), INACTIVE, false, false, 'private_key_jwt'],
  ['401 invalid_token is about this token', challenged(BEARER, { error: 'invalid_token' }), INACTIVE, false, false, 'none'],
  // The gateway itself is the one with a bearer token.
  ['401 and 403 reject the gateway', challenged(BEARER), GATEWAY_REJECTED, false, false, 'bearer'],
  ['401 and 403 reject the gateway', answer(401, { error: 'invalid_token' }), GATEWAY_REJECTED, false, false, 'bearer'],
  ['401 and 403 reject the gateway', challenged(BEARER, { error: 'invalid_client' }), GATEWAY_REJECTED, false, false],
  ['401 and 403 reject the gateway', challenged('Basic realm="x"', { error: 'invalid_token' }), GATEWAY_REJECTED, false, false],
  ['401 and 403 reject the gateway', challenged(['Basic realm="x"', BEARER]), GATEWAY_REJECTED, false, false],
  ['401 and 403 reject the gateway', challenged('Bearer realm="error=invalid_token"'), GATEWAY_REJECTED, false, false],
  ['401 and 403 reject the gateway', challenged('Bearer error="insufficient_scope"'), GATEWAY_REJECTED, false, false],
  ['401 and 403 reject the gateway', challenged(BEARER, ACTIVE, 403), GATEWAY_REJECTED, false, false],
  ['401 and 403 reject the gateway', answer(401, ['invalid_token']), GATEWAY_REJECTED, false, false],
  ['401 and 403 reject the gateway', answer(401), GATEWAY_REJECTED, false, false],
  ['401 and 403 reject the gateway', answer(403), GATEWAY_REJECTED, false, false],
  [BAD_CLIENT, answer(400, { error: 'invalid_client' }), GATEWAY_REJECTED, false, false],
  [BAD_CLIENT, answer(400, { error: 'unauthorized_client' }), GATEWAY_REJECTED, false, false],
  [BAD_CLIENT, answer(400, { error: 'unauthorized_client' }), GATEWAY_REJECTED, false, false, 'bearer'],
  ['any other 400 is about this token', answer(400), INACTIVE, false, false],
  ['any other 400 is about this token', answer(400, { active: false }), INACTIVE, false, false],
  ['any other 400 is about this token', answer(400, { error: 'invalid_request' }), INACTIVE, false, false],
  ['any other 400 is about this token', answer(400, { error: 'invalid_token' }), INACTIVE, false, false],
  ['any other 400 is about this token', answer(400, { error: 'unsupported_token_type' }), INACTIVE, false, false],
  ['any other 400 is about this token', answer(400, { error: ['unauthorized_client'] }), INACTIVE, false, false],
  ['any other 400 is about this token', answer(400, ['invalid_client']), INACTIVE, false, false],
  ['any other 400 is about this token', noJson(400), INACTIVE, false, false],
  ['429', answer(429), UNAVAILABLE, false, true],
  ['5xx', answer(500), UNAVAILABLE, false, true],
  ['5xx', answer(599), UNAVAILABLE, false, true],
  ['5xx', answer(503, { active: false }), UNAVAILABLE, false, true],
  ['a redirect is not followed', answer(302), UNAVAILABLE, false, true],
  ['a redirect is not followed', answer(307), UNAVAILABLE, false, true],
  // 413 to a long token, 404 to a wrong URL: neither shows a failing endpoint, and one token can
  // cause 413.
  ['any other status', answer(413), UNAVAILABLE, false, false],
  ['any other status', answer(404), UNAVAILABLE, false, false],
  ['any other status', answer(204), UNAVAILABLE, false, false],
  ['any other status', answer(201), UNAVAILABLE, false, false],
  ['unreadable', answer(200, { ...ACTIVE, active: 'true' }), UNAVAILABLE, false, true],
  ['unreadable', answer(200, { ...ACTIVE, active: 1 }), UNAVAILABLE, false, true],
  ['unreadable', answer(200, { ...ACTIVE, active: null }), UNAVAILABLE, false, true],
  ['unreadable', answer(200, { ...ACTIVE, active: [true] }), UNAVAILABLE, false, true],
  ['unreadable', answer(200, { sub: 'alice' }), UNAVAILABLE, false, true],
  ['unreadable', answer(200, [ACTIVE]), UNAVAILABLE, false, true],
  ['unreadable', answer(200, null), UNAVAILABLE, false, true],
  ['unreadable', noJson(200), UNAVAILABLE, false, true],
  ['unreadable', answer(200, 'active'), UNAVAILABLE, false, true],
  ['active: false', answer(200, { ...ACTIVE, active: false }), INACTIVE, true, false],
  ['active: true', answer(200, { active: true, sub: 'alice' }), 'ok', false, false],
];

describe('rule by rule (C-82, C-83)', () => {
  test('every rule has a row, in the order of the rules', () => {
    expect([...new Set(rows.map(([name]) => name))]).toEqual(responseRules.map(({ name }) => name));
  });

  test.each(rows.map((row, i) => [`${row[0]} (${i})`, ...row] as const))(
    '%s',
    (_title, name, fetched, reason, inactive, endpointFailed, auth = 'basic') => {
      const result = readResponse(fetched, auth);
      expect([reasonOf(result.failure), result.inactive, result.endpointFailed]).toEqual([reason, inactive, endpointFailed]);
      expect(result.claims).toEqual(reason === 'ok' ? ACTIVE : null);
      const { status = 0, json } = fetched as Partial<Extract<Fetched, { kind: 'answer' }>>;
      expect(responseRules.find(({ applies }) => applies(status, json, fetched, auth))?.name).toBe(name);
    },
  );
});

test.each([
  ['7', 7],
  ['0', 1],
  ['soon', 1],
  [undefined, 1],
  [['7', '8'], 1],
])('Retry-After %s becomes %s', (header, seconds) => {
  const headers = header === undefined ? {} : { 'retry-after': header };
  expect(readResponse(answer(429, {}, headers), 'basic').failure?.retryAfterSeconds).toBe(seconds);
});
