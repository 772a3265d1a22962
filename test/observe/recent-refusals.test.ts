// The last refusals: bounded, joined where they are equal, and without secrets.
import { describe, expect, test } from 'vitest';
import type { Failure } from '../../src/core/failure.js';
import { clientDisconnected, connectionBadRequest, tokenExpired, toolDenied, upstreamBroken } from '../../src/core/failures.js';
import type { Message } from '../../src/core/message.js';
import { createRecentRefusals, type RecentRefusals } from '../../src/observe/recent-refusals.js';
import { testClock } from '../support/clock.js';
import { principal } from '../support/endpoint.js';
import { outcome, TOKEN } from '../support/outcome.js';

const called = (name: string): Message => ({
  era: 'modern',
  calls: [{ method: 'tools/call', name, idText: '1' }],
  body: null,
});

function refuse(refusals: RecentRefusals, failure: Failure, name = 'read_file'): void {
  refusals.request({ ...outcome({ failure }), status: failure.definition.status ?? 200, message: called(name) }, failure);
}

test('the newest is the first, also within one millisecond, and the oldest makes room', () => {
  const refusals = createRecentRefusals(testClock());
  const names = () => refusals.list().map(({ name, reason }) => name ?? reason);
  refuse(refusals, toolDenied(), 'a');
  refuse(refusals, upstreamBroken(), 'b');
  refuse(refusals, toolDenied(), 'c');
  expect(names()).toEqual(['c', 'b', 'a']);
  refuse(refusals, toolDenied(), 'a');
  expect(names()).toEqual(['a', 'c', 'b']);
  for (let i = 0; i < 99; i++) refuse(refusals, toolDenied(), `n${i}`);
  expect(names()).toHaveLength(101);
  expect([names().includes('a'), names().includes('b'), names().includes('c')]).toEqual([true, true, false]);
});

describe('an entry', () => {
  test('has the facts of the request, and no more', () => {
    const refusals = createRecentRefusals(testClock());
    refuse(refusals, toolDenied({ detail: 'no rule' }));
    const [entry, ...others] = refusals.list();
    expect(others).toEqual([]);
    expect(Object.keys(entry ?? {}).sort()).toEqual(
      [
        'at',
        'blame',
        'clientAddress',
        'clientId',
        'count',
        'detail',
        'endpoint',
        'keyFingerprint',
        'method',
        'name',
        'reason',
        'requestId',
        'status',
        'subject',
      ].sort(),
    );
    expect(entry).toMatchObject({ reason: 'tool.denied', blame: 'caller', status: 403, endpoint: '/mcp', count: 1 });
    expect(entry).toMatchObject({ method: 'tools/call', name: 'read_file', detail: 'no rule' });
  });

  test('names the caller as the log does, with a token in it masked', () => {
    const refusals = createRecentRefusals(testClock());
    const failure = toolDenied();
    const by = (caller: Parameters<typeof outcome>[0]) =>
      refusals.request(outcome({ failure, message: null, ...caller }), failure);
    by({ caller: principal({ subject: TOKEN, client: 'cli' }) });
    expect(refusals.list()[0]).toMatchObject({ subject: '[token]', clientId: 'cli', keyFingerprint: null });
    by({ caller: null });
    expect(refusals.list()[0]).toMatchObject({ subject: null, clientId: null, keyFingerprint: null });
  });

  test('counts equal refusals, and keeps the time and the request of the last', () => {
    const clock = testClock();
    const refusals = createRecentRefusals(clock);
    refuse(refusals, tokenExpired({ detail: 'first' }));
    refuse(refusals, toolDenied());
    clock.advance(60_000);
    refuse(refusals, tokenExpired({ detail: 'second' }));
    const [newest, other] = refusals.list();
    expect([newest?.reason, newest?.count, newest?.detail]).toEqual(['token.expired', 2, 'second']);
    expect([other?.reason, other?.count]).toEqual(['tool.denied', 1]);
    expect(Date.parse(newest?.at ?? '') - Date.parse(other?.at ?? '')).toBe(60_000);
  });

  test.each([
    ['a name', 'x eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl y', undefined],
    ['a detail', 'read_file', 'iss is eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl'],
  ])('masks a token in %s', (_, name, detail) => {
    const refusals = createRecentRefusals(testClock());
    refuse(refusals, toolDenied(detail === undefined ? {} : { detail }), name);
    expect(JSON.stringify(refusals.list())).toContain('[token]');
    expect(JSON.stringify(refusals.list())).not.toContain('eyJ');
  });

  test('cuts long texts', () => {
    const refusals = createRecentRefusals(testClock());
    refuse(refusals, toolDenied({ detail: 'd '.repeat(10_000) }), 'n'.repeat(10_000));
    expect(JSON.stringify(refusals.list()).length).toBeLessThan(1000);
  });

  test('is also for a request that the gateway could not read', () => {
    const refusals = createRecentRefusals(testClock());
    refusals.unreadable(connectionBadRequest({ detail: 'no method' }), '10.0.0.9');
    expect(refusals.list()).toMatchObject([{ reason: 'connection.bad_request', clientAddress: '10.0.0.9', endpoint: null }]);
  });

  test('is not for a client that is gone', () => {
    const refusals = createRecentRefusals(testClock());
    refuse(refusals, clientDisconnected());
    expect(refusals.list()).toEqual([]);
  });
});

test('a flood of different refusals of callers keeps 100, and the trouble of an upstream stays', () => {
  const refusals = createRecentRefusals(testClock());
  refuse(refusals, upstreamBroken());
  for (let i = 0; i < 10_000; i++) refuse(refusals, toolDenied(), `tool-${i}`);
  const list = refusals.list();
  expect(list.map(({ reason }) => reason)).toContain('upstream.broken');
  const names = list.flatMap(({ reason, name }) => (reason === 'tool.denied' ? [name] : []));
  expect(names.sort()).toEqual(Array.from({ length: 100 }, (_, i) => `tool-${9_900 + i}`).sort());
});

test('long texts of callers do not stay in memory', () => {
  const refusals = createRecentRefusals(testClock());
  const used = (): number => process.memoryUsage().heapUsed + process.memoryUsage().external;
  const before = used();
  for (let i = 0; i < 100; i++)
    refuse(refusals, toolDenied(), `${i}-${Buffer.alloc(2_000_000, 97 + (i % 26)).toString('latin1')}`);
  expect(refusals.list()).toHaveLength(100);
  // 200 MB of names. The garbage of the last ones may not be collected yet.
  expect(used() - before).toBeLessThan(100_000_000);
});
