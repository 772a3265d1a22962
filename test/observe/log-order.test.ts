// Which log lines are written, in which order, and how soon.
import { describe, expect, test } from 'vitest';
import * as failures from '../../src/core/failures.js';
import type { LogLevel } from '../../src/observe/log.js';
import { until } from '../fixtures/wait.js';
import { exchange } from '../support/exchange.js';
import { type Line, logging } from '../support/logging.js';
import { outcome } from '../support/outcome.js';

describe('the level', () => {
  test.each<[LogLevel, string[]]>([
    ['debug', ['debug', 'info', 'warn', 'error']],
    ['info', ['info', 'warn', 'error']],
    ['warn', ['warn', 'error']],
    ['error', ['error']],
  ])('%s writes %j', (level, levels) => {
    const { log, lines } = logging(level);
    for (const make of [
      failures.clientDisconnected,
      failures.credentialMissing,
      failures.tokenSignature,
      failures.keysUnavailable,
    ])
      log.request(outcome({ failure: make() }));
    for (const one of ['debug', 'info', 'warn', 'error'] as const) log.notify({ event: 'x', level: one });
    expect(lines().map((line) => line.level)).toEqual([...levels, ...levels]);
  });
});

describe('lines without an exchange', () => {
  test('a notice is logged with its fields', () => {
    const { log, lines } = logging();
    log.notify({ event: 'keys.loaded', level: 'warn', issuer: 'i', keys: 2, skipped: ['no object'] });
    expect(lines()[0]).toMatchObject({ event: 'keys.loaded', level: 'warn', issuer: 'i', keys: 2, skipped: ['no object'] });
  });

  test('an unreadable request is logged with the known fields', () => {
    const { log, lines } = logging();
    log.unreadable(failures.connectionBadRequest({ detail: 'HPE_INVALID_METHOD' }), '192.0.2.9');
    const { time: _time, ...line } = lines()[0] as Line;
    expect(line).toEqual({
      level: 'info',
      event: 'http.bad_request',
      clientAddress: '192.0.2.9',
      'http.response.status_code': 400,
      reason: 'connection.bad_request',
      detail: 'HPE_INVALID_METHOD',
    });
  });
});

describe('log lines', () => {
  const numbered = (i: number) => outcome({ exchange: { ...exchange(), id: `request-${i}` } });

  test('come in the order of their events, whatever their kind', () => {
    const { log, lines } = logging();
    log.request(numbered(1));
    log.request(outcome({ failure: failures.tokenExpired() }));
    log.request(numbered(2));
    log.notify({ event: 'keys.loaded', level: 'info' });
    log.request(numbered(3));
    log.unreadable(failures.connectionBadRequest(), '192.0.2.9');
    expect(lines().map(({ event }) => event)).toEqual([
      'forwarded',
      'verify.expired',
      'forwarded',
      'keys.loaded',
      'forwarded',
      'http.bad_request',
    ]);
  });

  test('of successful exchanges are joined, and no line is lost', () => {
    const { log, blocks, lines } = logging();
    for (let i = 0; i < 300; i++) log.request(numbered(i));
    expect(blocks.length).toBeGreaterThan(1);
    expect(lines().map(({ requestId }) => requestId)).toEqual(Array.from({ length: 300 }, (_, i) => `request-${i}`));
  });

  test('wait for at most a moment', async () => {
    const { log, blocks } = logging();
    log.request(numbered(1));
    await until('the line is written', () => blocks.length > 0, 1000);
    log.request(outcome({ failure: failures.gatewayFault() }));
    expect(blocks).toHaveLength(2);
  });
});
