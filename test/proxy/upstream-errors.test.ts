// The failures for errors of an upstream, and the responses that the gateway rejects.
import { describe, expect, test } from 'vitest';
import type { Caller } from '../../src/core/principal.js';
import { secret } from '../../src/core/secret.js';
import type { UpstreamCredentialConfig } from '../../src/core/upstream-credential.js';
import type { UpstreamHeaders } from '../../src/proxy/headers.js';
import type { CallSession } from '../../src/proxy/sessions.js';
import { failureOf, rejectResponse } from '../../src/proxy/upstream-errors.js';
import { apiKey, endpoint, keyCaller, passThroughCaller, principal } from '../support/endpoint.js';
import { reasonOf } from '../support/kinds.js';

const coded = (code: string): Error => Object.assign(new Error('http://10.0.0.6:3000 said no'), { code });
const UPSTREAM = 'http://10.0.0.5:3000/mcp';
const named = (name: string): Error => Object.assign(new Error('x'), { name });

describe('an error before the response (C-145, D-23, D-25)', () => {
  test.each([
    ['ECONNREFUSED', 'upstream.unreachable'],
    ['ENOTFOUND', 'upstream.unreachable'],
    ['EAI_AGAIN', 'upstream.unreachable'],
    ['EHOSTUNREACH', 'upstream.unreachable'],
    ['ENETUNREACH', 'upstream.unreachable'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'upstream.unreachable'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'upstream.unreachable'],
    ['CERT_HAS_EXPIRED', 'upstream.unreachable'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'upstream.unreachable'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'upstream.unreachable'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'upstream.unreachable'],
    ['ETIMEDOUT', 'upstream.timeout'],
    ['ECONNRESET', 'upstream.broken'],
    ['EPIPE', 'upstream.broken'],
    ['UND_ERR_SOCKET', 'upstream.broken'],
    ['UND_ERR_HEADERS_OVERFLOW', 'upstream.broken'],
    ['UND_ERR_BODY_TIMEOUT', 'upstream.broken'],
    ['UND_ERR_DESTROYED', 'upstream.broken'],
    ['SOMETHING_NEW', 'upstream.broken'],
  ])('%s is %s', (code, kind) => {
    const place = kind === 'upstream.unreachable' ? ' at http://10.0.0.5:3000' : '';
    expect(failureOf(coded(code), UPSTREAM)).toMatchObject({ definition: { reason: kind }, detail: `${code}${place}` });
  });

  test.each(['HTTPParserError', 'AssertionError', 'TypeError', 'AbortError'])(
    '%s without a code is a broken upstream, never a 500',
    (name) => {
      expect(failureOf(named(name), UPSTREAM)).toMatchObject({ definition: { reason: 'upstream.broken' }, detail: name });
    },
  );

  test('names the setting where the gateway itself gave up', () => {
    expect(failureOf(coded('UND_ERR_CONNECT_TIMEOUT'), UPSTREAM)).toMatchObject({
      definition: { reason: 'upstream.timeout' },
      detail: 'no connection to http://10.0.0.5:3000 within upstream.connectTimeoutMs',
    });
  });

  test('logs its code and the origin of the upstream, never its text, and no other part of the URL (D-08)', () => {
    const url = 'https://user:s3cret@mcp.internal/s3cret/mcp?key=s3cret#s3cret';
    expect(failureOf(coded('ECONNREFUSED'), url).detail).toBe('ECONNREFUSED at https://mcp.internal');
  });
});

const JSON_TYPE = { 'content-type': 'application/json' };
const { upstream } = endpoint();
const SWAPPED = keyCaller(apiKey('k'.repeat(43), { upstreamAuthorization: secret('Token a') }));
const inSession = (id: string | null): CallSession => ({ ok: true, id, rejection: () => null, forCaller: () => null });
const resultOf = (
  status: number,
  headers: UpstreamHeaders = JSON_TYPE,
  caller: Caller = principal(),
  session: CallSession | null = null,
  credentialKind: UpstreamCredentialConfig['kind'] = 'none',
): string => reasonOf(rejectResponse(status, headers, { caller, session, upstream, credentialKind, credentialHeaders: [] }));

describe('a status', () => {
  test.each([200, 202, 204, 400, 404, 405, 406, 409, 422, 429, 500, 501, 502, 503, 504, 599])(
    '%d is relayed (D-26, B-22, B-101, B-111)',
    (status) => {
      expect(resultOf(status)).toBe('ok');
    },
  );

  test.each([
    [99, 'upstream.broken'],
    [199, 'upstream.broken'],
    [600, 'upstream.broken'],
    [999, 'upstream.broken'],
    [300, 'upstream.broken'],
    [301, 'upstream.broken'],
    [302, 'upstream.broken'],
    [304, 'upstream.broken'],
    [307, 'upstream.broken'],
    [308, 'upstream.broken'],
    [399, 'upstream.broken'],
    [206, 'upstream.broken'],
    [407, 'upstream.broken'],
    [426, 'upstream.broken'],
    [401, 'upstream.gateway_rejected'],
    [403, 'upstream.gateway_rejected'],
  ])('%d is %s (C-141, C-146, A-47, D-26)', (status, kind) => expect(resultOf(status)).toBe(kind));

  test.each([
    [401, 'upstream.refused_caller'],
    [403, 'ok'],
    [302, 'upstream.broken'],
    [407, 'upstream.broken'],
    [200, 'ok'],
  ])('%d to a pass-through caller is %s (C-104)', (status, kind) => {
    expect(resultOf(status, JSON_TYPE, passThroughCaller())).toBe(kind);
  });
});

describe('where the endpoint forwards tokens, the upstream verifies them', () => {
  test.each<[number, Caller, CallSession | null, string]>([
    [401, principal(), null, 'upstream.refused_caller'],
    [403, principal(), null, 'ok'],
    [401, principal(), inSession('a'), 'session.not_found'],
    [200, principal(), null, 'ok'],
    [302, principal(), null, 'upstream.broken'],
    // Its credential is one of the operator.
    [401, keyCaller(), null, 'upstream.gateway_rejected'],
    [403, keyCaller(), null, 'upstream.gateway_rejected'],
  ])('%i', (status, caller, session, kind) => {
    expect(resultOf(status, JSON_TYPE, caller, session, 'forward')).toBe(kind);
  });
});

test.each<[number, CallSession | null, true | undefined]>([
  [401, null, true],
  [401, inSession('a'), true],
  [403, null, undefined],
  [302, null, undefined],
])('a %i says of the credential of the gateway that it may be outdated', (status, session, expected) => {
  const context = { caller: principal(), session, upstream, credentialKind: 'none' as const, credentialHeaders: [] };
  expect(rejectResponse(status, JSON_TYPE, context)?.rejectsCredential).toBe(expected);
});

test.each<[number, Caller, UpstreamCredentialConfig['kind'], string]>([
  [401, principal(), 'none', 'status 401 to a request without a credential'],
  [403, principal(), 'static', 'status 403 to the static credential'],
  [401, principal(), 'identity', 'status 401 to the identity credential'],
  [401, principal(), 'exchange', 'status 401 to the exchange credential'],
  [401, principal(), 'client-credentials', 'status 401 to the client-credentials credential'],
  [401, keyCaller(), 'static', 'status 401 to the static credential'],
  [401, keyCaller(), 'forward', 'status 401 to a request without a credential'],
  [401, SWAPPED, 'static', `status 401 to the upstreamAuthorization of the key ${SWAPPED.key?.name}`],
])('the detail of a %i names the credential (A-47)', (status, caller, credentialKind, detail) => {
  const context = { caller, session: null, upstream, credentialKind, credentialHeaders: [] };
  expect(rejectResponse(status, JSON_TYPE, context)?.detail).toBe(detail);
});

describe('a 401 to a request with a session (B-81, A-47)', () => {
  const CHALLENGE = { 'www-authenticate': 'Bearer' };
  test.each<[string, number, UpstreamHeaders, CallSession | null, string]>([
    ['without a challenge', 401, JSON_TYPE, inSession('a'), 'session.not_found'],
    ['with an empty challenge', 401, { 'www-authenticate': '' }, inSession('a'), 'session.not_found'],
    ['with a challenge', 401, CHALLENGE, inSession('a'), 'upstream.gateway_rejected'],
    ['with two challenges', 401, { 'www-authenticate': ['Basic', 'Bearer'] }, inSession('a'), 'upstream.gateway_rejected'],
    ['where the request has no session id', 401, JSON_TYPE, inSession(null), 'upstream.gateway_rejected'],
    ['where the request is modern', 401, JSON_TYPE, null, 'upstream.gateway_rejected'],
    ['that is a 403', 403, JSON_TYPE, inSession('a'), 'upstream.gateway_rejected'],
  ])('%s', (_what, status, headers, session, kind) => {
    expect(resultOf(status, headers, principal(), session)).toBe(kind);
  });

  test('is about the credential of a pass-through caller, which the upstream verifies (C-104)', () => {
    expect(resultOf(401, JSON_TYPE, passThroughCaller(), inSession('a'))).toBe('upstream.refused_caller');
  });
});

describe('a body where the status allows none', () => {
  test.each<[number, UpstreamHeaders, string]>([
    [204, {}, 'ok'],
    [204, { 'content-length': '0' }, 'ok'],
    [204, { 'content-length': '3' }, 'upstream.broken'],
    [204, { 'transfer-encoding': 'chunked' }, 'upstream.broken'],
    [205, { 'content-length': '0' }, 'ok'],
    [205, {}, 'upstream.broken'],
    [205, { 'content-length': '3' }, 'upstream.broken'],
    [205, { 'transfer-encoding': 'chunked' }, 'upstream.broken'],
    [202, { 'transfer-encoding': 'chunked' }, 'ok'],
  ])('%d with %j: %s', (status, headers, kind) => expect(resultOf(status, headers)).toBe(kind));
});

test.each<[string | string[], string]>([
  ['keep-alive', 'ok'],
  ['close, X-Internal, mcp-session-id', 'ok'],
  ['close, X-Content-Type', 'ok'],
  ['Content-Encoding', 'upstream.broken'],
  ['close,content-type', 'upstream.broken'],
  [['close', 'Content-Length'], 'upstream.broken'],
])('Connection: %s, which must not name a content field, is %s (C-130, C-132)', (connection, kind) => {
  expect(resultOf(200, { ...JSON_TYPE, connection })).toBe(kind);
});

test.each<[string | string[], string]>([
  ['chunked', 'ok'],
  ['Chunked', 'ok'],
  ['gzip', 'upstream.broken'],
  ['gzip, chunked', 'upstream.broken'],
  [['gzip', 'chunked'], 'upstream.broken'],
])('Transfer-Encoding: %s is %s (C-130)', (coding, kind) => {
  expect(resultOf(200, { ...JSON_TYPE, 'transfer-encoding': coding })).toBe(kind);
});

describe('the media type of a 200 (D-23)', () => {
  test.each<[string, UpstreamHeaders]>([
    ['JSON', JSON_TYPE],
    ['JSON with a charset', { 'content-type': 'Application/JSON; charset=utf-8' }],
    ['an event stream', { 'content-type': 'text/event-stream' }],
    ['no type', {}],
    ['HTML with an empty body', { 'content-type': 'text/html', 'content-length': '0' }],
  ])('%s is relayed (B-23)', (_what, headers) => expect(resultOf(200, headers)).toBe('ok'));

  test.each<[string, UpstreamHeaders]>([
    ['HTML', { 'content-type': 'text/html' }],
    ['a body without a type', { 'content-length': '2' }],
    ['text', { 'content-type': 'text/plain; charset=utf-8' }],
    ['a type that only begins like JSON', { 'content-type': 'application/jsonp' }],
    ['two types', { 'content-type': ['application/json', 'text/html'] }],
    ['an empty type', { 'content-type': '' }],
  ])('%s is rejected', (_what, headers) => expect(resultOf(200, headers)).toBe('upstream.broken'));

  test('does not matter in an error of the upstream (D-26)', () => {
    expect(resultOf(500, { 'content-type': 'text/html' })).toBe('ok');
  });
});
