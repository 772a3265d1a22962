// Floods of unknown tokens at an introspection endpoint: the slots, and the bounds of the cache.
import { describe, expect, test } from 'vitest';
import { answers } from '../../fixtures/raw-upstream.js';
import { until } from '../../fixtures/wait.js';
import { active, introspecting } from '../../support/introspecting.js';
import {
  issuer,
  json,
  MINUTE,
  newToken,
  server,
  setting,
  startIntrospectionServer,
  UNAVAILABLE,
} from '../../support/introspection-server.js';

startIntrospectionServer();

describe('slots (C-91)', () => {
  /** Delays every response until `release`, and counts the requests in flight. */
  function delayed(answer: (token: string) => unknown = () => active()) {
    let release = (): void => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const inFlight = { now: 0, most: 0 };
    server.answer(async (exchange) => {
      inFlight.now += 1;
      inFlight.most = Math.max(inFlight.most, inFlight.now);
      const form = new URLSearchParams(String(await answers.bodyOf(exchange)));
      await gate;
      inFlight.now -= 1;
      await json(answer(form.get('token') ?? ''))(exchange);
    });
    return { inFlight, release };
  }
  const many = (n: number, send: () => Promise<string>): Promise<string>[] => Array.from({ length: n }, send);
  const countOf = (results: string[], result: string): number => results.filter((each) => each === result).length;

  test('for unknown tokens: 32, and 256 wait; the next gets 503 with Retry-After', async () => {
    const { reason, ask } = setting();
    const { inFlight, release } = delayed();
    const sent = many(32 + 256, () => reason(newToken()));
    await until('32 requests are in flight', () => inFlight.now === 32);
    expect(await ask(newToken())).toMatchObject({ definition: { reason: UNAVAILABLE }, retryAfterSeconds: 1 });
    release();
    expect([countOf(await Promise.all(sent), 'ok'), inFlight.most]).toEqual([288, 32]);
  });

  test.each([
    [2, 1],
    [7, 3],
    [100, 50],
  ])('maxConcurrentRequests %i: unknown tokens take %i', async (maxConcurrentRequests, most) => {
    const { reason } = introspecting(issuer, { url: server.url, maxConcurrentRequests, timeoutMs: 15_000 });
    const { inFlight, release } = delayed();
    const sent = many(most + 3, () => reason(newToken()));
    await until('the requests are in flight', () => inFlight.most >= most);
    release();
    expect([countOf(await Promise.all(sent), 'ok'), inFlight.most]).toEqual([most + 3, most]);
  });

  test('are reserved for tokens that were active in the last ten minutes', async () => {
    const { reason, clock } = setting();
    const known = Array.from({ length: 32 }, (_, i) => `known-${i}`);
    for (const token of known) expect(await reason(token)).toBe('ok');
    clock.advance(10 * MINUTE - 1);
    const { inFlight, release } = delayed();
    const unknown = many(100, () => reason(newToken()));
    await until('32 unknown tokens are in flight', () => inFlight.now === 32);
    const again = known.map((token) => reason(token));
    await until('all 64 requests are in flight', () => inFlight.now === 64);
    release();
    expect(countOf(await Promise.all(again), 'ok')).toBe(32);
    expect([countOf(await Promise.all(unknown), 'ok'), inFlight.most]).toEqual([100, 64]);
  });

  test.each([
    ['that was active longer ago', 10 * MINUTE, false],
    ['that became inactive', MINUTE, true],
  ])('are not reserved for a token %s', async (_what, laterMs, revoked) => {
    const { reason, clock } = setting();
    expect([await reason('once'), await reason('still')]).toEqual(['ok', 'ok']);
    clock.advance(laterMs - 30_000);
    expect(await reason('still')).toBe('ok');
    if (revoked) {
      server.next(json({ active: false }));
      expect(await reason('once')).toBe('token.inactive');
    }
    clock.advance(30_000);
    const { inFlight, release } = delayed();
    const unknown = many(32, () => reason(newToken()));
    await until('32 unknown tokens are in flight', () => inFlight.now === 32);
    const late = [reason('once'), reason('still')];
    await until('the token that is still known is in flight', () => inFlight.now === 33);
    release();
    expect([countOf(await Promise.all([...unknown, ...late]), 'ok'), inFlight.most]).toEqual([34, 33]);
  });
});

test('two clients of one issuer share nothing (C-87, S9)', async () => {
  const one = setting();
  const other = setting();
  expect([await one.reason('t'), await one.reason('t'), server.hits]).toEqual(['ok', 'ok', 1]);
  server.answer(json({ active: false }));
  expect([await other.reason('t'), server.hits]).toEqual(['token.inactive', 2]);
});

test('the dates of a cache hit are checked again (C-84)', async () => {
  const { reason, clock } = setting();
  server.answer(json(active({ nbf: Math.floor(clock.wallMs() / 1000) })));
  expect(await reason('t')).toBe('ok');
  clock.setWall(clock.wallMs() - 10 * MINUTE);
  expect([await reason('t'), server.hits]).toEqual(['token.not_yet_valid', 1]);
});

test('bound-to-client is logged at the start, and marks the access token', async () => {
  expect(setting().notices).toEqual([]);
  const bound = introspecting(issuer, { url: server.url, audience: 'bound-to-client' });
  expect(bound.notices).toMatchObject([{ event: 'introspection.audience_not_required', level: 'warn', issuer: issuer.issuer }]);
  expect(await bound.ask('t')).toMatchObject({ ok: true, value: { boundToClient: true } });
  expect(await setting().ask('t')).toMatchObject({ ok: true, value: { boundToClient: false } });
});
