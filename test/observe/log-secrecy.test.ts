// No log line has a token, a key, a header value or a body.
import { describe, expect, test } from 'vitest';
import * as failures from '../../src/core/failures.js';
import { failureTable } from '../../src/core/failures.js';
import { keyCaller, legacy, passThroughCaller } from '../support/endpoint.js';
import { lineOf } from '../support/log-line.js';
import { logging } from '../support/logging.js';
import { outcome, TOKEN } from '../support/outcome.js';

const ALLOWED = [
  'level',
  'time',
  'event',
  'requestId',
  'endpoint',
  'clientAddress',
  'http.request.method',
  'http.response.status_code',
  'reason',
  'detail',
  'durationMs',
  'mcp.method.name',
  'gen_ai.tool.name',
  'era',
  'credential',
  'issuer',
  'subject',
  'clientId',
  'keyFingerprint',
  'stack',
  'user_agent.original',
  'acceptedAudience',
];

describe('no line has a token, a key, a header value or a body (C-153, A-66)', () => {
  const cause = new Error(`cannot parse ${TOKEN}`);
  const every = failureTable.map((row) => ({
    failure: { ok: false as const, definition: row, cause, data: { secret: 1 }, scopes: ['x'], idText: '"secret-id"' },
  }));
  test('neither for a failure nor for a success', () => {
    const { log, written, lines } = logging();
    for (const changes of [{}, ...every, { caller: passThroughCaller(TOKEN) }, { caller: keyCaller() }])
      log.request(outcome(changes));
    expect(written()).toHaveLength(failureTable.length + 3);
    expect(written().filter((line) => /secret|eyJ/.test(line))).toEqual([]);
    expect([...new Set(lines().flatMap((line) => Object.keys(line)))].filter((field) => !ALLOWED.includes(field))).toEqual([]);
  });

  test('a bug is logged with its stack, but without its message', () => {
    const line = lineOf({ failure: failures.gatewayFault({ cause }), status: 500 });
    expect(line.stack).toMatch(/^Error\n {4}at .*log-secrecy\.test/);
    expect(String(line.stack)).not.toContain('cannot parse');
    expect(lineOf({ failure: failures.verifyFault({ cause: TOKEN }), status: 503 })).not.toHaveProperty('stack');
    expect(lineOf({ failure: failures.upstreamBroken({ cause }), status: 502 })).not.toHaveProperty('stack');
  });

  test('nor a pass-through credential that the upstream rejected', () => {
    const line = lineOf({
      caller: { kind: 'pass-through', credential: legacy(TOKEN) },
      failure: failures.upstreamRefusedCaller(),
      status: 401,
    });
    expect(JSON.stringify(line)).not.toContain('eyJ');
  });
});
