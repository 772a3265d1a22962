// The words of the page: times, and what needs attention.
import { describe, expect, test } from 'vitest';
import type { GatewayStatus } from '../../../src/core/status.js';
import { ago, attention, duration } from '../../../src/http/routes/status-words.js';
import { endpointStatus, failedReload, gatewayStatus, issuerStatus } from '../../support/status.js';

test.each([
  [0, '0 seconds'],
  [1, '1 second'],
  [59, '59 seconds'],
  [61, '1 minute'],
  [3_600, '1 hour'],
  [3_720, '1 hour 2 minutes'],
  [90_000, '1 day 1 hour'],
  [86_400 * 1_200, '1,200 days'],
])('%i seconds are %s', (seconds, text) => expect(duration(seconds)).toBe(text));

test('a time that is ahead, because a clock moved, is now', () => {
  expect(ago('2026-11-30T12:00:00Z', '2026-11-30T12:02:00Z')).toBe('2 minutes ago');
  expect(ago('2026-11-30T12:05:00Z', '2026-11-30T12:02:00Z')).toBe('now');
});

describe('attention', () => {
  const lastError = { at: '2026-11-30T12:00:00.000Z', detail: 'keys: status 500' };
  const sunsetIn = (days: number): string => new Date(Date.parse(gatewayStatus().now) + days * 86_400_000).toISOString();
  test('is not needed where all is well, and after a recovery', () => {
    expect(attention(gatewayStatus({ issuers: [issuerStatus({ lastError })] }))).toEqual([]);
    expect(attention(gatewayStatus({ apiKeys: { count: 1, nextSunset: sunsetIn(15) } }))).toEqual([]);
  });

  const troubles: [string, Partial<GatewayStatus>, string][] = [
    ['a gateway that is not ready', { ready: false }, 'The gateway is not ready: /readyz answers 503.'],
    [
      'a failed reload',
      { config: { ...gatewayStatus().config, reloads: [failedReload] } },
      'The last reload of the configuration failed: line 3: x',
    ],
    [
      'an issuer without keys',
      { issuers: [issuerStatus({ up: false, keys: 0, lastError })] },
      'Issuer https://a.example: down, no keys (keys: status 500)',
    ],
    [
      'an issuer with older keys',
      { issuers: [issuerStatus({ up: false })] },
      'Issuer https://a.example: down, older keys in use',
    ],
    [
      'stopped introspection',
      { issuers: [issuerStatus({ introspectionUp: false })] },
      'Issuer https://a.example: introspection down',
    ],
    ['a store that is away', { stores: [{ name: 'Limits', up: false, detail: 'no answer' }] }, 'Limits: no answer'],
    ['a full upstream', { endpoints: [endpointStatus({ inUse: 64 })] }, 'Endpoint /mcp: no connection to its upstream is free.'],
    [
      'held streams at their limit',
      { endpoints: [endpointStatus({ streamsInUse: 8 })] },
      'Endpoint /mcp: no connection to its upstream is free.',
    ],
    ['a sunset', { apiKeys: { count: 1, nextSunset: sunsetIn(13) } }, 'An API key reaches its sunset in 13 days.'],
  ];
  test.each(troubles)('is for %s', (_, more, line) => expect(attention(gatewayStatus(more))).toEqual([line]));

  test('is short where much is down', () => {
    const issuers = Array.from({ length: 50 }, (_, i) => issuerStatus({ issuer: `https://i${i}.example`, up: false }));
    const lines = attention(gatewayStatus({ issuers }));
    expect([lines.length, lines.at(-1)]).toEqual([13, 'And 38 more.']);
  });
});
