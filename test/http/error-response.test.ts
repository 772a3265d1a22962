// The error response of each failure: status, headers and body follow from its row.
import { describe, expect, test } from 'vitest';
import type { Failure } from '../../src/core/failure.js';
import * as failures from '../../src/core/failures.js';
import { failureTable } from '../../src/core/failures.js';
import type { Call, Message } from '../../src/core/message.js';
import { sendError } from '../../src/http/error-response.js';
import { endpoint } from '../support/endpoint.js';
import { exchange, pairs } from '../support/exchange.js';

const at = endpoint();
const call = (idText: string | undefined): Call => ({ method: 'tools/call', name: 'echo', idText });
const read = (...calls: Call[]): Message => ({ era: 'legacy', calls, body: null });

function answer(failure: Failure, message: Message | null = null, where: typeof at | null = at) {
  const asked = exchange();
  sendError(asked, where, failure, message);
  const [began] = asked.began;
  return { status: began?.status, headers: pairs(began?.headers ?? []), body: asked.sent === null ? null : asked.sent };
}

describe('the whole response', () => {
  test('with 401: a challenge, and a body with its error code (C-11, D-11, A-20)', () => {
    const { status, headers, body } = answer(failures.tokenExpired());
    expect(status).toBe(401);
    expect(headers).toEqual({
      'cache-control': 'no-store',
      'www-authenticate':
        'Bearer error="invalid_token", error_description="The access token expired", scope="files:read", resource_metadata="https://mcp.example.com/.well-known/oauth-protected-resource/mcp"',
      'content-type': 'application/json',
      'content-length': String(body?.length),
    });
    expect(body).toBe(
      '{"jsonrpc":"2.0","error":{"code":-31401,"message":"The access token expired","data":{"requestId":"request-1","error":"invalid_token"}}}',
    );
  });

  test('with 503: Retry-After, and no challenge (C-66, D-24)', () => {
    expect(answer(failures.keysUnavailable({ retryAfterSeconds: 7 }))).toMatchObject({
      status: 503,
      headers: { 'retry-after': '7', 'cache-control': 'no-store' },
    });
    expect(answer(failures.keysUnavailable()).headers).not.toHaveProperty('www-authenticate');
  });

  test('with 405: Allow (C-146, D-14)', () => {
    expect(answer(failures.methodRefused({ allow: 'POST' }))).toMatchObject({ status: 405, headers: { allow: 'POST' } });
  });

  test('for an unsupported version: the supported ones, and the requested one (B-32, D-04)', () => {
    const failure = failures.envelopeVersion({ data: { supported: ['2026-07-28'], requested: 'x' }, idText: '"a"' });
    const { status, body } = answer(failure);
    expect([status, body]).toEqual([
      400,
      '{"jsonrpc":"2.0","id":"a","error":{"code":-32022,"message":"Unsupported protocol version","data":{"requestId":"request-1","supported":["2026-07-28"],"requested":"x"}}}',
    ]);
  });

  test('for an unreadable request: no body (D-18)', () => {
    expect(answer(failures.connectionTooSlow(), null, null)).toEqual({
      status: 408,
      headers: { 'cache-control': 'no-store', 'content-length': '0' },
      body: '',
    });
  });
});

describe('every response', () => {
  const rows = failureTable.filter((row) => row.status !== null);
  test.each(rows.map((row) => [row.reason, row] as const))('%s follows its row (C-150, D-03, D-06, D-08)', (_kind, row) => {
    const { status, headers, body } = answer({
      ok: false,
      definition: row,
      detail: 'secret detail',
      cause: new Error('secret cause'),
    });
    expect(status).toBe(row.status);
    expect(headers['cache-control']).toBe('no-store');
    expect('www-authenticate' in headers).toBe(row.challenge !== null);
    expect('retry-after' in headers).toBe(row.status === 503 || row.status === 429);
    expect(Number(headers['content-length'])).toBe(Buffer.byteLength(body ?? ''));
    expect(JSON.stringify([headers, body])).not.toContain('secret');
    if (row.code === null) return;
    const oauth = row.challenge === null || row.challenge === 'bare' ? {} : { error: row.challenge };
    expect(JSON.parse(body as string)).toEqual({
      jsonrpc: '2.0',
      // A lost session is not the failure of one call.
      ...(row.reason === 'session.not_found' ? { id: null } : {}),
      error: { code: row.code, message: row.message, data: { requestId: 'request-1', ...oauth } },
    });
  });

  test('for five invalid tokens is the same, byte for byte (C-09)', () => {
    const all = [
      failures.tokenMalformed,
      failures.tokenSignature,
      failures.tokenIssuer,
      failures.tokenKeyUnknown,
      failures.tokenInactive,
    ];
    expect(new Set(all.map((make) => JSON.stringify(answer(make({ detail: make.definition.reason }))))).size).toBe(1);
  });
});

describe('denialResponse: jsonrpc (A-34, B-24)', () => {
  const denying = endpoint({ denialResponse: 'jsonrpc' });
  const statusOf = (definition: Failure['definition'], where: typeof at, one: Call) =>
    answer({ ok: false, definition }, read(one), where).status;

  test('changes the status of each denial that no scope would fix, and of no other failure', () => {
    const changed = failureTable.filter(
      (row) => row.status !== null && statusOf(row, denying, call('1')) !== statusOf(row, at, call('1')),
    );
    const denials = ['tool.denied', 'prompt.denied', 'resource.denied', 'method.denied'];
    expect(changed.map(({ reason }) => reason).sort()).toEqual(denials.sort());
    expect(changed.map((row) => statusOf(row, denying, call('1')))).toEqual(denials.map(() => 200));
  });

  test('does not change the status of a notification', () => {
    expect(statusOf(failures.toolDenied.definition, denying, call('1'))).toBe(200);
    expect(statusOf(failures.toolDenied.definition, denying, call(undefined))).toBe(403);
  });
});

describe('the id', () => {
  test.each(['0', '"a"', '9007199254740993', '"\\u0061"'])('%s comes back as the client sent it (D-01)', (idText) => {
    expect(answer(failures.scopeInsufficient(), read(call(idText))).body).toContain(`{"jsonrpc":"2.0","id":${idText},"error"`);
    expect(answer(failures.envelopeInvalid({ idText })).body).toContain(`{"jsonrpc":"2.0","id":${idText},"error"`);
  });

  test.each<[string, Message | null]>([
    ['the message was not read', null],
    ['the message is a notification (B-24)', read(call(undefined))],
    ['a batch has several ids (B-21)', read(call('1'), call('2'))],
    ['there is no message', read()],
  ])('is left out where %s (D-02)', (_what, message) => {
    const { body } = answer(failures.scopeInsufficient(), message);
    expect(body).not.toContain('"id"');
    expect(JSON.parse(body as string)).toHaveProperty('error');
  });
});

describe('no response is sent', () => {
  test('to a client that has disconnected (D-21)', () => {
    const asked = exchange();
    asked.disconnected = true;
    sendError(asked, at, failures.tokenExpired(), null);
    expect([asked.began, asked.destroyed]).toEqual([[], false]);
  });

  test('into an answer that has begun: the gateway cuts it', () => {
    const asked = exchange();
    asked.begin(200, []);
    sendError(asked, at, failures.gatewayFault(), null);
    expect([asked.began.length, asked.destroyed, asked.sent]).toEqual([1, true, null]);
  });

  test('for a failure without a status', () => {
    const asked = exchange();
    sendError(asked, at, failures.streamBroken(), null);
    expect([asked.began, asked.sent]).toEqual([[], null]);
  });
});
