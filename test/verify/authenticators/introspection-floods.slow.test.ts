// Floods of unknown tokens: the slots and the cache of introspection are bounded.
import { describe, expect, test } from 'vitest';
import { answers } from '../../fixtures/raw-upstream.js';
import { until } from '../../fixtures/wait.js';
import { active } from '../../support/introspecting.js';
import {
  json,
  MINUTE,
  newToken,
  server,
  setting,
  startIntrospectionServer,
  UNAVAILABLE,
} from '../../support/introspection-server.js';

startIntrospectionServer();

describe('the cache is bounded (E-02, C-86)', () => {
  test('to ten thousand inactive tokens; a larger flood evicts inactive tokens, not active ones', async () => {
    const { reason } = setting();
    expect(await reason('known')).toBe('ok');
    server.answer(json({ active: false }));
    expect([await reason('first'), await reason('first'), server.hits]).toEqual(['token.inactive', 'token.inactive', 2]);
    for (let i = 0; i < 100; i++) {
      const results = await Promise.all(Array.from({ length: 100 }, () => reason(newToken())));
      expect(new Set(results)).toEqual(new Set(['token.inactive']));
    }
    const before = server.hits;
    expect([await reason('first'), server.hits]).toEqual(['token.inactive', before + 1]);
    expect([await reason('known'), server.hits]).toEqual(['ok', before + 1]);
  }, 60_000);

  test('to 16 MiB of active responses', async () => {
    const { reason } = setting();
    server.answer(json(active({ padding: 'x'.repeat(60_000) })));
    const tokens = Array.from({ length: 300 }, (_, i) => `large-${i}`);
    for (const token of tokens) expect(await reason(token)).toBe('ok');
    expect(server.hits).toBe(300);
    // 279 of 60 kB fit: the newest are cached, the oldest are introspected again.
    for (const token of tokens.slice(-270)) expect(await reason(token)).toBe('ok');
    expect(server.hits).toBe(300);
    expect([await reason('large-0'), server.hits]).toEqual(['ok', 301]);
  });

  test('and never holds the token, even if the endpoint repeats it (C-87)', async () => {
    const { ask } = setting();
    const token = 'a-token-that-is-repeated';
    server.answer(json(active({ token, access_token: token, roles: ['admin'] })));
    const result = await ask(token);
    expect(result).toMatchObject({ ok: true, value: { principal: { subject: 'alice', claims: { roles: ['admin'] } } } });
    expect(JSON.stringify(result)).not.toContain(token);
    expect(JSON.stringify(await ask(token))).not.toContain(token);
  });
});

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
