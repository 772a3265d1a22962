// The states of several processes as one: numbers add up, ages are the longest, trouble stays.
import { expect, test } from 'vitest';
import { mergeStatus } from '../../src/observe/merge-status.js';
import { endpointStatus, failedReload, gatewayStatus, issuerStatus, refusal } from '../support/status.js';

test('one state stays what it is, as JSON too', () => {
  const one = gatewayStatus();
  expect(mergeStatus([one])).toEqual(one);
  expect(JSON.parse(JSON.stringify(one))).toEqual(one);
});

test('numbers add up', () => {
  const merged = mergeStatus([gatewayStatus(), gatewayStatus(), gatewayStatus()]);
  expect(merged).toMatchObject({ processes: 3, requestsInFlight: 3 });
  const sums = { requests: 30, refused: 6, errors: 0, inUse: 3, limit: 192, openStreams: 9, streamsInUse: 6, streamLimit: 24 };
  expect(merged.endpoints).toEqual([endpointStatus(sums)]);
});

test('an endpoint or issuer of one process is in the result', () => {
  const other = gatewayStatus({
    endpoints: [endpointStatus({ name: '/new' })],
    issuers: [issuerStatus({ issuer: 'https://b.example' })],
  });
  const merged = mergeStatus([gatewayStatus(), other]);
  expect(merged.endpoints.map(({ name }) => name)).toEqual(['/mcp', '/new']);
  expect(merged.issuers.map(({ issuer }) => issuer)).toEqual(['https://a.example', 'https://b.example']);
});

test('ages are the longest, and the start is the first', () => {
  const young = gatewayStatus({ uptimeSeconds: 5, startedAt: '2026-11-30T12:00:25.000Z' });
  const merged = mergeStatus([young, gatewayStatus({ issuers: [issuerStatus({ keysAgeSeconds: 400 })] })]);
  expect(merged).toMatchObject({ uptimeSeconds: 3630, startedAt: '2026-11-30T11:00:00.000Z' });
  expect(merged.issuers[0]?.keysAgeSeconds).toBe(400);
  const never = issuerStatus({ keysAgeSeconds: null, up: null, introspectionUp: true });
  expect(mergeStatus([gatewayStatus({ issuers: [never] }), gatewayStatus()]).issuers).toEqual([
    issuerStatus({ introspectionUp: true }),
  ]);
});

test('what is down in one process is down', () => {
  const lastError = { at: '2026-11-30T12:00:00.000Z', detail: 'no answer' };
  const bad = gatewayStatus({
    ready: false,
    issuers: [issuerStatus({ up: false, introspectionUp: false, lastError })],
    stores: [{ name: 'Redis', up: false, detail: 'refused' }],
    config: { ...gatewayStatus().config, reloads: [failedReload] },
  });
  const good = gatewayStatus({ stores: [{ name: 'Redis', up: true, detail: null }] });
  for (const merged of [mergeStatus([good, bad]), mergeStatus([bad, good])]) {
    expect(merged.ready).toBe(false);
    expect(merged.issuers).toEqual([issuerStatus({ up: false, introspectionUp: false, lastError })]);
    expect(merged.stores).toEqual(bad.stores);
    expect(merged.config.reloads).toEqual([failedReload]);
  }
});

test('equal refusals are one, with the facts of the last', () => {
  const later = refusal({ at: '2026-11-30T12:00:20.000Z', count: 4, requestId: 'request-2' });
  const others = Array.from({ length: 149 }, (_, i) =>
    refusal({ name: `tool-${i}`, at: `2026-11-30T10:00:00.${String(i).padStart(3, '0')}Z` }),
  );
  const merged = mergeStatus([
    gatewayStatus({ refusals: [refusal(), ...others] }),
    gatewayStatus({ refusals: [later, refusal({ name: 'last', at: '2026-11-30T09:00:00.000Z' })] }),
  ]);
  expect(merged.refusals[0]).toEqual({ ...later, count: 5 });
  expect(merged.refusals[1]?.name).toBe('tool-148');
  expect(merged.refusals).toHaveLength(150);
});
