// The log line of an exchange: one line, only allowed fields, and never a token.
import { describe, expect, test } from 'vitest';
import * as failures from '../../src/core/failures.js';
import { failureTable } from '../../src/core/failures.js';
import { passThroughCaller, principal } from '../support/endpoint.js';
import { exchange } from '../support/exchange.js';
import { lineOf } from '../support/log-line.js';
import { type Line, logging } from '../support/logging.js';
import { outcome } from '../support/outcome.js';

describe('the line of an exchange', () => {
  test('that succeeded has the caller, the call, the endpoint and the duration (A-66)', () => {
    const { time, ...line } = lineOf();
    expect(line).toEqual({
      level: 'info',
      event: 'forwarded',
      requestId: 'request-1',
      endpoint: '/mcp',
      clientAddress: '192.0.2.7',
      'http.request.method': 'POST',
      'http.response.status_code': 200,
      reason: 'ok',
      durationMs: 1.235,
      'mcp.method.name': 'tools/call',
      'gen_ai.tool.name': 'echo',
      era: 'modern',
      credential: 'jwt',
      issuer: 'https://auth.example.com',
      subject: 'alice',
      clientId: 'cli',
    });
    expect(time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    expect(Math.abs(Date.parse(time as string) - Date.now())).toBeLessThan(5000);
  });

  test('that was rejected early has only the known fields', () => {
    const { time: _time, ...line } = lineOf({
      endpoint: null,
      caller: null,
      message: null,
      failure: failures.routeUnknown(),
      status: 404,
    });
    expect(line).toEqual({
      level: 'info',
      event: 'http.route',
      requestId: 'request-1',
      clientAddress: '192.0.2.7',
      'http.request.method': 'POST',
      'http.response.status_code': 404,
      reason: 'route.unknown',
      durationMs: 1.235,
    });
  });

  test.each(failureTable.map((row) => [row.reason, row] as const))(
    '%s has the event, reason and level of its row',
    (kind, row) => {
      const status = row.status ?? 499;
      expect(lineOf({ failure: { ok: false, definition: row, detail: 'why' }, status })).toMatchObject({
        event: row.event,
        reason: kind,
        level: row.level,
        'http.response.status_code': status,
        detail: 'why',
      });
    },
  );

  test('of a pass-through caller names no key (C-107, C-153)', () => {
    const line = lineOf({ caller: passThroughCaller('l-secret-key') });
    expect(line).toMatchObject({ credential: 'pass-through' });
    expect(JSON.stringify(line)).not.toContain('secret');
  });

  test('cuts names that callers choose', () => {
    const long = 'n'.repeat(300);
    const caller = principal({ subject: long, client: long });
    const about = (method: string, name: string | null) => {
      const message = { era: 'legacy' as const, calls: [{ method, name, idText: '1' }], body: null };
      return lineOf({ message, caller });
    };
    const call = about('tools/call', long);
    for (const field of ['gen_ai.tool.name', 'subject', 'clientId']) expect(call[field]).toHaveLength(200);
    expect(about(long, null)['mcp.method.name']).toHaveLength(200);
  });

  test.each([
    ['passed', null, 200],
    ['rejected', failures.toolDenied(), 403],
  ] as const)('of a batch that was %s names every call, not only the first (A-66)', (_what, failure, status) => {
    const long = 'n'.repeat(300);
    const calls = [
      { method: 'ping', name: null, idText: '1' },
      { method: 'tools/call', name: long, idText: '2' },
      { method: 'resources/read', name: 'file:///a', idText: '3' },
      { method: null, name: null, idText: '4' },
    ];
    const line = lineOf({ message: { era: 'legacy', calls, body: null }, failure, status });
    expect(line).toMatchObject({
      'mcp.method.name': ['ping', 'tools/call', 'resources/read', null],
      'gen_ai.tool.name': [null, long.slice(0, 200), null, null],
      'mcp.resource.uri': [null, null, 'file:///a', null],
    });
    expect(line).not.toHaveProperty('gen_ai.prompt.name');
  });

  test.each([
    'a\nb\r\u2028{"level":"error"}',
    '"\\\u0000\u001f\x7f',
    '@@',
    '"@@"',
    '$&$1',
    '\ud800',
    '\u00e9\u{1f600}',
    '',
    `n${'\u{1f600}'.repeat(100)}`,
  ])('is one complete line with %j for every name', (name) => {
    const { log, written } = logging();
    const message = { era: 'legacy' as const, calls: [{ method: 'tools/call', name, idText: '1' }], body: null };
    for (const failure of [null, failures.tokenExpired()])
      log.request(outcome({ message, failure, caller: principal({ subject: name, client: name }) }));
    expect(written()).toHaveLength(2);
    for (const line of written()) {
      expect(line).toMatch(/^\{[^\n\r]*\}\n$/);
      const { 'gen_ai.tool.name': tool, subject, clientId, level } = JSON.parse(line) as Line;
      const short = name.slice(0, 200);
      expect([tool, subject, clientId, level]).toEqual([short, short, short, 'info']);
    }
  });

  test('that succeeded without a caller or a message (a preflight) leaves these out', () => {
    const { time: _time, ...line } = lineOf({ caller: null, message: null, status: 204 });
    expect(line).toEqual({
      level: 'info',
      event: 'forwarded',
      requestId: 'request-1',
      endpoint: '/mcp',
      clientAddress: '192.0.2.7',
      'http.request.method': 'POST',
      'http.response.status_code': 204,
      reason: 'ok',
      durationMs: 1.235,
    });
  });

  test.each([
    ['tools/call', 'echo', { 'gen_ai.tool.name': 'echo' }],
    ['prompts/get', 'greet', { 'gen_ai.prompt.name': 'greet' }],
    ['resources/read', 'file:///a', { 'mcp.resource.uri': 'file:///a' }],
    ['resources/subscribe', 'file:///a', { 'mcp.resource.uri': 'file:///a' }],
    ['tasks/get', 't-1', { taskId: 't-1' }],
    ['tools/list', null, {}],
  ])('of %s names its subject in the field of that kind', (method, name, named) => {
    const { log, lines } = logging();
    const message = { era: 'modern' as const, calls: [{ method, name, idText: '1' }], body: null };
    const caller = principal();
    // Requests of one caller that differ in their kind never share a template.
    for (const failure of [null, null, failures.toolDenied()]) {
      log.request(outcome({ caller }));
      log.request(outcome({ message, caller, failure }));
    }
    const fields = ['gen_ai.tool.name', 'gen_ai.prompt.name', 'mcp.resource.uri', 'taskId'];
    for (const line of lines().filter((one) => one['mcp.method.name'] === method && method !== 'tools/call'))
      expect(Object.fromEntries(Object.entries(line).filter(([field]) => fields.includes(field)))).toEqual(named);
    expect(lines().at(-1)).toMatchObject({ 'mcp.method.name': method, ...named });
  });

  test('of a second exchange of the same kind has its own values', () => {
    const { log, lines } = logging();
    log.request(outcome());
    log.request(
      outcome({
        exchange: { ...exchange(), id: 'request-2', clientAddress: '192.0.2.8' },
        caller: principal({ subject: 'bob' }),
        durationMs: 9,
      }),
    );
    expect(lines()[1]).toMatchObject({
      requestId: 'request-2',
      clientAddress: '192.0.2.8',
      subject: 'bob',
      durationMs: 9,
      issuer: 'https://auth.example.com',
    });
  });

  test('is right for any number of kinds', () => {
    const { log, lines } = logging();
    for (let i = 0; i < 1_500; i++) log.request(outcome({ exchange: exchange({ method: `M${i}` }), status: 405 }));
    log.request(outcome({ exchange: exchange({ method: 'M3' }), status: 405 }));
    expect(lines().map((line) => line['http.request.method'])).toEqual([
      ...Array.from({ length: 1_500 }, (_, i) => `M${i}`),
      'M3',
    ]);
  });
});
