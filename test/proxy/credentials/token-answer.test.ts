// The answers of a token endpoint, rule by rule.
import { describe, expect, test } from 'vitest';
import type { Fetched } from '../../../src/idp/fetch-json.js';
import { type Asker, answerRules, readAnswer } from '../../../src/proxy/credentials/token-answer.js';
import { reasonOf } from '../../support/kinds.js';

/** Every response has a token, unless its row says otherwise: without its rule it would pass. */
const ISSUED = { access_token: 'issued', token_type: 'Bearer' };
const answer = (status: number, json: unknown = ISSUED, headers = {}): Fetched => ({
  kind: 'answer',
  status,
  json,
  headers,
  body: Buffer.alloc(1),
});
const noJson = (status: number): Fetched => ({ kind: 'answer', status, json: undefined, headers: {}, body: Buffer.alloc(1) });

const UNAVAILABLE = 'exchange.unavailable';
const GATEWAY_REJECTED = 'exchange.gateway_rejected';
const REFUSED = 'exchange.refused';
const OF_CALLER = '400 and 403 reject the token of the caller';
const OF_GATEWAY = '400 and 403 reject the gateway, which asks for a token of its own';
const OTHER = 'any other status';
const REDIRECT = 'a redirect is not followed';

/** Rule, response, expected result, counted by the breaker, who asks. */
const rows: [string, Fetched, string, boolean, Asker?][] = [
  ['no response', { kind: 'transport', detail: 'ECONNRESET' }, UNAVAILABLE, true],
  ['401 rejects the gateway', answer(401), GATEWAY_REJECTED, false],
  ['401 rejects the gateway', answer(401, { error: 'unauthorized_client' }), GATEWAY_REJECTED, false],
  ['401 rejects the gateway', answer(401, { error: 'invalid_grant' }), GATEWAY_REJECTED, false],
  ['401 rejects the gateway', noJson(401), GATEWAY_REJECTED, false, 'gateway'],
  [OF_CALLER, answer(400), REFUSED, false],
  [OF_CALLER, answer(400, { error: 'invalid_grant' }), REFUSED, false],
  // Keycloak, for an audience that no client has.
  [OF_CALLER, answer(400, { error: 'invalid_client' }), REFUSED, false],
  [OF_CALLER, noJson(400), REFUSED, false],
  [OF_CALLER, answer(403, { error: 'access_denied' }), REFUSED, false],
  [OF_GATEWAY, answer(400, { error: 'invalid_scope' }), GATEWAY_REJECTED, false, 'gateway'],
  [OF_GATEWAY, answer(403), GATEWAY_REJECTED, false, 'gateway'],
  ['429', answer(429), UNAVAILABLE, true],
  ['5xx', answer(500), UNAVAILABLE, true],
  ['5xx', answer(503, { error: 'invalid_grant' }), UNAVAILABLE, true],
  ['5xx', answer(599), UNAVAILABLE, true],
  [REDIRECT, answer(302), UNAVAILABLE, true],
  [REDIRECT, answer(307), UNAVAILABLE, true],
  [OTHER, answer(404), UNAVAILABLE, false],
  [OTHER, answer(405), UNAVAILABLE, false],
  [OTHER, answer(201), UNAVAILABLE, false],
  [OTHER, noJson(204), UNAVAILABLE, false],
  ['no token', noJson(200), UNAVAILABLE, true],
  ['no token', answer(200, null), UNAVAILABLE, true],
  ['no token', answer(200, [ISSUED]), UNAVAILABLE, true],
  ['no token', answer(200, { ...ISSUED, access_token: undefined }), UNAVAILABLE, true],
  ['no token', answer(200, { ...ISSUED, access_token: '' }), UNAVAILABLE, true],
  ['no token', answer(200, { ...ISSUED, access_token: 1 }), UNAVAILABLE, true],
  ['no token', answer(200, { ...ISSUED, access_token: ['a'] }), UNAVAILABLE, true],
  ['no token', answer(200, { ...ISSUED, access_token: 'two words' }), UNAVAILABLE, true],
  ['no token', answer(200, { ...ISSUED, access_token: 'a\r\nX-Admin: 1' }), UNAVAILABLE, true],
  ['no token', answer(200, { ...ISSUED, access_token: 'gesch\u00fctzt' }), UNAVAILABLE, true],
];

describe('a rule', () => {
  test.each(rows)('%s', (name, fetched, reason, endpointFailed, asker = 'caller') => {
    const result = readAnswer(fetched, asker);
    expect(result).toMatchObject({ value: null, endpointFailed });
    expect(reasonOf(result.failure)).toBe(reason);
    const response = fetched.kind === 'answer' ? fetched : { status: 0, json: undefined };
    const seen = { ...response, isTransport: fetched.kind === 'transport', asker, detail: '', retryAfterSeconds: 1 };
    expect(answerRules.find(({ applies }) => applies(seen))?.name).toBe(name);
  });
  test('of the table has a row here', () => {
    expect(new Set(rows.map(([name]) => name))).toEqual(new Set(answerRules.map(({ name }) => name)));
  });
});

test('a token passes with all members of the response', () => {
  expect(readAnswer(answer(200), 'caller')).toEqual({
    value: { accessToken: 'issued', members: ISSUED },
    failure: null,
    endpointFailed: false,
  });
});

describe('the detail', () => {
  const detail = (fetched: Fetched) => readAnswer(fetched, 'caller').failure?.detail;
  test.each([
    ['invalid_grant', 'status 400 invalid_grant'],
    ['unsupported_token_type', 'status 400 unsupported_token_type'],
    // A text that could be a part of a token, and other types.
    ['eyJhbGciOiJSUzI1NiJ9', 'status 400'],
    ['the token eyJ is bad', 'status 400'],
    [7, 'status 400'],
  ])('of the error %j is %j', (error, expected) => {
    expect(detail(answer(400, { error, error_description: 'eyJ.of.caller' }))).toBe(expected);
  });
  test('names the URL where a working server has no such endpoint', () => {
    expect(detail(answer(404))).toBe('status 404; check the URL of the token endpoint');
  });
});

test.each([
  ['7', 7],
  ['later', 1],
  [undefined, 1],
  [['1', '2'], 1],
])('Retry-After %j is %i seconds', (value, seconds) => {
  const { failure } = readAnswer(answer(503, ISSUED, { 'retry-after': value }), 'caller');
  expect(failure?.retryAfterSeconds).toBe(seconds);
});
