// The corridor: the order of the steps. The first failure is the answer, and no later step runs.
import { describe, expect, test } from 'vitest';
import type { Failure } from '../src/core/failure.js';
import * as failures from '../src/core/failures.js';
import { ok } from '../src/core/result.js';
import type { Stages } from '../src/core/stages.js';
import { until } from './fixtures/wait.js';
import { at, caller, corridor, ending, message, ORDER, run, type Steps, through } from './support/corridor.js';
import { principal } from './support/endpoint.js';
import { exchange } from './support/exchange.js';

test('a valid request runs through every step, in this order', async () => {
  const { steps, recorded } = await run();
  expect(steps).toBe(ORDER.join(' '));
  expect(recorded).toMatchObject([{ endpoint: at, caller, message, failure: null, status: 200, durationMs: 7 }]);
});

describe('the first failure is the answer', () => {
  const rejections: [keyof Steps, Failure, Partial<Steps>][] = [
    ['validate', failures.connectionBadRequest(), { validate: () => failures.connectionBadRequest() }],
    ['draining', failures.gatewayDraining(), { draining: () => failures.gatewayDraining() }],
    ['origin', failures.originRefused(), { origin: () => failures.originRefused() }],
    ['readCredential', failures.credentialMissing(), { readCredential: () => failures.credentialMissing() }],
    ['authenticate', failures.tokenExpired(), { authenticate: () => failures.tokenExpired() }],
    ['authenticate', failures.keysUnavailable(), { authenticate: async () => failures.keysUnavailable() }],
    ['method', failures.methodRefused(), { method: () => failures.methodRefused() }],
    ['readable', failures.bodyMediaType(), { readable: () => failures.bodyMediaType() }],
    ['read', failures.envelopeInvalid(), { read: () => failures.envelopeInvalid() }],
    ['authorize', failures.scopeInsufficient(), { authorize: () => failures.scopeInsufficient() }],
    ['headers', failures.upstreamUnreachable(), { headers: () => failures.upstreamUnreachable() }],
    ['headers', failures.upstreamUnreachable(), { headers: async () => failures.upstreamUnreachable() }],
    ['forward', failures.upstreamBusy(), { forward: ending(failures.upstreamBusy()) }],
  ];
  test.each(rejections)('at %s (B-13, A-23, C-142): %#', async (step, failure, changes) => {
    const { steps, rejected, kind } = await run(changes);
    expect(steps).toBe(through(step));
    expect(rejected).toHaveLength(1);
    expect([rejected[0]?.[2], kind]).toEqual([failure, failure.definition.reason]);
  });

  test.each(rejections.slice(1, 8))(
    'at %s has the id of the call, and no message (D-01): %#',
    async (_step, failure, changes) => {
      const { rejected, recorded } = await run({ ...changes, callId: (_asked, listener) => listener('"a"') });
      expect(rejected[0]?.slice(2)).toEqual([{ ...failure, idText: '"a"' }, null]);
      expect(recorded[0]?.message).toBeNull();
    },
  );

  test('no route: a page takes over, or the answer is 404', async () => {
    const none = await run({ route: () => null });
    expect([none.steps, none.kind, none.rejected[0]?.[1]]).toEqual([
      'validate route page noRoute sendError record',
      'route.unknown',
      null,
    ]);
    const page = await run({ route: () => null, page: async () => null });
    expect([page.steps, page.recorded[0]?.page]).toEqual(['validate route page record', true]);
    const failed = await run({ route: () => null, page: async () => failures.connectionBadRequest() });
    expect([failed.steps, failed.kind]).toEqual(['validate route page sendError record', 'connection.bad_request']);
  });

  test('a preflight is answered before a credential is read (B-15)', async () => {
    const { steps, kind } = await run({ preflight: () => true });
    expect([steps, kind]).toEqual(['validate route draining origin preflight record', 'ok']);
  });

  test('a failure after the answer began is recorded, and no second answer is sent', async () => {
    const { steps, kind } = await run({ forward: ending(failures.streamBroken()) });
    expect([steps, kind]).toEqual([ORDER.join(' '), 'stream.broken']);
  });
});

test('the upstream credential reaches the forward step, at once or later', async () => {
  for (const headers of [() => ok(['x-a', '1']), async () => ok(['x-a', '1'])]) {
    const given: unknown[] = [];
    const { steps } = await run({
      headers,
      forward(asked, by, sent, pairs, listener) {
        given.push(by, sent, pairs);
        asked.begin(200, []);
        listener.onResponseEnd(null);
      },
    });
    expect([steps, given]).toEqual([ORDER.join(' '), [caller, message, ['x-a', '1']]]);
  }
});

test('the route gets the host and the path', async () => {
  const asked: unknown[] = [];
  const route: Stages['route'] = (...args) => {
    asked.push(args);
    return null;
  };
  await run({ route }, exchange({ target: '/x?y=1' }));
  expect(asked).toEqual([['mcp.example.com', '/x']]);
});

describe('the body', () => {
  test.each([
    ['POST', 1],
    ['GET', 0],
    ['DELETE', 0],
  ])('of %s is read %d times, after every check that does not need it (C-142)', async (method, reads) => {
    const asked = exchange({ method });
    expect((await run({}, asked)).kind).toBe('ok');
    expect(asked.bodyReads).toBe(reads);
    const rejected = exchange({ method });
    await run({ readable: () => failures.bodyMediaType() }, rejected);
    expect(rejected.bodyReads).toBe(0);
  });

  test('at the limit passes, one byte more gets 413, and no step reads it (D-16)', async () => {
    const sized = (bytes: number) => exchange({ body: 'x'.repeat(bytes) });
    expect((await run({}, sized(at.maxBodyBytes))).kind).toBe('ok');
    const { kind, steps } = await run({}, sized(at.maxBodyBytes + 1));
    expect([kind, steps]).toEqual(['body.too_large', through('readable')]);
  });
});

describe('the record', () => {
  test('has the values that were known at the end', async () => {
    const early = await run({ readCredential: () => failures.credentialMissing() });
    expect(early.recorded[0]).toMatchObject({ endpoint: at, caller: null, message: null, status: 401 });
    const late = await run({ authorize: () => failures.scopeInsufficient() });
    expect(late.recorded[0]).toMatchObject({ endpoint: at, caller, message, status: 403 });
    expect(late.rejected[0]?.slice(1)).toEqual([at, late.recorded[0]?.failure, message]);
  });

  test('has 499 for a client that disconnected before an answer (D-21)', async () => {
    const { recorded, steps } = await run({ read: () => failures.clientDisconnected() });
    expect(recorded[0]).toMatchObject({ status: 499, failure: { definition: { reason: 'client.disconnected' } } });
    expect(steps).not.toContain('sendError');
  });
});

test('exchanges at the same time do not mix (A-23)', async () => {
  const made = corridor({
    authenticate: async (presented) => ok(principal({ subject: presented.kind === 'bearer' ? presented.token : '' })),
    readCredential: (asked) => ok({ kind: 'bearer', token: asked.target }),
  });
  for (const target of ['/a', '/b', '/c']) made.gateway(exchange({ target }));
  await until('all three are recorded', () => made.recorded.length === 3);
  const seen = made.recorded.map(({ exchange: { target }, caller: who }) => [
    target,
    who !== null && who.kind !== 'pass-through' && who.subject,
  ]);
  expect(seen.sort()).toEqual([
    ['/a', '/a'],
    ['/b', '/b'],
    ['/c', '/c'],
  ]);
});
